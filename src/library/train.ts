/**
 * Trains a network on labelled images and writes it with its provenance.
 *
 * Knows: how the rooms fit together. May not know: flags' texts, the terminal.
 */
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { Warning } from "../core/respike-error.js";
import { hashBytes, hashLargeBytes, stableJson, viewBytes } from "../core/sha256.js";
import { float32Tensor } from "../core/tensor.js";
import type { Dataset } from "../datasets/dataset.js";
import { encodeSafetensors } from "../formats/safetensors/encode-safetensors.js";
import { checkpointName, openTrainingFolder, type TrainingFolder } from "../node/training-folder.js";
import { refuseExisting, writeWholeFile } from "../node/write-whole-file.js";
import { renderTraining } from "../report/training/render-training.js";
import { parseActivation } from "../training/activations.js";
import {
  type Checkpoint,
  decodeCheckpoint,
  type EpochRecord,
  encodeCheckpoint,
} from "../training/checkpoint.js";
import { chooseLowering } from "../training/choose-lowering.js";
import { loadEngine } from "../training/load-engine.js";
import type { LoweringChoice } from "../training/lowering-choice.js";
import { listState } from "../training/network-state.js";
import { planTraining, type TrainingPlan, type TrainingRequest } from "../training/plan-training.js";
import { countEpochs } from "../training/schedules.js";
import {
  countTrainedValues,
  measureAccuracy,
  type TrainingOptions,
  trainNetwork,
} from "../training/train-network.js";
import { makeBatchRunner } from "./batch-workers.js";
import { openData } from "./open-data.js";
import type { CallOptions } from "./surroundings.js";
import { version } from "./version.js";

export interface TrainCallOptions extends CallOptions, Omit<TrainingRequest, "seed"> {
  /** DATA: `mnist`, `cifar10`, `cifar100`, a folder, or `images.npy,labels.npy`. */
  readonly data: string;
  readonly layout?: "nchw" | "nhwc" | undefined;
  /** `relu` (default), `clip` or `qcfs:L`. */
  readonly activation?: string | undefined;
  readonly lowering?: LoweringChoice | undefined;
  /** Worker threads that make batches ahead (0: the training thread makes them). */
  readonly batchWorkers?: number | undefined;
  /** The trained network's file. */
  readonly output: string;
  /** Run folder: checkpoint, curve, report. */
  readonly out: string;
  /** Goes on with what the run folder holds. */
  readonly resume?: boolean | undefined;
  /** The command, for the provenance and the report. */
  readonly command?: readonly string[] | undefined;
}

export interface TrainResult {
  readonly model: { readonly path: string; readonly sha256: string; readonly bytes: number };
  readonly arch: string;
  readonly shortcut: string;
  readonly data: string;
  readonly epochs: number;
  readonly bestEpoch: number;
  /** On the whole test split, once; correct of n, accuracy in percent. */
  readonly test: { readonly correct: number; readonly n: number; readonly accuracy: number };
  readonly judgedAccuracy: number;
  readonly lowering: string;
  /** Seconds of all steps, those before a resumption too; judging and steps lost by a kill are not in it. */
  readonly trainingSeconds: number;
  /** Images trained on a second of these; null where the time is not known. */
  readonly imagesPerSecond: number | null;
  /** Share of them in which no step ran in the engine. */
  readonly engineIdle: number | null;
  readonly curve: readonly EpochRecord[];
}

export interface TrainOutcome {
  readonly result: TrainResult;
  readonly warnings: readonly Warning[];
  readonly folder: { readonly path: string; readonly report: string };
}

/**
 * Trains a network from random weights. Killed at any moment it goes on with `resume`: with one thread to the same
 * bits. Test images are looked at once, when the run is over.
 *
 * @throws RespikeError exit 2 for options, 3 for images that are refused, 4 where the loss is no longer a number,
 * 5 without onnxruntime-node; the signal's reason where it is aborted, after a checkpoint
 * @example
 * ```ts
 * import { train } from "respike";
 *
 * const training = { arch: "resnet8", data: "mnist", epochs: 1, seed: 1 };
 * // await train({ ...training, output: "resnet8.safetensors", out: "runs/resnet8" });
 * console.log(typeof train, training.epochs); // function 1
 * ```
 */
export async function train(options: TrainCallOptions): Promise<TrainOutcome> {
  // 1. what is asked for, and whether it can be had
  const warnings: Warning[] = [];
  const activation = parseActivation(options.activation ?? "relu");
  const engine = await loadEngine();
  if (options.force !== true && options.resume !== true) await refuseExisting(options.output);
  const data = await openData(options.data, { ...options, onWarning: (warning) => warnings.push(warning) });
  const plan = planTraining({ ...options, seed: options.seed ?? 0 }, data, activation);
  const choice = options.lowering ?? "auto";
  const lowering = await chooseLowering(engine, plan.graph, plan.recipe.batch, choice);
  // 2. where the run is kept
  const folder = await openTrainingFolder(options.out, options);
  try {
    const run = new RunRecord(folder, plan, await describeRun(plan, data, options), options);
    const training: TrainingOptions = {
      ...plan.recipe,
      ...plan,
      activation,
      lowering: choice,
      seed: options.seed ?? 0,
      threads: options.threads ?? availableParallelism(),
      runner: makeRunner(options.batchWorkers ?? 0),
      checkpoint: await run.readCheckpoint(),
      onEpoch: (checkpoint) => run.keepEpoch(checkpoint),
      onCheckpoint: (checkpoint) => run.keepCheckpoint(checkpoint),
      signal: options.signal,
      onProgress: options.onProgress,
    };
    await run.begin();
    // 3. the work
    const last = await trainNetwork(plan.graph, data.splits.train, training);
    // 4. the test, the network's file, the report; results.json last
    const { test } = data.splits;
    const judged = Uint32Array.from({ length: test.n }, (_, at) => at);
    const accuracy = await measureAccuracy(plan.graph, test, last.best, { ...training, judged });
    const result = await run.finish(
      last,
      { correct: Math.round(accuracy * test.n), n: test.n },
      lowering.name,
    );
    return { result, warnings, folder: { path: options.out, report: join(options.out, "report.html") } };
  } finally {
    await folder.close();
  }
}

function makeRunner(workers: number) {
  return workers === 0 ? undefined : makeBatchRunner(workers);
}

/** Everything that decides the run's result. */
async function describeRun(plan: TrainingPlan, data: Dataset, options: TrainCallOptions) {
  const { pixels, labels } = data.splits.train;
  return {
    version,
    arch: plan.arch,
    shortcut: plan.shortcut,
    preset: plan.preset,
    data: data.name,
    trainSha256: await hashLargeBytes(viewBytes(pixels), viewBytes(labels)),
    ...plan.recipe,
    activation: options.activation ?? "relu",
    lowering: options.lowering ?? "auto",
    preprocessing: plan.preprocessing,
    bnEpsilon: plan.batchNormEpsilon,
    trainedOn: `training images 1 to ${plan.trained.length.toLocaleString("en-US")}`,
    judgedOn: `the last ${plan.judged.length.toLocaleString("en-US")} training images${
      plan.keep === "last" ? ", which are trained on too; the last epoch is kept" : ", which choose the epoch"
    }`,
    seed: options.seed ?? 0,
  };
}

type RunDescription = Awaited<ReturnType<typeof describeRun>>;

/** What a training run leaves: checkpoints while it goes, then the network, its provenance and the results. */
class RunRecord {
  readonly #planText: string;

  constructor(
    readonly folder: TrainingFolder,
    readonly plan: TrainingPlan,
    readonly description: RunDescription,
    readonly options: TrainCallOptions,
  ) {
    this.#planText = stableJson(description);
  }

  async readCheckpoint(): Promise<Checkpoint | undefined> {
    const bytes = await this.folder.readCheckpoint();
    if (bytes === null) return undefined;
    return decodeCheckpoint(bytes, join(this.folder.path, checkpointName), this.#planText);
  }

  async begin(): Promise<void> {
    const { signal: _, onProgress: __, command = ["respike", "train"], ...flags } = this.options;
    const config = { schema: "respike.training/1", command, flags, run: this.description };
    await this.folder.write("config.json", `${JSON.stringify(config, null, 2)}\n`);
  }

  keepCheckpoint(checkpoint: Checkpoint): Promise<void> {
    return this.folder.write(checkpointName, encodeCheckpoint(checkpoint, this.#planText));
  }

  async keepEpoch(checkpoint: Checkpoint): Promise<void> {
    await this.keepCheckpoint(checkpoint);
    const { history } = checkpoint;
    await this.folder.write("curve.csv", printCurve(history));
    const lines = history.map((record) => `${JSON.stringify(record)}\n`);
    await this.folder.write("progress.jsonl", lines.join(""));
    const epochs = countEpochs(this.plan.recipe.schedule);
    await this.#writeReport(history, `Epoch ${history.length} of ${epochs} is finished.`);
  }

  async finish(
    last: Checkpoint,
    { correct, n }: { readonly correct: number; readonly n: number },
    lowering: string,
  ): Promise<TrainResult> {
    const { plan, options, description } = this;
    const bytes = encodeNetwork(plan, last, options);
    const sha256 = hashBytes(bytes);
    const { seconds, idle, images } = last.cost;
    const result: TrainResult = {
      model: { path: options.output, sha256, bytes: bytes.length },
      arch: plan.arch,
      shortcut: plan.shortcut,
      data: description.data,
      epochs: last.history.length,
      bestEpoch: last.bestEpoch,
      test: { correct, n, accuracy: (100 * correct) / n },
      judgedAccuracy: 100 * (last.history[last.bestEpoch - 1]?.judgedAccuracy ?? 0),
      lowering,
      trainingSeconds: seconds,
      imagesPerSecond: seconds > 0 ? images / seconds : null,
      engineIdle: seconds > 0 ? idle / seconds : null,
      curve: last.history,
    };
    const force = { force: options.force === true || options.resume === true };
    await writeWholeFile(options.output, bytes, force);
    const provenance = `${JSON.stringify(describeProvenance(result, this), null, 2)}\n`;
    await writeWholeFile(nameProvenance(options.output), provenance, { force: true });
    await this.#writeReport(
      last.history,
      `Finished: ${result.test.accuracy.toFixed(2)} % of ${n} test images.`,
    );
    await this.folder.write("results.json", `${JSON.stringify(result, null, 2)}\n`);
    return result;
  }

  async #writeReport(history: readonly EpochRecord[], status: string): Promise<void> {
    const { html, plots } = await renderTraining({
      title: `${this.plan.arch} on ${this.description.data}`,
      status,
      history,
      command: this.options.command ?? ["respike", "train"],
      configuration: this.description,
      version,
    });
    for (const [name, svg] of plots) await this.folder.write(join("plots", name), svg);
    await this.folder.write("report.html", html);
  }
}

/** `x.safetensors` → `x.provenance.json` */
function nameProvenance(output: string): string {
  return `${output.replace(/\.safetensors$/, "")}.provenance.json`;
}

/** The state under the names of PyTorch, and what `convert` needs to know in the metadata. */
function encodeNetwork(plan: TrainingPlan, last: Checkpoint, options: TrainCallOptions): Uint8Array {
  const tensors = new Map(
    listState(plan.graph).map(({ name, shape }) => [
      name,
      float32Tensor(shape, last.best.get(name) ?? new Float32Array()),
    ]),
  );
  const activation = parseActivation(options.activation ?? "relu");
  const metadata = {
    arch: plan.arch,
    ...(plan.shortcut === "none" ? {} : { shortcut: plan.shortcut }),
    preprocessing: plan.preprocessing,
    bnEpsilon: plan.batchNormEpsilon,
    inputSize: plan.graph.input.attributes.shape.slice(1),
    ...(activation.kind === "relu" ? {} : { activation }),
  };
  return encodeSafetensors(tensors, { respike: JSON.stringify(metadata) });
}

function describeProvenance(result: TrainResult, { options, description, plan }: RunRecord) {
  const { model, curve, test, ...facts } = result;
  return {
    file: basename(model.path),
    sha256: model.sha256,
    testAccuracy: test.correct / test.n,
    testImages: test.n,
    trainedValues: countTrainedValues(plan.graph),
    command: (options.command ?? ["respike", "train"]).join(" "),
    engine: "onnxruntime-node",
    run: description,
    ...facts,
    curve,
  };
}

/** `epoch,rate,loss,trained,judged`, accuracies in percent. */
function printCurve(history: readonly EpochRecord[]): string {
  const rows = history.map(({ epoch, rate, loss, trainedAccuracy, judgedAccuracy }) =>
    [epoch, rate, loss, 100 * trainedAccuracy, 100 * judgedAccuracy].join(","),
  );
  return `${["epoch,rate,loss,trainedAccuracy,judgedAccuracy", ...rows].join("\n")}\n`;
}
