/**
 * Asks the engine whether it knows the blocked operators, and the size of its blocks.
 *
 * Knows: a tiny graph, and what each answer means. May not know: networks.
 *
 * The operators are the engine's own, not ONNX's: another version or processor may lack them, and
 * then training takes the plain lowering.
 */
import { encodeOnnxModel, makeNode, makeValueInfo } from "../../inference/onnx-model.js";
import type { Engine } from "../load-engine.js";
import { blockedDomain } from "./block-layout.js";

/**
 * @returns channels a block (16 with AVX-512, 8 with AVX2), or null where there are no blocked operators
 */
export async function probeBlocks(engine: Engine): Promise<number | null> {
  const channels = 32;
  const info = (name: string) => makeValueInfo(name, "float32", [1, channels, 1, 2]);
  const model = encodeOnnxModel({
    nodes: [makeNode("ReorderInput", ["x"], ["y"], {}, blockedDomain)],
    initializers: [],
    inputs: [info("x")],
    outputs: [info("y")],
    opsets: [
      { domain: "", version: 17 },
      { domain: blockedDomain, version: 1 },
    ],
  });
  try {
    const session = await engine.InferenceSession.create(model, { logSeverityLevel: 4 });
    const x = new engine.Tensor(
      "float32",
      Float32Array.from({ length: 2 * channels }, (_, at) => at),
      [1, channels, 1, 2],
    );
    const order = (await session.run({ x })).y?.data as Float32Array;
    await session.release();
    // The second pixel of the first channel comes after a block of first pixels.
    const block = order.indexOf(1);
    return block === 8 || block === 16 ? block : null;
  } catch {
    return null;
  }
}
