/**
 * The float network as a calibrated conversion means it: calibrated biases put where they act.
 *
 * Knows: a layer's calibrated bias. May not know: how it was found.
 */
import { float32Tensor } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import { type GraphNode, isOp, type NodeOf } from "../../graph/node-types.js";
import type { Snn, SnnLayer } from "../../graph/snn.js";

/** The network whose layers the spiking layers are compared with: z + λ·bias/κ before each ReLU. */
export function calibratedNetwork({ network, layers }: Snn): Graph {
  const shifted = new Map<string, SnnLayer>();
  for (const layer of layers) {
    const relu = reluOf(network, layer.activation);
    if (relu !== null && shiftOf(layer) !== null) shifted.set(relu.id, layer);
  }
  if (shifted.size === 0) return network;
  return network.rewrite((node) => {
    const layer = shifted.get(node.id);
    const shift = layer === undefined ? null : shiftOf(layer);
    if (layer === undefined || shift === null) return node;
    const id = `${node.id}.calibrated`;
    const before: GraphNode = {
      id,
      op: "affine",
      inputs: node.inputs,
      attributes: {},
      tensors: {
        scale: float32Tensor([shift.length], new Float32Array(shift.length).fill(1)),
        shift: float32Tensor(
          [shift.length],
          Float32Array.from(shift, (value) => value / layer.kappa),
        ),
      },
    };
    return [before, { ...node, inputs: [id] } as GraphNode];
  });
}

/** λ·bias of each channel in the activation's units; null where nothing was calibrated. */
export function shiftOf({ lambda, bias }: SnnLayer): Float64Array | null {
  if (bias === undefined || bias.every((value) => value === 0)) return null;
  return Float64Array.from(bias, (value, c) => value * (lambda[lambda.length === 1 ? 0 : c] as number));
}

/** The ReLU that an activation is, or is a max pool of. */
export function reluOf(network: Graph, activation: string): NodeOf<"relu"> | null {
  const node = network.node(activation);
  if (isOp(node, "relu")) return node;
  const isMaxPool = isOp(node, "pool") && node.attributes.kind === "max";
  return isMaxPool ? reluOf(network, node.inputs[0] as string) : null;
}
