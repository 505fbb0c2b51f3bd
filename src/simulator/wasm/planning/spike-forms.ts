/**
 * In which form a source's spikes lie in memory: as planes of bits, as one byte a neuron, or both, by who reads them.
 *
 * Knows: which kernels read and write which form. May not know: addresses, images.
 *
 * Bytes are written by layers of integers that refine, whose spikes have 4 bits; the event list that lists by value and
 * shortcuts within a channel read them. All else reads planes, and requests that keep spikes do. Where tables of 12 read the
 * planes of such a layer, they are those of two's complement, of which one walk over all needs fewer.
 */
import type { SnnPlan } from "../../plan/snn-plan.js";
import type { WindowSynapses } from "../../plan/window-synapses.js";
import type { SourceFacts } from "./expected-spikes.js";
import { isDiagonal } from "./kernel-windows.js";
import type { LayerKernel } from "./layer-kernel.js";
import { areStacked, isListedByValue } from "./many-planes.js";
import { spikePlanes } from "./spike-planes.js";

export interface SpikeForms {
  /** None, the bits of what is positive and of what is negative, or those of two's complement. */
  readonly planes: "none" | "signs" | "complement";
  readonly values: boolean;
}

/** Of sources of which nothing else is known. */
export const signsAlone: SpikeForms = { planes: "signs", values: false };

/** Who reads a source. */
interface Readers {
  readonly source: string;
  /** Of bytes, of planes by tables of 12, of planes in whatever form, of planes by sign. */
  values: boolean;
  rows: boolean;
  planes: boolean;
  signs: boolean;
}

/** Largest spike that is listed by value. */
const largestValue = 7;

/**
 * @param keepsPlanes whether a request keeps spikes, which are planes
 * @returns forms by source; sources that are not named lie in planes
 */
export function chooseSpikeForms(
  { stages, image, replayed }: SnnPlan,
  kernels: readonly LayerKernel[],
  keepsPlanes: boolean,
): ReadonlyMap<string, SpikeForms> {
  const readers = new Map<string, Readers>();
  for (const kernel of kernels.filter(writesValues)) {
    const source = kernel.stage.id;
    readers.set(source, { source, values: false, rows: false, planes: false, signs: keepsPlanes });
  }
  const read = (source: string, how: Exclude<keyof Readers, "source">) => {
    const found = readers.get(source);
    if (found !== undefined) found[how] = true;
  };
  for (const stage of stages) if (stage.kind === "gate") read(stage.source, "signs");
  for (const kernel of kernels) {
    if (kernel.form === "list") for (const { source } of kernel.spiking) read(source, "planes");
    for (const window of kernel.windows) read(window.source, howIsRead(kernel, window, kernels));
  }
  const forms = new Map([...readers.values()].map((each) => [each.source, formsFor(each)]));
  for (const id of [image, ...replayed.keys()]) forms.set(id, signsAlone);
  return forms;
}

function formsFor({ values, rows, planes, signs }: Readers): SpikeForms {
  if (rows && !signs) return { planes: "complement", values };
  return { planes: rows || planes || signs ? "signs" : "none", values };
}

/** Neuron kernels of tables that refine integers write bytes. */
function writesValues({ form, stage }: LayerKernel): boolean {
  const { refine, number, hi } = stage;
  return form === "tables" && refine !== null && number !== "float32" && hi <= largestValue;
}

function howIsRead(
  kernel: LayerKernel,
  window: WindowSynapses,
  kernels: readonly LayerKernel[],
): "values" | "rows" | "planes" {
  const { events, diagonals, scatters, lanes, rows } = kernel;
  const writer = kernels.find(({ stage }) => stage.id === window.source)?.stage;
  if (lanes === "float32" || writer === undefined) return "planes";
  const planes = spikePlanes(writer.lo, writer.hi);
  if (window === rows) return areStacked(planes.length) ? "rows" : "planes";
  const isListed = events.includes(window) && !scatters && isListedByValue(window, planes, lanes);
  return isListed || diagonals.includes(window) ? "values" : "planes";
}

/** Whether a shortcut may be read from bytes, if its source refines: as far as is known before kernels are chosen. */
export function mayReadBytes(window: WindowSynapses, { refines, spikePlanes: planes }: SourceFacts): boolean {
  return refines && planes.every(({ shift }) => 2 ** shift <= largestValue) && isDiagonal(window);
}
