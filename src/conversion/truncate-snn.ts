/**
 * A spiking network up to one layer: for whoever wants that layer's counts and nothing after it.
 *
 * Knows: the canonical form. May not know: why it is cut.
 */
import { countElements, float32Tensor, makeTensor } from "../core/tensor.js";
import { Graph } from "../graph/graph.js";
import { type GraphNode, isOp, type NodeOf, type NumberFormat } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";

/**
 * The same layers up to `layer`, which spike as in the whole network, and an output of one class that
 * reads nothing of use (weight 0 from the first neuron).
 *
 * @param given layers to begin with: what drives them is left out (a synapse of weight 0 from the first pixel stands there),
 * for a simulation that is told what they send
 * @throws RangeError for an unknown layer
 */
export function truncateSnn(snn: Snn, layer: string, given: ReadonlySet<string> = new Set()): Snn {
  const target = snn.graph.node(layer);
  if (!isOp(target, "neuron")) throw new RangeError(`'${layer}' is no layer of neurons`);
  const needed = new Set([layer, snn.graph.input.id]);
  for (const node of [...snn.graph.nodes].reverse()) {
    if (needed.has(node.id) && !given.has(node.id)) for (const id of node.inputs) needed.add(id);
  }
  const { number, refine } = target.attributes;
  const nodes: GraphNode[] = [
    ...snn.graph.nodes
      .filter(({ id }) => needed.has(id))
      .flatMap((node) => (given.has(node.id) && isOp(node, "neuron") ? undrive(snn.graph, node) : [node])),
    {
      id: `${layer}.first`,
      op: "slice",
      inputs: [layer],
      attributes: firstElement,
      tensors: {},
    },
    {
      id: `${layer}.ignored`,
      op: "linear",
      inputs: [`${layer}.first`],
      attributes: {},
      tensors: { weight: zeros([1, 1], number) },
    },
    {
      id: `${layer}.end`,
      op: "output",
      inputs: [`${layer}.ignored`],
      attributes: refine === undefined ? { number } : { number, refine },
      tensors: {},
    },
  ];
  return {
    ...snn,
    graph: new Graph(nodes),
    layers: snn.layers.filter(({ name }) => needed.has(name)),
    options: { ...snn.options, readout: refine === undefined ? "mean" : "final", output: "current" },
  };
}

const firstElement = { start: [0, 0, 0], stop: [1, 1, 1], step: [1, 1, 1] } as const;

/** The layer, driven by nothing. */
function undrive(graph: Graph, node: NodeOf<"neuron">): readonly GraphNode[] {
  const [channels, height, width] = graph.shape(node.id);
  const [pixel, driven] = [`${node.id}.pixel`, `${node.id}.undriven`];
  return [
    { id: pixel, op: "slice", inputs: [graph.input.id], attributes: firstElement, tensors: {} },
    {
      id: driven,
      op: "conv",
      inputs: [pixel],
      attributes: { stride: [1, 1], padding: [0, 0, height - 1, width - 1], dilation: [1, 1], groups: 1 },
      tensors: { weight: zeros([channels, 1, 1, 1], node.attributes.number) },
    },
    { ...node, inputs: [driven] },
  ];
}

function zeros(shape: readonly number[], number: NumberFormat) {
  const length = countElements(shape);
  if (number === "float32") return float32Tensor(shape, new Float32Array(length));
  if (number === "int16") return makeTensor("int16", shape, new Int16Array(length));
  return makeTensor("int32", shape, new Int32Array(length));
}
