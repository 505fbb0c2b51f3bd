/**
 * What a training run is, resolved: the network, the recipe, which images train and which judge.
 *
 * Knows: architectures, recipes, the data set's parts. May not know: files, the engine, flags' texts.
 */
import { refuseUsage } from "../core/respike-error.js";
import type { Dataset } from "../datasets/dataset.js";
import { countJudging, selectJudging } from "../datasets/split-training.js";
import { architectures } from "../formats/architectures/architecture-list.js";
import type { Graph } from "../graph/graph.js";
import { isOp } from "../graph/node-types.js";
import { type Preprocessing, preprocessingPresets } from "../graph/preprocessing.js";
import { type ActivationPlan, addCeilings } from "./activations.js";
import { buildResnet } from "./build-resnet.js";
import { checkBatchPlan } from "./check-batch-plan.js";
import { checkTrainable } from "./check-trainable.js";
import { checkTrainingImages } from "./check-training-images.js";
import { type Recipe, recipes, scaleSchedule, stretchSchedule } from "./recipes.js";
import type { Schedule } from "./schedules.js";

/** What may be asked of a training run; each field takes the recipe's place. */
export interface TrainingRequest {
  /** `resnet8`, `resnet20` … `plain56`, with random weights; or `graph`. */
  readonly arch?: string | undefined;
  /** A network of any architecture, with the weights to begin with; or `arch`. Never changed. */
  readonly graph?: Graph | undefined;
  /** Of the images; that of the named data set by default, else `unit`. A network trained before wants its own. */
  readonly preprocessing?: Preprocessing | undefined;
  /** P by default; plain networks have none. */
  readonly shortcut?: "A" | "B" | "P" | "avg" | undefined;
  /** A recipe's name; `digits` for MNIST, else `evening`. */
  readonly preset?: string | undefined;
  readonly epochs?: number | undefined;
  readonly batch?: number | undefined;
  /** The highest learning rate. */
  readonly rate?: number | undefined;
  readonly momentum?: number | undefined;
  readonly weightDecay?: number | undefined;
  readonly smoothing?: number | undefined;
  readonly schedule?: "cosine" | "one-cycle" | "step" | undefined;
  /** Epochs of rising rate, of a cosine. */
  readonly warmUp?: number | undefined;
  /** Whether half of the images are mirrored; not for digits. */
  readonly flip?: boolean | undefined;
  readonly trainAll?: boolean | undefined;
  /** Where trained ceilings begin, 4 by default; only with the activations `clip` and `qcfs`. */
  readonly ceiling?: number | undefined;
  /** Weight decay of the ceilings, that of the weights by default; as `ceiling`. */
  readonly ceilingDecay?: number | undefined;
  readonly seed: number;
}

export interface TrainingPlan {
  /** `graph` where the network was given. */
  readonly arch: string;
  readonly shortcut: "A" | "B" | "P" | "avg" | "none";
  readonly preset: string;
  readonly recipe: Recipe;
  readonly graph: Graph;
  readonly preprocessing: Preprocessing;
  readonly batchNormEpsilon: number;
  /** Indices into the training split. */
  readonly trained: Uint32Array;
  readonly judged: Uint32Array;
  readonly keep: "best" | "last";
}

const batchNormEpsilon = 1e-5;

/**
 * @throws RespikeError exit 2 for an architecture or a recipe that is unknown, or options that contradict; exit 3 for a
 * network that has other images or classes than the data, or operators that cannot be trained, and for images that cannot
 * be divided
 */
export function planTraining(
  request: TrainingRequest,
  data: Dataset,
  activation: ActivationPlan,
): TrainingPlan {
  checkCeilings(request, activation);
  const { name, recipe } = resolveRecipe(request, data);
  const { trained, judged } = divideImages(data.splits.train.n, request.trainAll === true);
  const { network, ...architecture } = resolveNetwork(request, data);
  const preprocessing = request.preprocessing ?? choosePreprocessing(data.name);
  checkTrainingImages(data, { trained, judged }, preprocessing);
  const { seed } = request;
  checkBatchPlan(data.splits.train, { ...recipe, trained, preprocessing, seed, classes: data.classes });
  return {
    ...architecture,
    preset: name,
    recipe,
    graph: addCeilings(network, activation, request.ceiling),
    preprocessing,
    trained,
    judged,
    keep: request.trainAll === true ? "last" : "best",
  };
}

type ResolvedNetwork = Pick<TrainingPlan, "arch" | "shortcut" | "batchNormEpsilon"> & {
  readonly network: Graph;
};

function resolveNetwork(request: TrainingRequest, data: Dataset): ResolvedNetwork {
  const { arch, graph } = request;
  if (graph === undefined) return buildNetwork(request, data);
  if (arch !== undefined || request.shortcut !== undefined) throw refuseBoth(request);
  checkTrainable(graph, data);
  const norm = graph.nodes.find((node) => isOp(node, "batch-norm"));
  const epsilon = norm !== undefined && isOp(norm, "batch-norm") ? norm.attributes.epsilon : batchNormEpsilon;
  return { arch: "graph", shortcut: "none", batchNormEpsilon: epsilon, network: graph };
}

/** A fresh network of a named architecture. */
function buildNetwork(request: TrainingRequest, data: Dataset): ResolvedNetwork {
  const architecture = architectures.find(({ name }) => name === request.arch);
  if (architecture === undefined) throw refuseArchitecture(request.arch);
  const plain = architecture.family === "plain";
  if (plain && request.shortcut !== undefined) throw refuseShortcut(architecture.name, request.shortcut);
  const shortcut = plain ? "none" : (request.shortcut ?? "P");
  if (shortcut === "avg") checkSides(data.shape);
  const network = buildResnet({
    input: data.shape,
    classes: data.classes,
    blocks: architecture.blocksPerStage,
    width: architecture.widths[0] as number,
    shortcut,
    batchNormEpsilon,
    seed: request.seed,
  });
  return { arch: architecture.name, shortcut, batchNormEpsilon, network };
}

function choosePreprocessing(data: string): Preprocessing {
  return (preprocessingPresets[data as keyof typeof preprocessingPresets] ??
    preprocessingPresets.unit) as Preprocessing;
}

function resolveRecipe(request: TrainingRequest, data: Dataset): { name: string; recipe: Recipe } {
  const isDigits = data.name === "mnist";
  const wanted = request.preset ?? (isDigits ? "digits" : "evening");
  const found = recipes.find(({ name }) => name === wanted);
  if (found === undefined) throw refusePreset(wanted);
  const { name, summary: _, ...recipe } = found;
  const flip = request.flip ?? (!isDigits && recipe.augmentation.flip);
  if (flip && isDigits) throw refuseFlip();
  // A small image keeps what its class is told by.
  const pad = Math.min(recipe.augmentation.pad, Math.floor(Math.min(data.shape[1], data.shape[2]) / 8));
  return {
    name,
    recipe: {
      schedule: resolveSchedule(request, recipe.schedule),
      batch: request.batch ?? recipe.batch,
      momentum: request.momentum ?? recipe.momentum,
      weightDecay: request.weightDecay ?? recipe.weightDecay,
      smoothing: request.smoothing ?? recipe.smoothing,
      augmentation: { ...recipe.augmentation, flip, pad },
    },
  };
}

function resolveSchedule(request: TrainingRequest, preset: Schedule): Schedule {
  let schedule = preset;
  const peak = schedule.kind === "step" ? Math.max(...schedule.rates) : schedule.peak;
  const epochs = schedule.kind === "step" ? (schedule.ends.at(-1) ?? 0) : schedule.epochs;
  if (request.schedule !== undefined && request.schedule !== schedule.kind) {
    schedule = {
      cosine: { kind: "cosine", peak, last: 0, warmUp: 1, epochs } as const,
      "one-cycle": { kind: "one-cycle", peak, epochs } as const,
      step: {
        kind: "step",
        rates: [peak, peak / 10, peak / 100],
        ends: [epochs / 2, (3 * epochs) / 4, epochs],
      } as const,
    }[request.schedule];
  }
  if (request.epochs !== undefined) schedule = stretchSchedule(schedule, request.epochs);
  if (request.rate !== undefined) schedule = scaleSchedule(schedule, request.rate);
  if (request.warmUp === undefined) return schedule;
  if (schedule.kind !== "cosine") throw refuseWarmUp(schedule.kind);
  if (request.warmUp >= schedule.epochs) throw refuseLongWarmUp(request.warmUp, schedule.epochs);
  return { ...schedule, warmUp: request.warmUp };
}

/** The last images of the training split judge; with `all` they are trained on too. */
function divideImages(count: number, all: boolean) {
  const kept = all ? count : count - countJudging(count);
  return { trained: Uint32Array.from({ length: kept }, (_, at) => at), judged: selectJudging(count) };
}

const refuse = (where: string, rule: string, value: string, next: string) =>
  refuseUsage({ code: "usage", where, rule, value, next });

function refuseArchitecture(arch: string | undefined) {
  const names = architectures.map(({ name }) => name).join(", ");
  const value = arch === undefined ? "missing" : `'${arch}'`;
  return refuse("respike train", `the architecture is one of ${names}`, value, "choose one of them");
}

function refuseBoth({ arch, shortcut }: TrainingRequest) {
  const rule = "a graph is a whole network: it takes neither arch nor shortcut";
  return refuse("graph", rule, arch ?? `shortcut ${shortcut}`, "leave one of them out");
}

function refuseShortcut(arch: string, shortcut: string) {
  const rule = "plain networks have no shortcuts";
  return refuse(
    "--shortcut",
    rule,
    `${shortcut} for ${arch}`,
    `leave it out, or train ${arch.replace("plain", "resnet")}`,
  );
}

/** A 2×2 pool, which stage 2 and stage 3 begin with, leaves out an odd side's last row, the convolutions beside it do not. */
function checkSides([, height, width]: Dataset["shape"]): void {
  const odd = Object.entries({ height, width }).flatMap(([side, extent]) => {
    const half = Math.ceil(extent / 2);
    if (extent % 2 !== 0) return [`${side} ${extent}`];
    return half % 2 !== 0 ? [`${side} ${extent}, ${half} after stage 1`] : [];
  });
  if (odd.length === 0) return;
  const rule = "option avg halves maps twice, whose sides must be even: height and width are multiples of 4";
  throw refuse("--shortcut avg", rule, odd.join("; "), "write --shortcut P, B or A");
}

function checkCeilings({ ceiling, ceilingDecay }: TrainingRequest, { kind }: ActivationPlan): void {
  if (kind !== "relu") return;
  const given = [
    ...(ceiling === undefined ? [] : ["--ceiling"]),
    ...(ceilingDecay === undefined ? [] : ["--ceiling-decay"]),
  ];
  if (given.length === 0) return;
  const rule = "only activations clip and qcfs:L have ceilings that are trained";
  throw refuse(given.join(", "), rule, "--activation relu", "write --activation clip");
}

function refusePreset(preset: string) {
  const names = recipes.map(({ name }) => name).join(", ");
  return refuse("--preset", `one of ${names}`, `'${preset}'`, "see respike train --help");
}

function refuseFlip() {
  const rule = "digits are never mirrored: their mirror images are other signs";
  return refuse("--flip", rule, "mnist", "leave --flip out");
}

function refuseWarmUp(kind: string) {
  return refuse("--warm-up", "only a cosine is warmed up", kind, "write --schedule cosine");
}

function refuseLongWarmUp(warmUp: number, epochs: number) {
  return refuse("--warm-up", `ends before the ${epochs} epochs do`, String(warmUp), "leave --warm-up out");
}
