/**
 * After each activation a a pair of nodes, a·(1/λ) and ·λ: the value between them is the rate.
 *
 * Knows: λ of each activation. May not know: weights. Alone it changes nothing; the next passes
 * move the two halves of each pair into the weights before and after it.
 */
import { float32Tensor } from "../../core/tensor.js";
import type { GraphNode } from "../../graph/node-types.js";
import type { Pass } from "../pass.js";

/** Ids of the pair behind an activation. */
export const rateId = (activation: string) => `${activation}.rate`;
export const valueId = (activation: string) => `${activation}.value`;

export const insertRateScales: Pass = {
  name: "insert-rate-scales",
  preserves: () => "function",
  run(graph, { scales }) {
    const renamed = new Map([...scales.keys()].map((id) => [id, valueId(id)]));
    const inserted = graph.nodes.flatMap((node): GraphNode[] => {
      const moved = { ...node, inputs: node.inputs.map((id) => renamed.get(id) ?? id) } as GraphNode;
      const scale = scales.get(node.id);
      if (scale === undefined) return [moved];
      const [channels] = graph.shape(node.id);
      const lambda = expandScale(scale.lambda, channels);
      const rate = lambda.map((value) => 1 / value);
      return [
        moved,
        makeScale(rateId(node.id), node.id, rate),
        makeScale(valueId(node.id), rateId(node.id), lambda),
      ];
    });
    return graph.with(inserted);
  },
};

/** One number a channel of λ given once or per channel. */
export function expandScale(lambda: readonly number[], channels: number): readonly number[] {
  return lambda.length === 1 ? new Array<number>(channels).fill(lambda[0] as number) : lambda;
}

/** An affine node that multiplies each channel by its number. */
export function makeScale(id: string, input: string, scale: readonly number[]): GraphNode {
  const tensors = { scale: float32Tensor([scale.length], Float32Array.from(scale)) };
  return { id, op: "affine", inputs: [input], attributes: {}, tensors };
}
