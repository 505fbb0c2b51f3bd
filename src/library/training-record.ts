/**
 * What a training run leaves: checkpoints while it goes, then the network, its provenance and the results.
 *
 * Knows: which file holds what. May not know: how a network is trained.
 */
import { basename, join } from "node:path";
import type { Warning } from "../core/respike-error.js";
import { hashBytes, hashLargeBytes, stableJson, viewBytes } from "../core/sha256.js";
import { float32Tensor } from "../core/tensor.js";
import type { Dataset } from "../datasets/dataset.js";
import { wilsonInterval } from "../evaluation/wilson-interval.js";
import { parseModel } from "../formats/parse-model.js";
import { encodeSafetensors } from "../formats/safetensors/encode-safetensors.js";
import type { Graph } from "../graph/graph.js";
import { hashGraph } from "../graph/hash-graph.js";
import { isOp } from "../graph/node-types.js";
import { checkpointName, type TrainingFolder, trainingSchema } from "../node/training-folder.js";
import { writeWholeFile } from "../node/write-whole-file.js";
import { renderTraining } from "../report/training/render-training.js";
import { parseActivation } from "../training/activations.js";
import {
  type Checkpoint,
  decodeCheckpoint,
  type EpochRecord,
  encodeCheckpoint,
} from "../training/checkpoint.js";
import type { LoweringChoice } from "../training/lowering-choice.js";
import { listState } from "../training/network-state.js";
import type { TrainingPlan } from "../training/plan-training.js";
import { countEpochs } from "../training/schedules.js";
import { countTrainedValues } from "../training/train-network.js";
import type { TrainingDevice } from "../training/training-device.js";
import type { TrainCallOptions, TrainResult } from "./train-call.js";
import { version } from "./version.js";

/** A call of `train` with its defaults resolved. */
export interface TrainingCall extends TrainCallOptions {
  readonly seed: number;
  readonly activation: string;
  readonly lowering: LoweringChoice;
  readonly device: TrainingDevice;
  readonly warn: (warning: Warning) => void;
}

/** Everything that decides the run's result. */
export async function describeRun(plan: TrainingPlan, data: Dataset, call: TrainingCall) {
  const { pixels, labels } = data.splits.train;
  return {
    version,
    arch: plan.arch,
    shortcut: plan.shortcut,
    ...(call.graph === undefined ? {} : { graphSha256: hashGraph(call.graph) }),
    preset: plan.preset,
    data: data.name,
    trainSha256: await hashLargeBytes(viewBytes(pixels), viewBytes(labels)),
    ...plan.recipe,
    activation: call.activation,
    ...(call.ceiling === undefined ? {} : { ceiling: call.ceiling }),
    ...(call.ceilingDecay === undefined ? {} : { ceilingDecay: call.ceilingDecay }),
    lowering: call.lowering,
    preprocessing: plan.preprocessing,
    bnEpsilon: plan.batchNormEpsilon,
    trainedOn: `training images 1 to ${plan.trained.length.toLocaleString("en-US")}`,
    judgedOn: `the last ${plan.judged.length.toLocaleString("en-US")} training images${
      plan.keep === "last" ? ", which are trained on too; the last epoch is kept" : ", which choose the epoch"
    }`,
    seed: call.seed,
  };
}

type RunDescription = Awaited<ReturnType<typeof describeRun>>;

export class TrainingRecord {
  readonly #planText: string;

  /** @param folder null where nothing of the run is kept */
  constructor(
    readonly folder: TrainingFolder | null,
    readonly plan: TrainingPlan,
    readonly description: RunDescription,
    readonly call: TrainingCall,
  ) {
    this.#planText = stableJson(description);
  }

  async readCheckpoint(): Promise<Checkpoint | undefined> {
    const bytes = await this.folder?.readCheckpoint();
    if (this.folder === null || bytes === null || bytes === undefined) return undefined;
    return decodeCheckpoint(bytes, join(this.folder.path, checkpointName), this.#planText);
  }

  async begin(): Promise<void> {
    const { signal: _, onProgress: __, warn: ___, graph: ____, data, command, ...flags } = this.call;
    const config = {
      schema: trainingSchema,
      command: command ?? defaultCommand,
      flags: { ...flags, data: typeof data === "string" ? data : data.name },
      run: this.description,
    };
    await this.folder?.write("config.json", `${JSON.stringify(config, null, 2)}\n`);
  }

  async keepCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.folder?.write(checkpointName, encodeCheckpoint(checkpoint, this.#planText));
  }

  async keepEpoch(checkpoint: Checkpoint): Promise<void> {
    await this.keepCheckpoint(checkpoint);
    const { history } = checkpoint;
    await this.#writeCurve(history);
    const epochs = countEpochs(this.plan.recipe.schedule);
    await this.#writeReport(history, `Epoch ${history.length} of ${epochs} is finished.`);
  }

  async finish(
    last: Checkpoint,
    { correct, n }: { readonly correct: number; readonly n: number },
    engine: string,
    lowering: string,
  ): Promise<TrainResult> {
    const { plan, description } = this;
    const { seconds, idle, images } = last.cost;
    const facts = {
      arch: plan.arch,
      shortcut: plan.shortcut,
      data: description.data,
      epochs: last.history.length,
      bestEpoch: last.bestEpoch,
      test: { correct, n, accuracy: (100 * correct) / n },
      judgedAccuracy: 100 * (last.history[last.bestEpoch - 1]?.judgedAccuracy ?? 0),
      lowering,
      device: this.call.device,
      trainingSeconds: seconds,
      imagesPerSecond: seconds > 0 ? images / seconds : null,
      engineIdle: seconds > 0 ? idle / seconds : null,
      curve: last.history,
    };
    const result: TrainResult = { model: await this.#writeNetwork(last, facts, engine), ...facts };
    // A run that was killed behind its last checkpoint has yet to write it.
    await this.#writeCurve(last.history);
    await this.#writeReport(
      last.history,
      `Finished: ${facts.test.accuracy.toFixed(2)} % of ${n} test images.`,
    );
    await this.folder?.write("results.json", `${JSON.stringify(result, null, 2)}\n`);
    return result;
  }

  async #writeNetwork(
    last: Checkpoint,
    facts: Omit<TrainResult, "model">,
    engine: string,
  ): Promise<TrainResult["model"]> {
    const { plan, call } = this;
    const { output, force, resume } = call;
    if (output === undefined) return null;
    const bytes = encodeNetwork(plan, last, call.activation);
    const model = { path: output, sha256: hashBytes(bytes), bytes: bytes.length };
    if (call.graph !== undefined && !isReadBack(bytes, plan.graph)) call.warn(warnUnreadable(output));
    await writeWholeFile(output, bytes, { force: force === true || resume === true });
    const provenance = `${JSON.stringify(describeProvenance(model, facts, engine, this), null, 2)}\n`;
    await writeWholeFile(nameProvenance(output), provenance, { force: true });
    return model;
  }

  async #writeCurve(history: readonly EpochRecord[]): Promise<void> {
    await this.folder?.write("curve.csv", printCurve(history));
    const lines = history.map((record) => `${JSON.stringify(record)}\n`);
    await this.folder?.write("progress.jsonl", lines.join(""));
  }

  async #writeReport(history: readonly EpochRecord[], status: string): Promise<void> {
    if (this.folder === null) return;
    const { html, plots } = await renderTraining({
      title: `${this.plan.arch} on ${this.description.data}`,
      status,
      history,
      command: this.call.command ?? defaultCommand,
      configuration: this.description,
      version,
    });
    for (const [name, svg] of plots) await this.folder.write(join("plots", name), svg);
    await this.folder.write("report.html", html);
  }
}

const defaultCommand = ["respike", "train"];

/** `x.safetensors` → `x.provenance.json` */
function nameProvenance(output: string): string {
  return `${output.replace(/\.safetensors$/, "")}.provenance.json`;
}

/** The state under the names of PyTorch, and what `convert` needs to know in the metadata. */
function encodeNetwork(plan: TrainingPlan, last: Checkpoint, activationText: string): Uint8Array {
  const tensors = new Map(
    listState(plan.graph).map(({ name, shape }) => [
      name,
      float32Tensor(shape, last.best.get(name) ?? new Float32Array()),
    ]),
  );
  const activation = parseActivation(activationText);
  const metadata = {
    ...nameArchitecture(plan),
    preprocessing: plan.preprocessing,
    bnEpsilon: plan.batchNormEpsilon,
    inputSize: plan.graph.input.attributes.shape.slice(1),
    ...(activation.kind === "relu" ? {} : { activation }),
  };
  return encodeSafetensors(tensors, { respike: JSON.stringify(metadata) });
}

/** Of a given graph only its shortcuts without weights, which the keys do not tell. */
function nameArchitecture({ arch, shortcut, graph }: TrainingPlan) {
  if (arch !== "graph") return { arch, ...(shortcut === "none" ? {} : { shortcut }) };
  const node = graph.nodes.find((each) => isOp(each, "shortcut"));
  return node !== undefined && isOp(node, "shortcut") ? { shortcut: node.attributes.kind } : {};
}

/** Whether the file says the same network again, in everything but its weights. */
function isReadBack(bytes: Uint8Array, graph: Graph): boolean {
  // A ReLU's name and its ceiling are no part of the outline.
  const outline = ({ nodes }: Graph) =>
    stableJson(
      nodes.map(({ op, attributes, tensors }) => [
        op,
        op === "relu" || attributes,
        Object.keys(tensors).sort(),
      ]),
    );
  try {
    return outline(parseModel(bytes).graph) === outline(graph);
  } catch {
    return false;
  }
}

function warnUnreadable(output: string): Warning {
  const message =
    "the file has the weights alone, and no architecture that respike knows fits them: convert cannot read it; keep the graph that train returns";
  return { code: "weights-alone", where: basename(output), message };
}

function describeProvenance(
  model: { readonly path: string; readonly sha256: string },
  facts: Omit<TrainResult, "model">,
  engine: string,
  { call, description, plan }: TrainingRecord,
) {
  const { curve, test, ...rest } = facts;
  return {
    file: basename(model.path),
    sha256: model.sha256,
    testAccuracy: test.correct / test.n,
    testAccuracyCi95: wilsonInterval(test.correct, test.n),
    testImages: test.n,
    trainedValues: countTrainedValues(plan.graph),
    command: (call.command ?? defaultCommand).join(" "),
    engine,
    run: description,
    ...rest,
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
