/**
 * Exactly one weighted node on every path from what sends spikes to what receives them.
 *
 * Knows: the canonical form of graph/snn.ts. May not know: biases (gathered before), thresholds.
 *
 * An average pool before a linear node becomes part of it; any other average pool becomes a
 * depthwise convolution of weights 1/k²; a scale beside a conv or linear node is multiplied in.
 * What cannot be one node is refused with its name.
 */
import { type Problem, RespikeError, refuseInput } from "../../core/respike-error.js";
import type { Graph } from "../../graph/graph.js";
import { type GraphNode, isOp } from "../../graph/node-types.js";
import { isSource } from "../../graph/spike-sources.js";
import { absorbPool, absorbScale, poolToConv } from "../compose-nodes.js";
import type { Pass } from "../pass.js";
import { isWeighted } from "../scale-weights.js";
import { listTargets, refusePath, traceSynapses } from "../trace-synapses.js";

export const composeSynapses: Pass = {
  name: "compose-synapses",
  preserves: () => "function",
  run(graph) {
    const pooled = repeat(graph, absorbPool);
    const weighted = pooled.rewrite((node) => poolToConv(pooled, node));
    const composed = repeat(weighted, absorbScale);
    checkPaths(composed);
    return composed;
  },
};

/** Applies a step until it finds nothing more to do. */
function repeat(graph: Graph, step: (graph: Graph) => Graph | null): Graph {
  let current = graph;
  for (let next = step(current); next !== null; next = step(current)) current = next;
  return current;
}

/** @throws RespikeError (exit 3) with every path that has no weighted node, or two */
function checkPaths(graph: Graph): void {
  const problems: Problem[] = [];
  for (const target of listTargets(graph)) {
    try {
      for (const { node } of traceSynapses(graph, target)) checkRouting(graph, node, target);
    } catch (error) {
      if (!(error instanceof RespikeError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw refuseInput(problems);
}

function checkRouting(graph: Graph, node: GraphNode, target: GraphNode): void {
  for (const id of node.inputs) {
    const before = graph.node(id);
    if (isSource(graph, before)) continue;
    if (isWeighted(before) || isOp(before, "add", "pool")) throw refusePath(before, target);
    checkRouting(graph, before, target);
  }
}
