/**
 * A spiking network up to one layer: for whoever wants that layer's counts and nothing after it.
 *
 * Knows: the canonical form. May not know: why it is cut.
 */
import { float32Tensor, makeTensor } from "../core/tensor.js";
import { Graph } from "../graph/graph.js";
import { type GraphNode, isOp, type NumberFormat } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";

/**
 * The same layers up to `layer`, which spike as in the whole network, and an output of one class that
 * reads nothing of use (weight 0 from the first neuron).
 *
 * @throws RangeError for an unknown layer
 */
export function truncateSnn(snn: Snn, layer: string): Snn {
  const target = snn.graph.node(layer);
  if (!isOp(target, "neuron")) throw new RangeError(`'${layer}' is no layer of neurons`);
  const needed = new Set([layer]);
  for (const node of [...snn.graph.nodes].reverse()) {
    if (needed.has(node.id)) for (const id of node.inputs) needed.add(id);
  }
  const { number, refine } = target.attributes;
  const nodes: GraphNode[] = [
    ...snn.graph.nodes.filter(({ id }) => needed.has(id)),
    {
      id: `${layer}.first`,
      op: "slice",
      inputs: [layer],
      attributes: { start: [0, 0, 0], stop: [1, 1, 1], step: [1, 1, 1] },
      tensors: {},
    },
    {
      id: `${layer}.ignored`,
      op: "linear",
      inputs: [`${layer}.first`],
      attributes: {},
      tensors: { weight: oneZero(number) },
    },
    {
      id: `${layer}.end`,
      op: "output",
      inputs: [`${layer}.ignored`],
      attributes: refine === undefined ? { number } : { number, refine },
      tensors: {},
    },
  ];
  const kept = snn.layers.findIndex(({ name }) => name === layer);
  return {
    ...snn,
    graph: new Graph(nodes),
    layers: snn.layers.slice(0, kept + 1),
    options: { ...snn.options, readout: refine === undefined ? "mean" : "final", output: "current" },
  };
}

function oneZero(number: NumberFormat) {
  if (number === "float32") return float32Tensor([1, 1], [0]);
  if (number === "int16") return makeTensor("int16", [1, 1], Int16Array.of(0));
  return makeTensor("int32", [1, 1], Int32Array.of(0));
}
