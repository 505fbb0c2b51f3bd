/**
 * Whether a spiking graph refines, and may: all layers alike, and nothing between them that only counts.
 *
 * Knows: which nodes have a state that would have to be halved with the quanta. May not know: how they are stepped.
 */
import { type Problem, refuseInput } from "../core/respike-error.js";
import type { Graph } from "./graph.js";
import { nodeProblem } from "./node-rules.js";
import { type GraphNode, isOp, type Refinement } from "./node-types.js";
import { isGate } from "./spike-sources.js";

/**
 * The refinement of a network: null where none of its layers refines.
 *
 * @throws RespikeError (exit 3, `refine-mixed`) with all that differs from layer to layer and what stands in the way
 */
export function refinementOfGraph(graph: Graph): Refinement | null {
  const targets = graph.nodes.filter((node) => isOp(node, "neuron", "output"));
  const first = targets.find((node) => node.attributes.refine !== undefined)?.attributes.refine;
  if (first === undefined) return null;
  const problems: Problem[] = [];
  for (const node of targets) {
    const own = node.attributes.refine;
    if (own !== undefined && show(own) === show(first)) continue;
    problems.push(problem(node, "all layers and the output refine alike", show(own), show(first)));
  }
  for (const node of graph.nodes) {
    if (isOp(node, "pool")) {
      const value = isGate(graph, node) ? "a max pool of spikes" : "a max pool before neurons";
      problems.push(problem(node, "a network that refines has no max pool", value, "average pools"));
    }
    if (isOp(node, "output") && graph.node(node.inputs[0] as string).op === "neuron") {
      problems.push(problem(node, "an output that refines reads currents", "it reads neurons", "currents"));
    }
  }
  if (problems.length > 0) throw refuseInput(problems);
  return first;
}

const show = (refine: Refinement | undefined) =>
  refine === undefined ? "none" : `quantum ${refine.quantum}, ${refine.halvings} halvings by ${refine.shift}`;

function problem(node: GraphNode, rule: string, value: string, wanted: string): Problem {
  return { ...nodeProblem(node, rule, value, `use ${wanted}, or another alphabet`), code: "refine-mixed" };
}
