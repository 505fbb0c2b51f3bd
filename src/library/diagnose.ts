/**
 * Diagnoses a spiking network on training images that its conversion did not see.
 *
 * Knows: how the rooms fit together. May not know: flags' texts, the terminal.
 */
import { stepsLeftOut } from "../conversion/convert-options.js";
import { type RespikeError, refuseInput, refuseUsage, type Warning } from "../core/respike-error.js";
import type { ImageSet } from "../datasets/dataset.js";
import type { BackendName } from "../evaluation/backend-list.js";
import { checkImages } from "../evaluation/check-images.js";
import type { ObservedRun } from "../evaluation/diagnosis/certify-snn.js";
import { type Diagnosis, diagnoseSnn } from "../evaluation/diagnosis/diagnose-snn.js";
import { affordableImages, explainNoneUnseen, selectUnseen } from "../evaluation/diagnosis/unseen-images.js";
import { resolveRunOptions } from "../evaluation/resolve-run-options.js";
import { warnOfCertifiedGuessing } from "../evaluation/warn-of-guessing.js";
import { describeEarlyRead } from "../graph/made-for-steps.js";
import type { Readout } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import { makeWorkerRunner } from "../node/worker-runner.js";
import { checkDataFits, openData } from "./open-data.js";
import { readCertificate } from "./read-certificate.js";
import type { CallOptions } from "./surroundings.js";

export interface DiagnoseCallOptions extends CallOptions {
  /** DATA, of which the training images are taken that were held back; the one converted for. */
  readonly data?: string | undefined;
  readonly layout?: "nchw" | "nhwc" | undefined;
  /** Images; by size where left out: 32 to 256. */
  readonly n?: number | undefined;
  readonly T?: number | undefined;
  readonly readout?: Readout | undefined;
  readonly delay?: number | undefined;
  /** Layers whose effect on the outputs is measured (8). */
  readonly whatIf?: number | "all" | undefined;
  readonly backend?: BackendName | undefined;
}

export interface DiagnosisOutcome {
  readonly result: Diagnosis;
  readonly warnings: readonly Warning[];
  /** The network with the certificate, to be saved. */
  readonly snn: Snn;
}

const layersWithEffect = 8;

/**
 * Splits every layer's error into its parts, measures what the outputs feel of them, says what to do, and certifies
 * the network.
 *
 * @throws RespikeError exit 2 for options, exit 3 for images that do not fit
 * @example
 * ```ts
 * import { diagnose, loadSnn } from "respike";
 *
 * const snn = await loadSnn("mnist.snn.safetensors");
 * const { result } = await diagnose(snn, { n: 16, T: 32, whatIf: 1 });
 * console.log(result.layers.length, result.byCause.wiring.length); // 7 7
 * ```
 */
export async function diagnose(snn: Snn, options: DiagnoseCallOptions = {}): Promise<DiagnosisOutcome> {
  // 1. what is asked for, and the images
  const { T: steps } = resolveRunOptions(snn, options);
  const name = options.data ?? snn.options.data;
  if (typeof name !== "string") throw missingData();
  const warnings: Warning[] = [];
  const data = await openData(name, { ...options, onWarning: (warning) => warnings.push(warning) });
  const classes = snn.graph.shape(snn.graph.output.id)[0];
  checkDataFits(data, snn.graph.input.attributes.shape, classes);
  const run = planRun(snn, data.splits.train, data.name, options);
  checkImages(snn, data.splits.train, classes, { n: data.splits.train.n, input: "current" });
  // 2. the work
  const { signal, onProgress } = options;
  const passes = readCertificate(snn)?.passes ?? null;
  const whatIf = options.whatIf ?? layersWithEffect;
  const runner = makeWorkerRunner(options.threads);
  const result = await diagnoseSnn(run, runner, { signal, onProgress, whatIf, passes });
  if (steps !== snn.options.T) warnings.push(madeForOther(snn, run));
  const guesses = warnOfCertifiedGuessing(result.certificate, classes);
  if (guesses !== null) warnings.push(guesses);
  return { result, warnings, snn: { ...snn, certificate: result.certificate } };
}

/**
 * How a spiking network is observed: as it is run by default, on held-back training images that no choice of its
 * conversion has seen.
 *
 * @throws RespikeError (exit 3) where none are left: too few training images, or all were looked at by a choice
 */
export function planRun(
  snn: Snn,
  train: ImageSet,
  data: string,
  options: DiagnoseCallOptions = {},
): ObservedRun {
  const { T: steps, readout, delay } = resolveRunOptions(snn, options);
  const { n = affordableImages(snn, steps), seed = 0, backend } = options;
  const indices = selectUnseen(snn, train.n, n);
  if (indices.length === 0) throw noImages(data, explainNoneUnseen(snn, train.n));
  return { snn, train, data, indices, steps, readout, delay, seed, backend };
}

/** A delay of its own that leaves no step of this T is not applied, and said so as `evaluate` does. */
function madeForOther(snn: Snn, { steps, readout, delay }: ObservedRun): Warning {
  const left = stepsLeftOut({ readout, delay });
  const read = left > 0 && steps <= left ? `, ${describeEarlyRead(left)}` : "";
  return {
    code: "other-steps",
    where: "-T",
    message: `made for T = ${String(snn.options.T)}, diagnosed at ${steps}${read}: the certificate is that of ${steps}`,
  };
}

function noImages(data: string, value: string): RespikeError {
  return refuseInput({
    code: "no-judging-images",
    where: `data '${data}'`,
    rule: "a conversion is judged on training images that no choice of it has seen",
    value,
    next: "convert again so that some are left, or name other images (--data)",
  });
}

function missingData(): RespikeError {
  return refuseUsage({
    code: "usage",
    where: "--data",
    rule: "says which training images to diagnose on",
    value: "neither given nor saved in the SNN",
    next: "give --data mnist, a folder, or images.npy,labels.npy",
  });
}
