/**
 * The whole way with a network that the package brings: convert it, evaluate it on real test images.
 *
 * Knows: the bundled networks. May not know: the terminal.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RespikeError, refuseUsage, type Warning } from "../core/respike-error.js";
import { hashBytes } from "../core/sha256.js";
import { encodeSnn } from "../formats/snn/encode-snn.js";
import { refuseExistingRun } from "../node/claim-folder.js";
import { writeWholeFile } from "../node/write-whole-file.js";
import { convert } from "./convert.js";
import { type EvaluateCallOptions, type EvaluationOutcome, evaluateInto } from "./evaluate.js";
import { loadModel } from "./load-model.js";

/** Bundled networks by demo; `networks/<file>` has its provenance beside it. */
const networks: Readonly<Record<string, { file: string; T: number }>> = {
  mnist: { file: "mnist-resnet8.safetensors", T: 128 },
  cifar10: { file: "cifar10-resnet20.safetensors", T: 350 },
};

export interface DemoOptions extends Omit<EvaluateCallOptions, "convert"> {
  /** Run folder; the SNN is saved in it too. */
  readonly out: string;
}

/**
 * Converts a bundled network (preset `default`) and evaluates it on all test images.
 *
 * @throws RespikeError exit 2 for a demo that this version does not bring, and before anything is converted for a folder that holds something
 */
export async function runDemo(name: string, options: DemoOptions): Promise<EvaluationOutcome> {
  const bundled = networks[name];
  if (bundled === undefined) throw refuseDemo(name);
  const { resume, force } = options;
  await refuseExistingRun(options.out, { resume, force });
  const path = fileURLToPath(new URL(`../../networks/${bundled.file}`, import.meta.url));
  const model = await loadModel(path);
  const { signal, onProgress, threads, cacheDir, offline, seed } = options;
  const T = options.T ?? bundled.T;
  const call = { signal, onProgress, threads, cacheDir, offline, seed };
  const command = nameConversion(bundled.file, T, name, seed);
  const conversion = await convert(model, { ...call, T, calibrate: name, command });
  const bytes = encodeSnn(conversion.snn);
  const saved = {
    path: join(options.out, `${name}.snn.safetensors`),
    sha256: hashBytes(bytes),
    bytes: bytes.length,
  };
  const result = { ...conversion.result, snn: saved };
  const save = () => writeWholeFile(saved.path, bytes, { force: true });
  const outcome = await evaluateInto(conversion.snn, { ...options, T, convert: result }, save);
  const warnings: readonly Warning[] = [...conversion.warnings, ...outcome.warnings];
  return { ...outcome, warnings };
}

/** The words of `respike convert` that give the same SNN, to the byte. */
function nameConversion(file: string, T: number, data: string, seed = 0): readonly string[] {
  return ["convert", file, "-T", `${T}`, "--calibrate", data, ...(seed === 0 ? [] : ["--seed", `${seed}`])];
}

function refuseDemo(name: string): RespikeError {
  const known = Object.keys(networks);
  return refuseUsage({
    code: "no-demo",
    where: "respike demo",
    rule: `the demo is one of ${known.join(", ")}`,
    value: `'${name}' is unknown`,
    next: `run respike demo ${known[0]}`,
  });
}
