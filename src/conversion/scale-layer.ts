/**
 * All that drives a layer of neurons, multiplied by a factor a channel: weights, shortcuts, current.
 *
 * Knows: synapses of a target. May not know: why they are scaled.
 */
import { refuseInput } from "../core/respike-error.js";
import { float32Tensor } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import { nodeProblem } from "../graph/node-rules.js";
import { type GraphNode, isOp } from "../graph/node-types.js";
import { scaleWeights } from "./scale-weights.js";
import { readNumbers } from "./tensor-values.js";
import { traceSynapses } from "./trace-synapses.js";

/**
 * @param factors id of a neuron node → factor of each of its channels [C]
 * @throws RespikeError (exit 3) where one weighted node would need two factors
 */
export function scaleLayers(graph: Graph, factors: ReadonlyMap<string, Float64Array>): Graph {
  const outputs = new Map<string, Float64Array>();
  for (const [id, factor] of factors) {
    for (const { node, channels } of traceSynapses(graph, graph.node(id))) {
      const known = outputs.get(node.id);
      const output = known ?? new Float64Array(graph.shape(node.id)[0]).fill(Number.NaN);
      for (const [j, channel] of channels.entries()) {
        if (channel < 0) continue;
        const value = factor[j] as number;
        if (!Number.isNaN(output[channel]) && output[channel] !== value) throw refuseTwoFactors(node);
        output[channel] = value;
      }
      outputs.set(node.id, output);
    }
  }
  return graph.rewrite((node) => {
    const output = outputs.get(node.id);
    if (output !== undefined && isOp(node, "conv", "linear", "affine")) {
      const factor = output.map((value) => (Number.isNaN(value) ? 1 : value));
      return scaleWeights(node, graph.shape(node.inputs[0] as string), { output: factor });
    }
    const factor = factors.get(node.id);
    return factor === undefined ? node : scaleCurrent(node, factor);
  });
}

function scaleCurrent(node: GraphNode, factor: Float64Array): GraphNode {
  const current = readNumbers(node, "current");
  const perChannel = current.length / factor.length;
  const scaled = float32Tensor(
    node.tensors.current?.shape ?? [],
    Float32Array.from(current, (value, at) => value * (factor[Math.floor(at / perChannel)] as number)),
  );
  return { ...node, tensors: { ...node.tensors, current: scaled } } as GraphNode;
}

function refuseTwoFactors(node: GraphNode) {
  return refuseInput({
    ...nodeProblem(
      node,
      "weights drive one layer",
      "they drive two that are scaled differently",
      "this network's form is not supported yet",
    ),
    code: "not-convertible",
  });
}
