/**
 * Which kernel runs which layer, and whether one can.
 *
 * Knows: alphabets, forms and bounds that kernels ask for. May not know: memory, images.
 */
import { type Problem, refuseInput } from "../../../core/respike-error.js";
import {
  type Alphabets,
  boundByChannel,
  boundByTarget,
  type CurrentBounds,
} from "../../plan/bound-currents.js";
import { forEachSynapse } from "../../plan/enumerate-synapses.js";
import type { NeuronStage, SnnPlan, SynapseGroup } from "../../plan/snn-plan.js";
import { type WindowSynapses, windowOf } from "../../plan/window-synapses.js";
import { expectSpikes, type SourceFacts } from "./expected-spikes.js";
import { isDiagonal, weightsFit16 } from "./kernel-windows.js";
import type { Lanes, LayerKernel } from "./layer-kernel.js";
import { modelList, modelTables } from "./model-layer.js";
import { nearestLimit } from "./nearest-spike.js";
import { type KernelFamily, planKernels } from "./plan-kernels.js";
import { planWideKernels } from "./plan-wide-kernels.js";

/** Synapses listed one by one: at most this many in a layer. */
const longestList = 2 ** 26;

/**
 * @param poisson whether the image's pixels are spikes
 * @throws RespikeError (exit 3, `not-supported`) listing all that the kernels cannot run
 */
export function chooseKernels(
  plan: SnnPlan,
  poisson: boolean,
  prefer?: KernelFamily,
): readonly LayerKernel[] {
  const problems = findUnsupported(plan, poisson);
  if (problems.length > 0) throw refuseInput(problems);
  const factsOf = expectSpikes(plan);
  return plan.neurons.map((stage) => {
    const kernel = chooseKernel(stage, plan, factsOf, { poisson, prefer });
    return { ...kernel, diagonals: findDiagonals(kernel) };
  });
}

function findUnsupported(plan: SnnPlan, poisson: boolean): Problem[] {
  const problems: Problem[] = [];
  const refuse = (where: string, rule: string, value: string) => {
    problems.push({ code: "not-supported", where, rule, value, next: "use --backend reference" });
  };
  for (const { name, lo, hi, number, threshold } of plan.neurons) {
    const largest = threshold.reduce((most, theta) => Math.max(most, theta), 0) * Math.max(hi, -lo);
    if (number !== "float32" && largest >= 2 ** 30)
      refuse(name, "θ times the largest spike stays below 2³⁰", String(largest));
  }
  if (plan.output.poolBefore !== null)
    refuse(plan.output.id, "no max pool stands before the output", "a max pool");
  if (poisson && plan.output.groups.some((group) => group.source === plan.image)) {
    refuse(plan.output.id, "pixel spikes do not reach the output directly", "a synapse of the image");
  }
  return problems;
}

type ChosenKernel = Omit<LayerKernel, "diagonals">;

function findDiagonals({ windows, rows, events, lanes }: ChosenKernel): readonly WindowSynapses[] {
  if (lanes === "float32") return [];
  return windows.filter((window) => window !== rows && !events.includes(window) && isDiagonal(window));
}

function chooseKernel(
  stage: NeuronStage,
  { image, alphabets }: SnnPlan,
  factsOf: (source: string) => SourceFacts,
  { poisson, prefer }: { readonly poisson: boolean; readonly prefer: KernelFamily | undefined },
): ChosenKernel {
  const spiking = stage.groups.filter((group) => poisson || group.source !== image);
  const constant = poisson ? [] : stage.groups.filter((group) => group.source === image);
  const found = stage.poolBefore === null ? spiking.map(windowOf) : [null];
  const windows = found.filter((window) => window !== null);
  const isTables = windows.length === found.length;
  const bounds = isTables ? boundByChannel(stage, windows, alphabets) : boundList(stage, spiking, alphabets);
  const form = isTables ? "tables" : "list";
  const kernel = { stage, form, spiking, windows: isTables ? windows : [], constant } as const;
  if (stage.number === "float32") return runWide(kernel, "float32", bounds, factsOf);
  if (form === "list" || windows.length === 0 || constant.length > 0 || stage.number === "int32")
    return runWide(kernel, "int32", bounds, factsOf, prefer);
  const exact = fits16(bounds) ? bounds : boundByTarget(stage, spiking, alphabets);
  const isNarrow = fits16(exact) && windows.every(weightsFit16) && fitsNarrowNeurons(stage);
  if (!isNarrow) return runWide(kernel, "int32", exact, factsOf, prefer);
  return { ...kernel, lanes: "int16", bounds: exact, ...planKernels(stage, windows, factsOf, prefer) };
}

/** Sums of 32 bits: integers by tables of 8 or the event list, the rest by the one kernel of its form. */
function runWide(
  kernel: Pick<LayerKernel, "stage" | "form" | "spiking" | "windows" | "constant">,
  lanes: "int32" | "float32",
  bounds: CurrentBounds,
  factsOf: (source: string) => SourceFacts,
  prefer?: KernelFamily,
): ChosenKernel {
  const { stage, form, spiking, windows } = kernel;
  const isTables = form === "tables";
  const only = {
    ...(isTables ? modelTables(stage, windows, lanes, factsOf) : modelList(stage, spiking, factsOf)),
    events: [],
    together: isTables && windows.length === 0,
    candidates: [],
    name: nameOf(form, lanes, windows),
  };
  const planned =
    lanes === "int32" && isTables && windows.length > 0
      ? planWideKernels(stage, windows, factsOf, only, prefer)
      : only;
  return { ...kernel, ...planned, lanes, bounds, rows: undefined, scatters: false };
}

function nameOf(form: LayerKernel["form"], lanes: Lanes, windows: readonly WindowSynapses[]): string {
  if (form === "list") return `list ${lanes}`;
  return windows.length === 0 ? `constant ${lanes}` : `table-8 ${lanes}`;
}

/** θ of 2¹⁵ and more is climbed, from sums of 32 bits. */
const fitsNarrowNeurons = ({ refine, threshold }: NeuronStage) =>
  refine === null || threshold.every((theta) => theta < nearestLimit);

const fits16 = ({ lowest, highest }: CurrentBounds) => lowest >= -32_768 && highest <= 32_767;

function boundList(stage: NeuronStage, groups: readonly SynapseGroup[], alphabets: Alphabets): CurrentBounds {
  let synapses = 0;
  for (const group of groups) forEachSynapse(group, () => synapses++);
  if (synapses > longestList) {
    throw refuseInput({
      code: "not-supported",
      where: stage.name,
      rule: `an irregular layer has at most ${longestList} synapses`,
      value: String(synapses),
      next: "use --backend reference",
    });
  }
  return boundByTarget(stage, groups, alphabets);
}
