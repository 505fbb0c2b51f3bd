/**
 * In which unit each value of the network is carried once layers are normalised.
 *
 * Knows: λ of the activations, and that a unit passes through pools and routing unchanged.
 * May not know: weights.
 *
 * A value *sent* by activations or the image (routed and pooled, not weighted) has the unit of its
 * source: λ_in. A value on its way into an activation has the unit of that target: λ_out. Weighted
 * nodes turn one into the other; where no weights stand between, an edge is *bare* and needs a synapse.
 */
import { refuseInput } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import { nodeProblem } from "../graph/node-rules.js";
import { type GraphNode, isOp } from "../graph/node-types.js";
import { carryBackward, carryForward, isPassing } from "./channel-routes.js";
import { isWeighted } from "./scale-weights.js";

export interface Units {
  /** λ_in [C] of a value that activations or the image send; undefined for others. */
  sent(id: string): Float64Array | undefined;
  /** λ_out [C] that operand `which` of `reader` is wanted in. */
  wanted(reader: GraphNode, which: number): Float64Array;
  /** λ_out [C] of a value on its way to its target. */
  target(id: string): Float64Array;
}

/** One λ a channel of each relu, by its id. */
export type LambdaVectors = ReadonlyMap<string, Float64Array>;

/** @throws RespikeError (exit 3) where one value would need two units */
export function measureUnits(graph: Graph, lambdas: LambdaVectors): Units {
  const sent = new Map<string, Float64Array>();
  const ones = (id: string) => new Float64Array(graph.shape(id)[0]).fill(1);
  for (const node of graph.nodes) {
    if (isOp(node, "input")) sent.set(node.id, ones(node.id));
    else if (isOp(node, "relu")) sent.set(node.id, lambdas.get(node.id) ?? ones(node.id));
    else if (isPassing(node)) {
      const operands = node.inputs.map((id) => sent.get(id));
      if (operands.every((each) => each !== undefined)) {
        sent.set(node.id, carryForward(graph, node, operands));
      }
    }
  }
  const target = new Map<string, Float64Array>();
  const wanted = (reader: GraphNode, which: number): Float64Array => {
    const operand = reader.inputs[which] as string;
    if (isOp(reader, "relu")) return sent.get(reader.id) as Float64Array;
    if (isWeighted(reader) || isOp(reader, "output")) return ones(operand);
    const whole = target.get(reader.id) ?? ones(reader.id);
    return isPassing(reader) ? carryBackward(graph, reader, which, whole) : whole;
  };
  for (const node of [...graph.nodes].reverse()) {
    if (sent.has(node.id)) continue;
    const all = graph
      .consumers(node.id)
      .flatMap((reader) =>
        reader.inputs.flatMap((id, which) => (id === node.id ? [wanted(reader, which)] : [])),
      );
    const [first = ones(node.id)] = all;
    if (all.some((each) => each.some((value, c) => value !== first[c]))) throw refuseTwoUnits(graph, node);
    target.set(node.id, first);
  }
  return {
    sent: (id) => sent.get(id),
    wanted,
    target: (id) => target.get(id) ?? ones(id),
  };
}

function refuseTwoUnits(graph: Graph, node: GraphNode) {
  const readers = graph
    .consumers(node.id)
    .map(({ id }) => id)
    .join(", ");
  return refuseInput({
    ...nodeProblem(
      node,
      "a weighted sum goes to neurons of one layer",
      `read by ${readers}, whose layers differ in λ`,
      "networks with activations before their sums are not supported yet",
    ),
    code: "not-convertible",
  });
}
