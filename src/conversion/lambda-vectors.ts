/**
 * λ of each relu as one number a channel.
 *
 * Knows: scales. May not know: where they came from.
 */
import type { Graph } from "../graph/graph.js";
import { isOp } from "../graph/node-types.js";
import type { LambdaVectors } from "./measure-units.js";
import type { ActivationScale } from "./pass.js";

/** @param scales by relu; a relu without an entry has λ = 1 */
export function spreadLambdas(graph: Graph, scales: ReadonlyMap<string, ActivationScale>): LambdaVectors {
  const vectors = new Map<string, Float64Array>();
  for (const node of graph.nodes) {
    if (!isOp(node, "relu")) continue;
    const lambda = scales.get(node.id)?.lambda ?? [1];
    const [channels] = graph.shape(node.id);
    const vector = new Float64Array(channels);
    vectors.set(
      node.id,
      vector.map((_, c) => lambda[lambda.length === 1 ? 0 : c] as number),
    );
  }
  return vectors;
}
