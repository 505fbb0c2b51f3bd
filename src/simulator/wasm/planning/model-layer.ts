/**
 * The modelled time of tables of 8 with 32-bit sums, of constant currents and of lists.
 *
 * Knows: shapes, expected spikes, the cost model. May not know: memory, how a kernel is chosen where there are several.
 */
import { forEachSynapse } from "../../plan/enumerate-synapses.js";
import type { NeuronStage, SynapseGroup } from "../../plan/snn-plan.js";
import type { WindowSynapses } from "../../plan/window-synapses.js";
import type { SourceFacts } from "./expected-spikes.js";
import {
  costConstant,
  costDiagonal,
  costList,
  costWideNeurons,
  costWideTables,
  type WindowSize,
} from "./kernel-costs.js";
import { usedBytes } from "./kernel-windows.js";
import { mayReadBytes } from "./spike-forms.js";
import { spikePlanes } from "./spike-planes.js";

export interface ModelledLayer {
  /** Of the source with most synapses; null where none sends spikes. */
  readonly rate: number | null;
  readonly modelledMicroseconds: number;
}

type FactsOf = (source: string) => SourceFacts;
type WideLanes = "int32" | "float32";

/** Tables of 8, or a constant current where there are no windows. */
export function modelTables(
  stage: NeuronStage,
  windows: readonly WindowSynapses[],
  lanes: WideLanes,
  factsOf: FactsOf,
): ModelledLayer {
  const pixels = stage.shape[1] * stage.shape[2];
  const blocks = Math.ceil(stage.shape[0] / 16);
  const neurons = costWideNeurons(pixels, blocks, spikePlanes(stage.lo, stage.hi).length, lanes);
  const nanoseconds =
    windows.length === 0
      ? costConstant(pixels, blocks)
      : windows.reduce(
          (sum, window) => sum + costWindow(window, { pixels, ...factsOf(window.source) }, blocks, lanes),
          0,
        );
  const sources = windows.map(({ source, weights }) => ({ source, synapses: weights.length }));
  return { rate: rateOf(sources, factsOf), modelledMicroseconds: (nanoseconds + neurons) / 1000 };
}

/** One window with 32-bit sums by tables of 8, or a channel each; nanoseconds of an image and step. */
export function costWindow(
  window: WindowSynapses,
  size: WindowSize & SourceFacts,
  blocks: number,
  lanes: WideLanes = "int32",
): number {
  if (lanes === "int32" && mayReadBytes(window, size)) return costDiagonal(size, blocks);
  const used = usedBytes(window).filter((bytes) => bytes > 0);
  const bytes = used.reduce((sum, each) => sum + each, 0);
  return costWideTables(size, bytes, used.length);
}

export function modelList(
  stage: NeuronStage,
  groups: readonly SynapseGroup[],
  factsOf: FactsOf,
): ModelledLayer {
  const sources = groups.map((group) => {
    let synapses = 0;
    forEachSynapse(group, () => synapses++);
    return { source: group.source, neurons: elementsOf(group.sourceShape), synapses };
  });
  const sum = (of: (source: (typeof sources)[number]) => number) =>
    sources.reduce((all, each) => all + factsOf(each.source).rate * of(each), 0);
  const pool = stage.poolBefore;
  const nanoseconds = costList({
    currents: elementsOf(stage.currentShape),
    neurons: elementsOf(stage.shape),
    pooled: pool === null ? 0 : pool.kernel[0] * pool.kernel[1],
    spikes: sum(({ neurons }) => neurons),
    synapses: sum(({ synapses }) => synapses),
  });
  return { rate: rateOf(sources, factsOf), modelledMicroseconds: nanoseconds / 1000 };
}

const elementsOf = ([channels, height, width]: readonly [number, number, number]) =>
  Math.ceil(channels / 16) * 16 * height * width;

function rateOf(
  sources: readonly { readonly source: string; readonly synapses: number }[],
  factsOf: FactsOf,
): number | null {
  const [first, ...others] = sources;
  if (first === undefined) return null;
  const largest = others.reduce((most, each) => (each.synapses > most.synapses ? each : most), first);
  return factsOf(largest.source).rate;
}
