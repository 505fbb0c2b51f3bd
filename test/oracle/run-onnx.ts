/** Values of a graph from onnxruntime-node, the second oracle. */
import * as ort from "onnxruntime-node";
import type { Graph } from "#src/graph/graph.js";
import { lowerToOnnx } from "#src/inference/lower-to-onnx.js";

/** id → [N,C,H,W], on one thread, with onnxruntime's own optimisations. */
export async function runOnnx(
  graph: Graph,
  images: Float32Array,
  n: number,
  keep: readonly string[],
): Promise<Map<string, Float32Array>> {
  const session = await ort.InferenceSession.create(lowerToOnnx(graph, keep), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  try {
    const x = new ort.Tensor("float32", images, [n, ...graph.input.attributes.shape]);
    const results = await session.run({ [graph.input.id]: x });
    return new Map(keep.map((id) => [id, results[id]?.data as Float32Array]));
  } finally {
    await session.release();
  }
}
