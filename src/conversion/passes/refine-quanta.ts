/**
 * Layers that refine: constant currents, and weights that the image goes through, in units of the first quantum q₀ instead of λ;
 * the output's scale, so that logits come out in their own units.
 *
 * Knows: `--spikes refine:N`, the meaning of `refine` in graph/snn.ts. May not know: number formats, calibration.
 *
 * What enters once must count as much as spikes worth q₀ each do: b̃/q₀ and W̃·x/q₀. Logits are (Σ W·λ_in·N + b/q₀·2^h)/(2^h/q₀).
 */
import { float32Tensor, type Tensor } from "../../core/tensor.js";
import { refinementOfGraph } from "../../graph/check-refinement.js";
import type { Graph } from "../../graph/graph.js";
import { type GraphNode, isOp } from "../../graph/node-types.js";
import { refinementOf } from "../../graph/refinement.js";
import { parseRefinement } from "../../graph/spike-alphabet.js";
import type { Pass } from "../pass.js";
import { scaleWeights } from "../scale-weights.js";
import { readNumbers } from "../tensor-values.js";
import { listTargets, traceSources, traceSynapses } from "../trace-synapses.js";

export const refineQuanta: Pass = {
  name: "refine-quanta",
  preserves: () => "nothing",
  run(graph, { options }) {
    const gain = parseRefinement(options.spikes);
    if (gain === null) return graph;
    const refine = refinementOf(gain, options.shrink);
    const parts = gain + 1;
    const driven = listImageSynapses(graph);
    const refined = graph.rewrite((node) => {
      if (driven.has(node.id) && isOp(node, "conv", "linear", "affine")) {
        const output = new Float64Array(graph.shape(node.id)[0]).fill(parts);
        return scaleWeights(node, graph.shape(node.inputs[0] as string), { output });
      }
      if (!isOp(node, "neuron", "output")) return node;
      const tensors = { ...node.tensors, ...scaleCurrent(node, parts), ...scaleOutput(graph, node, parts) };
      return { ...node, attributes: { ...node.attributes, refine }, tensors } as GraphNode;
    });
    refinementOfGraph(refined);
    return refined;
  },
};

/** Weighted nodes that read the image. */
function listImageSynapses(graph: Graph): ReadonlySet<string> {
  const synapses = listTargets(graph).flatMap((target) => traceSynapses(graph, target));
  const readsImage = (id: string) => traceSources(graph, id).some((source) => isOp(source, "input"));
  return new Set(synapses.filter(({ node }) => node.inputs.some(readsImage)).map(({ node }) => node.id));
}

function scaleCurrent(node: GraphNode, parts: number): { readonly current?: Tensor } {
  if (node.tensors.current === undefined) return {};
  const values = Float32Array.from(readNumbers(node, "current"), (value) => value * parts);
  return { current: float32Tensor(node.tensors.current.shape, values) };
}

function scaleOutput(graph: Graph, node: GraphNode, parts: number): { readonly scale?: Tensor } {
  if (!isOp(node, "output")) return {};
  const [classes] = graph.shape(node.id);
  return { scale: float32Tensor([classes], new Float32Array(classes).fill(parts)) };
}
