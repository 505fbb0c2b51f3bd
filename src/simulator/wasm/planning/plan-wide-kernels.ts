/**
 * Picks the current kernel of a layer of 32-bit integer sums: tables of 8, or the event list, whose weights have 16 bits.
 *
 * Knows: which of the two can run a window, the cost model. May not know: memory, time measured.
 */
import type { NeuronStage } from "../../plan/snn-plan.js";
import type { WindowSynapses } from "../../plan/window-synapses.js";
import type { SourceFacts } from "./expected-spikes.js";
import { groupBlocks } from "./group-blocks.js";
import { costEvents, costWideNeurons } from "./kernel-costs.js";
import { eventSizeOf, isEventWindow, weightsFit16 } from "./kernel-windows.js";
import type { LayerKernel } from "./layer-kernel.js";
import { costWindow } from "./model-layer.js";
import { type KernelFamily, largestOf } from "./plan-kernels.js";
import { spikePlanes } from "./spike-planes.js";

type WidePlan = Pick<
  LayerKernel,
  "events" | "together" | "candidates" | "name" | "rate" | "modelledMicroseconds"
>;

/**
 * @param tables what tables of 8 alone would be
 * @param prefer taken wherever it can run, for tests and benches
 */
export function planWideKernels(
  stage: NeuronStage,
  windows: readonly WindowSynapses[],
  factsOf: (source: string) => SourceFacts,
  tables: WidePlan,
  prefer?: KernelFamily,
): WidePlan {
  const found = planWideEvents(stage, windows, factsOf);
  const isCheaper = found !== null && found.modelledMicroseconds < tables.modelledMicroseconds;
  const taken = found !== null && (prefer === "events" || (prefer !== "table-8" && isCheaper)) ? found : null;
  const reasonOf = (isTaken: boolean) => (isTaken ? null : "costs more by the model");
  const cannot = "runs windows whose columns lie side by side, with weights of 16 bits";
  const candidates = [
    {
      kernel: eventsName,
      modelledMicroseconds: found?.modelledMicroseconds ?? null,
      reason: found === null ? cannot : reasonOf(taken !== null),
    },
    {
      kernel: tables.name,
      modelledMicroseconds: tables.modelledMicroseconds,
      reason: reasonOf(taken === null),
    },
  ];
  return taken === null
    ? { ...tables, candidates }
    : { ...tables, ...taken, together: true, name: eventsName, candidates };
}

const eventsName = "events int32";

/** The largest window by events, the others by what is cheaper; null where events cannot run it. */
function planWideEvents(
  stage: NeuronStage,
  windows: readonly WindowSynapses[],
  factsOf: (source: string) => SourceFacts,
): Pick<WidePlan, "events" | "modelledMicroseconds"> | null {
  const pixels = stage.shape[1] * stage.shape[2];
  const blocks = Math.ceil(stage.shape[0] / 16);
  const groups = groupBlocks(blocks, true).map(({ count }) => count);
  const sizeOf = (window: WindowSynapses) => ({ pixels, ...factsOf(window.source) });
  const ofEvents = (window: WindowSynapses) =>
    costEvents(eventSizeOf(window, sizeOf(window), "int32"), groups, "int32");
  const ofTables = (window: WindowSynapses) => costWindow(window, sizeOf(window), blocks);
  const largest = largestOf(windows);
  const canRun = (window: WindowSynapses) => isEventWindow(window) && weightsFit16(window);
  if (!canRun(largest)) return null;
  const events = windows.filter(
    (window) => window === largest || (canRun(window) && ofEvents(window) < ofTables(window)),
  );
  const neurons = costWideNeurons(pixels, blocks, spikePlanes(stage.lo, stage.hi).length, "int32");
  const cost = windows.reduce(
    (sum, window) => sum + (events.includes(window) ? ofEvents(window) : ofTables(window)),
    neurons,
  );
  return { events, modelledMicroseconds: cost / 1000 };
}
