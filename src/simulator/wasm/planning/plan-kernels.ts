/**
 * Picks the current kernels of a layer of 16-bit sums: the cheapest by the model of kernel-costs.ts.
 *
 * Knows: which kernel can run which window. May not know: memory, time measured; the same network is planned alike
 * everywhere.
 */
import type { KernelCandidate } from "../../backend.js";
import type { NeuronStage } from "../../plan/snn-plan.js";
import type { WindowSynapses } from "../../plan/window-synapses.js";
import type { SourceFacts } from "./expected-spikes.js";
import { groupBlocks } from "./group-blocks.js";
import {
  costDiagonal,
  costEvents,
  costNeurons,
  costScatter,
  costTables8,
  costTables12,
  costTakenWord,
} from "./kernel-costs.js";
import { eventSizeOf, isEventWindow, isRowsWindow, usedBytes } from "./kernel-windows.js";
import { mayReadBytes } from "./spike-forms.js";
import { spikePlanes } from "./spike-planes.js";

export type KernelFamily = "table-12" | "events" | "scatter" | "table-8";

export interface CurrentPlan {
  readonly rows: WindowSynapses | undefined;
  readonly events: readonly WindowSynapses[];
  readonly scatters: boolean;
  readonly together: boolean;
  readonly name: string;
  /** Of the source with most synapses. */
  readonly rate: number;
  readonly modelledMicroseconds: number;
  readonly candidates: readonly KernelCandidate[];
}

interface Option extends Omit<CurrentPlan, "candidates" | "rate"> {
  readonly family: KernelFamily;
}

/** @param prefer taken wherever it can run, for tests and benches */
export function planKernels(
  stage: NeuronStage,
  windows: readonly WindowSynapses[],
  factsOf: (source: string) => SourceFacts,
  prefer?: KernelFamily,
): CurrentPlan {
  const costs = new WindowCosts(stage, factsOf);
  const options = [
    planTables12(windows, costs),
    planEvents(windows, costs, "events"),
    planEvents(windows, costs, "scatter"),
    planTables8(windows, costs),
  ].filter((option) => option !== null);
  const cheapest = options.reduce((best, option) =>
    option.modelledMicroseconds < best.modelledMicroseconds ? option : best,
  );
  const { family, ...chosen } = options.find((option) => option.family === prefer) ?? cheapest;
  const candidates = (["table-12", "events", "scatter", "table-8"] as const).map((each): KernelCandidate => {
    const option = options.find((found) => found.family === each);
    const kernel = `${each} int16`;
    if (option === undefined) return { kernel, modelledMicroseconds: null, reason: reasons[each] };
    const { modelledMicroseconds } = option;
    return { kernel, modelledMicroseconds, reason: each === family ? null : "costs more by the model" };
  });
  return { ...chosen, rate: factsOf(largestOf(windows).source).rate, candidates };
}

export const largestOf = (windows: readonly WindowSynapses[]) =>
  windows.reduce((most, each) => (each.weights.length > most.weights.length ? each : most));

const reasons: Readonly<Record<KernelFamily, string>> = {
  "table-12": "runs 3×3 windows over 16, 32 or 64 channels",
  events: "runs windows whose columns lie side by side",
  scatter: "runs windows whose columns lie side by side",
  "table-8": "runs any window",
};

/** Costs of one layer's windows, in nanoseconds of an image and step. */
class WindowCosts {
  readonly pixels: number;
  readonly blocks: number;
  readonly neurons: number;

  constructor(
    stage: NeuronStage,
    private readonly factsOf: (source: string) => SourceFacts,
  ) {
    this.pixels = stage.shape[1] * stage.shape[2];
    this.blocks = Math.ceil(stage.shape[0] / 16);
    this.neurons = costNeurons(this.pixels, this.blocks, spikePlanes(stage.lo, stage.hi).length);
  }

  #sizeOf(window: WindowSynapses) {
    return { pixels: this.pixels, ...this.factsOf(window.source) };
  }

  ofTables8(window: WindowSynapses): number {
    const used = usedBytes(window);
    const bytes = used.reduce((sum, each) => sum + each, 0);
    return costTables8(this.#sizeOf(window), bytes, used.filter((each) => each > 0).length);
  }

  /** Of a window that no tables of 12 and no events run. */
  ofOther(window: WindowSynapses): number {
    if (!mayReadBytes(window, this.factsOf(window.source))) return this.ofTables8(window);
    return costDiagonal(this.#sizeOf(window), this.blocks);
  }

  /** Of a window beside `rows`, which tables of 12 run: they take one word along where both have one plane. */
  ofShortcut(window: WindowSynapses, rows: WindowSynapses): number {
    const used = usedBytes(window);
    const size = this.#sizeOf(window);
    const isBinary = size.planes === 1 && this.#sizeOf(rows).planes === 1;
    const isWord = isBinary && used.every((bytes) => bytes <= 2);
    const blocks = used.filter((bytes) => bytes > 0).length;
    return isWord ? costTakenWord(size, blocks) : this.ofOther(window);
  }

  ofTables12(window: WindowSynapses): number {
    const words = (window.sourceShape[0] / 16) * 3;
    return costTables12(this.#sizeOf(window), words, window.stride[1] === 1, this.blocks);
  }

  ofEvents(window: WindowSynapses, family: "events" | "scatter"): number {
    const size = eventSizeOf(window, this.#sizeOf(window));
    const groups = groupBlocks(this.blocks, true).map(({ count }) => count);
    return family === "events" ? costEvents(size, groups) : costScatter(size, groups);
  }
}

const microseconds = (costs: WindowCosts, nanoseconds: number) => (costs.neurons + nanoseconds) / 1000;

function planTables12(windows: readonly WindowSynapses[], costs: WindowCosts): Option | null {
  const rows = windows.find(isRowsWindow);
  if (rows === undefined) return null;
  const others = windows.filter((window) => window !== rows);
  const ofOther = (window: WindowSynapses) =>
    others.length === 1 ? costs.ofShortcut(window, rows) : costs.ofOther(window);
  const cost = others.reduce((sum, window) => sum + ofOther(window), costs.ofTables12(rows));
  const modelledMicroseconds = microseconds(costs, cost);
  return {
    family: "table-12",
    rows,
    events: [],
    scatters: false,
    together: false,
    name: "table-12 int16",
    modelledMicroseconds,
  };
}

/** The largest window by events (or scattered), the others by what is cheaper. */
function planEvents(
  windows: readonly WindowSynapses[],
  costs: WindowCosts,
  family: "events" | "scatter",
): Option | null {
  const largest = largestOf(windows);
  if (!isEventWindow(largest)) return null;
  const events = windows.filter(
    (window) =>
      window === largest || (isEventWindow(window) && costs.ofEvents(window, family) < costs.ofOther(window)),
  );
  const cost = windows.reduce(
    (sum, window) => sum + (events.includes(window) ? costs.ofEvents(window, family) : costs.ofOther(window)),
    0,
  );
  const modelledMicroseconds = microseconds(costs, cost);
  return {
    family,
    rows: undefined,
    events,
    scatters: family === "scatter",
    together: true,
    name: `${family} int16`,
    modelledMicroseconds,
  };
}

function planTables8(windows: readonly WindowSynapses[], costs: WindowCosts): Option {
  const cost = windows.reduce((sum, window) => sum + costs.ofOther(window), 0);
  const modelledMicroseconds = microseconds(costs, cost);
  return {
    family: "table-8",
    rows: undefined,
    events: [],
    scatters: false,
    together: false,
    name: "table-8 int16",
    modelledMicroseconds,
  };
}
