/**
 * The engine that runs training graphs: onnxruntime-node, which respike does not bring along.
 *
 * Knows: the package's name. May not know: graphs.
 */
import type * as Ort from "onnxruntime-node";
import { exitCodes, RespikeError } from "../core/respike-error.js";

export type Engine = typeof Ort;

/** @throws RespikeError (exit 5) where the package is not installed or cannot be loaded */
export async function loadEngine(name = "onnxruntime-node"): Promise<Engine> {
  try {
    return (await import(name)) as Engine;
  } catch (cause) {
    throw new RespikeError(
      exitCodes.environment,
      {
        code: "engine-missing",
        where: "training",
        rule: `training needs the package ${name}`,
        value: cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause),
        next: `npm install ${name}`,
      },
      { cause },
    );
  }
}
