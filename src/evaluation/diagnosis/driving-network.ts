/**
 * The float network as a calibrated conversion means it, each layer's value before its ReLU: what its neurons are driven by.
 *
 * Knows: a layer's calibrated bias. May not know: how it was found.
 */
import { float32Tensor } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import { isOp, type NodeOf } from "../../graph/node-types.js";
import type { Snn, SnnLayer } from "../../graph/snn.js";

/**
 * The network whose layers the spiking layers are compared with: z + λ·bias/κ in the place of each layer's ReLU, which
 * whoever reads the layer applies himself.
 *
 * Means over steps can be subtracted from each other before a ReLU, and not after it; max pools behind may stay, as a
 * maximum and a ReLU change places freely.
 */
export function drivingNetwork({ network, layers }: Snn): Graph {
  const read = new Map<string, SnnLayer>();
  for (const layer of layers) {
    const relu = reluOf(network, layer.activation);
    if (relu !== null) read.set(relu.id, layer);
  }
  return network.rewrite((node) => {
    const layer = read.get(node.id);
    if (layer === undefined) return node;
    const [channels] = network.shape(node.id);
    const shift = shiftOf(layer) ?? new Float64Array(channels);
    const drive: NodeOf<"affine"> = {
      id: node.id,
      op: "affine",
      inputs: node.inputs,
      attributes: {},
      tensors: {
        scale: float32Tensor([channels], new Float32Array(channels).fill(1)),
        shift: float32Tensor(
          [channels],
          Float32Array.from(shift, (value) => value / layer.kappa),
        ),
      },
    };
    return drive;
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
