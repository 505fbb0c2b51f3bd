/**
 * Shortcuts in units of λ: an identity (option A, average pool) becomes one synapse of weight
 * λ_in/λ_out, a projection's weights are multiplied by λ_in/λ_out and its bias divided by λ_out.
 *
 * Knows: Hu, Tang and Pan, arXiv 1805.01352, section on shortcut normalisation; float64, rounded once.
 * May not know: spikes.
 *
 * With `--shortcut-norm off` the identity's synapse is 1, the projection's weights stay as they are
 * and its constant part alone is divided by λ_out: what that costs can then be measured. With `projections` the
 * identity's synapse alone is 1: "without" may be read in either way.
 */
import type { Graph } from "../../graph/graph.js";
import type { GraphNode } from "../../graph/node-types.js";
import { spreadLambdas } from "../lambda-vectors.js";
import { measureUnits, type Units } from "../measure-units.js";
import type { Pass } from "../pass.js";
import { isWeighted, scaleWeights } from "../scale-weights.js";
import { baseOfLambdaIn, lambdaOut } from "../shortcut-names.js";
import { makeScale } from "./normalise-weights.js";

export const normaliseShortcuts: Pass = {
  name: "normalise-shortcuts",
  preserves: ({ shortcutNorm }) => (shortcutNorm === "on" ? "function" : "nothing"),
  run(graph, { options, scales }) {
    const units = measureUnits(graph, spreadLambdas(graph, scales));
    const scalesIdentities = options.shortcutNorm === "on";
    const scalesProjections = options.shortcutNorm !== "off";
    const replaced = new Map<string, GraphNode>();
    const gone = new Map<string, string>();
    for (const node of graph.nodes) {
      const base = baseOfLambdaIn(node.id);
      if (base === undefined) continue;
      const from = node.inputs[0] as string;
      if (graph.has(base) && isWeighted(graph.node(base))) {
        replaced.set(base, scaleProjection(graph, base, units, scalesProjections));
        gone.set(node.id, from).set(lambdaOut(base), base);
      } else {
        const { input, output } = ratioParts(graph, base, node.id, units);
        const weight = input.map((unit, c) => (scalesIdentities ? unit / (output[c] as number) : 1));
        replaced.set(lambdaOut(base), makeScale(base, from, weight));
        gone.set(node.id, from).set(lambdaOut(base), base);
      }
    }
    return graph.rewrite((node) => {
      const replacement = replaced.get(node.id);
      if (replacement !== undefined) return replacement;
      return gone.has(node.id) ? [] : node;
    }, gone);
  },
};

function ratioParts(graph: Graph, base: string, before: string, units: Units) {
  const input = units.sent(graph.node(before).inputs[0] as string) as Float64Array;
  return { input, output: units.target(lambdaOut(base)) };
}

function scaleProjection(graph: Graph, base: string, units: Units, isOn: boolean): GraphNode {
  const node = graph.node(base);
  if (!isWeighted(node)) throw new RangeError(`${base} has no weights`);
  const before = node.inputs[0] as string;
  const { input, output } = ratioParts(graph, base, before, units);
  const perOutput = output.map((unit) => 1 / unit);
  return scaleWeights(node, graph.shape(before), isOn ? { input, output: perOutput } : { bias: perOutput });
}
