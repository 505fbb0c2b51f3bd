/**
 * Asks the engine whether it can compute on a device.
 *
 * Knows: a tiny graph, and what the engine misses where it fails. May not know: networks.
 *
 * The engine finds CUDA only when a session is opened: its library is not part of every installation, and needs
 * NVIDIA's driver, cuBLAS and cuDNN in the versions that it was built for.
 */
import { exitCodes, RespikeError } from "../core/respike-error.js";
import { encodeOnnxModel, makeNode, makeValueInfo } from "../inference/onnx-model.js";
import { sessionOptions } from "./engine-session.js";
import type { Engine } from "./load-engine.js";
import type { TrainingDevice } from "./training-device.js";

/** @throws RespikeError (exit 5) where the device is not there, or its libraries are not */
export async function checkDevice(engine: Engine, device: TrainingDevice): Promise<void> {
  if (device === "cpu") return;
  // What it misses becomes an error of ours; the engine would write it in red beside.
  engine.env.logLevel = "fatal";
  const info = (name: string) => makeValueInfo(name, "float32", [1, 1, 2, 2]);
  const model = encodeOnnxModel({
    nodes: [makeNode("Conv", ["x", "w"], ["y"])],
    initializers: [],
    inputs: [info("x"), makeValueInfo("w", "float32", [1, 1, 1, 1])],
    outputs: [info("y")],
    opsets: [{ domain: "", version: 17 }],
  });
  try {
    const session = await engine.InferenceSession.create(model, {
      ...sessionOptions(device, 1),
      logSeverityLevel: 4,
    });
    const x = new engine.Tensor("float32", Float32Array.of(1, 2, 3, 4), [1, 1, 2, 2]);
    const w = new engine.Tensor("float32", Float32Array.of(3), [1, 1, 1, 1]);
    const { y } = await session.run({ x, w });
    await session.release();
    if ((y?.data as Float32Array | undefined)?.[3] !== 12) throw new Error("a product came out wrong");
  } catch (cause) {
    throw refuseDevice(device, cause);
  }
}

function refuseDevice(device: TrainingDevice, cause: unknown): RespikeError {
  return new RespikeError(
    exitCodes.environment,
    {
      code: "device-missing",
      where: `--device ${device}`,
      rule: "the engine computes on the device",
      value: cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause),
      next: "install NVIDIA's driver, CUDA and cuDNN, and onnxruntime-node with its CUDA library (docs/training.md), or leave --device out",
    },
    { cause },
  );
}
