/**
 * Trains a network on labelled images and writes it with its provenance.
 *
 * Knows: how the rooms fit together. May not know: flags' texts, the terminal.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { refuseUsage, type Warning } from "../core/respike-error.js";
import type { Dataset, ImageSet } from "../datasets/dataset.js";
import type { Graph } from "../graph/graph.js";
import { readCeilings } from "../graph/trained-ceilings.js";
import { openTrainingFolder } from "../node/training-folder.js";
import { refuseExisting, refuseUnwritable } from "../node/write-whole-file.js";
import { parseActivation } from "../training/activations.js";
import { checkDevice } from "../training/check-device.js";
import { checkMemory } from "../training/check-memory.js";
import { warnOfOneClass } from "../training/check-training-images.js";
import type { Checkpoint } from "../training/checkpoint.js";
import { chooseLowering } from "../training/choose-lowering.js";
import { loadEngine } from "../training/load-engine.js";
import { applyState } from "../training/network-state.js";
import { planTraining, type TrainingPlan } from "../training/plan-training.js";
import { measureAccuracy, type TrainingOptions, trainNetwork } from "../training/train-network.js";
import { makeBatchRunner } from "./batch-workers.js";
import { openData } from "./open-data.js";
import type { TrainCallOptions, TrainOutcome, TrainResult } from "./train-call.js";
import { describeRun, type TrainingCall, TrainingRecord } from "./training-record.js";

export type { TrainCallOptions, TrainOutcome, TrainResult };

/**
 * Trains a network: one of a named architecture from random weights, or a graph from the weights that it has. Killed at
 * any moment it goes on with `resume`: with one thread to the same bits. Test images are looked at once, when the run
 * is over. Graph and images are only read.
 *
 * @throws RespikeError exit 2 for options, and for a batch whose step needs more memory than is free, 3 for images that are refused or a graph that cannot be trained (each node
 * without a gradient is named), 4 where the loss or a weight is no longer a number, 5 without onnxruntime-node or the device; the
 * signal's reason where it is aborted, after a checkpoint
 * @example Goes on with a trained network on a few images of one's own:
 * ```ts
 * import { type ImageSet, loadModel, openData, train } from "respike";
 *
 * const { graph, preprocessing } = await loadModel("networks/mnist-resnet8.safetensors");
 * const mnist = await openData("mnist");
 * const take = ({ shape, pixels, labels }: ImageSet, n: number): ImageSet => ({
 *   ...{ n, shape, pixels: pixels.slice(0, n * 784), labels: labels.slice(0, n) },
 * });
 * const splits = { train: take(mnist.splits.train, 320), test: take(mnist.splits.test, 200) };
 *
 * const { result, graph: trained } = await train({
 *   graph,
 *   preprocessing: preprocessing ?? undefined,
 *   data: { ...mnist, name: "320 digits", splits },
 *   epochs: 1,
 *   rate: 0.001,
 *   flip: false,
 *   signal: AbortSignal.timeout(600_000),
 *   onProgress: ({ done, total }) => void (done / total),
 * });
 * console.log(result.arch, result.curve.length, result.test.accuracy > 90); // graph 1 true
 * console.log(trained.nodes.length === graph.nodes.length, trained === graph); // true false
 * ```
 */
export async function train(options: TrainCallOptions): Promise<TrainOutcome> {
  const warnings: Warning[] = [];
  const call: TrainingCall = {
    ...options,
    seed: options.seed ?? 0,
    activation: options.activation ?? chooseActivation(options.graph),
    lowering: options.lowering ?? "auto",
    device: options.device ?? "cpu",
    warn: (warning) => warnings.push(warning),
  };
  // 1. what is asked for, and whether it can be had
  const activation = parseActivation(call.activation);
  const engine = await loadEngine();
  await checkDevice(engine, call.device);
  await refuseOutputs(call);
  const data = await takeData(call);
  const plan = planTraining(call, data, activation);
  if (plan.keep === "best") warnings.push(...warnOfOneClass(data, plan.judged));
  const { recipe, graph } = plan;
  if (call.device === "cpu") checkMemory(graph, activation, recipe.batch);
  const lowering = await chooseLowering(engine, graph, recipe.batch, call.lowering, call.device);
  // 2. where the run is kept
  const folder = call.out === undefined ? null : await openTrainingFolder(call.out, call);
  try {
    const run = new TrainingRecord(folder, plan, await describeRun(plan, data, call), call);
    const training = await chooseTraining(plan, call, run);
    await run.begin();
    // 3. the work
    const last = await trainNetwork(plan.graph, data.splits.train, training);
    // 4. the test, the network's file, the report; results.json last
    const test = await countTestImages(plan, data.splits.test, last, training);
    const result = await run.finish(
      last,
      test,
      `onnxruntime-node ${engine.env.versions.common}`,
      lowering.name,
    );
    return { result, graph: applyState(graph, last.best), warnings, folder: nameFolder(call.out) };
  } finally {
    await folder?.close();
  }
}

async function chooseTraining(
  plan: TrainingPlan,
  call: TrainingCall,
  run: TrainingRecord,
): Promise<TrainingOptions> {
  return {
    ...plan.recipe,
    ...plan,
    activation: parseActivation(call.activation),
    ceilingDecay: call.ceilingDecay,
    lowering: call.lowering,
    device: call.device,
    seed: call.seed,
    threads: call.threads ?? availableParallelism(),
    runner: makeRunner(call.batchWorkers ?? 0),
    checkpoint: await run.readCheckpoint(),
    onEpoch: (checkpoint) => run.keepEpoch(checkpoint),
    onCheckpoint: (checkpoint) => run.keepCheckpoint(checkpoint),
    signal: call.signal,
    onProgress: call.onProgress,
  };
}

async function refuseOutputs({ output, out, force, resume }: TrainingCall): Promise<void> {
  if (resume === true && out === undefined) throw refuseResume();
  if (output === undefined) return;
  if (!/(?<!\.snn)\.safetensors$/.test(output)) throw refuseName(output);
  if (force !== true && resume !== true) await refuseExisting(output);
  await refuseUnwritable(output);
}

/** A folder or files that serve both splits have no images that the network has not seen. */
function warnOfSeenTest({ name, splits }: Dataset, { warn }: TrainingCall): void {
  if (splits.test.pixels !== splits.train.pixels) return;
  const message = "the test images are the training images: the accuracy on them says nothing of others";
  warn({ code: "test-was-trained-on", where: `data '${name}'`, message });
}

function nameFolder(out: string | undefined): TrainOutcome["folder"] {
  return out === undefined ? null : { path: out, report: join(out, "report.html") };
}

async function takeData(call: TrainingCall): Promise<Dataset> {
  const { data: asked, warn } = call;
  const data = typeof asked === "string" ? await openData(asked, { ...call, onWarning: warn }) : asked;
  warnOfSeenTest(data, call);
  return data;
}

/** A graph's trained ceilings are trained on. */
function chooseActivation(graph: Graph | undefined): string {
  return graph !== undefined && readCeilings(graph).size > 0 ? "clip" : "relu";
}

function makeRunner(workers: number) {
  return workers === 0 ? undefined : makeBatchRunner(workers);
}

async function countTestImages(
  plan: TrainingPlan,
  test: ImageSet,
  last: Checkpoint,
  options: TrainingOptions,
) {
  const judged = Uint32Array.from({ length: test.n }, (_, at) => at);
  const accuracy = await measureAccuracy(plan.graph, test, last.best, { ...options, judged });
  return { correct: Math.round(accuracy * test.n), n: test.n };
}

function refuseName(output: string) {
  const rule = "the network is written as FILE.safetensors; FILE.snn.safetensors are spiking ones";
  const next = `write -o ${output.replace(/(\.snn)?\.[^./\\]*$/, "")}.safetensors`;
  return refuseUsage({ code: "usage", where: "-o", rule, value: `'${output}'`, next });
}

function refuseResume() {
  const rule = "a run goes on with the run folder that it was begun in";
  return refuseUsage({
    code: "usage",
    where: "--resume",
    rule,
    value: "no run folder",
    next: "name it: --out",
  });
}
