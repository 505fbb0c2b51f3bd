/**
 * How many images are simulated at a time, and in how long blocks of time: as many, then as long, as the memory allows.
 *
 * Knows: budgets. May not know: addresses, order of work.
 */
import type { SimulationRequest } from "../backend.js";
import type { SnnPlan } from "../plan/snn-plan.js";
import { countBlocked } from "./block-elements.js";
import type { LayerKernel } from "./layer-kernel.js";
import { layOutSpikes } from "./spike-layout.js";
import { longestSpan } from "./time-blocks.js";

/** Spikes of all images under way take at most so many bytes; longer simulations run in time blocks. */
export const defaultSpikeBudget = 20 * 2 ** 20;
/**
 * Tables are built for all images under way and all steps of a time block: so few images share a block of time where T is
 * long, so many where it is short.
 */
const fewestImages = 8;
const mostImages = 32;
/**
 * With early exit blocks of time are short, and tables are built anew for each: more images share them. They may
 * take so many times the memory, potentials and counts included.
 */
const exitImages = 32;
const exitBudgets = 4;

export interface NetworkRoom {
  readonly images: number;
  /** Steps of a time block, at most. */
  readonly blockSteps: number;
}

export function planRoom(
  plan: SnnPlan,
  kernels: readonly LayerKernel[],
  spikeBudget: number,
  request: SimulationRequest,
): NetworkRoom {
  const { n, exit } = request;
  const bytesOf = (blockSteps: number) => layOutSpikes(plan, kernels, blockSteps).bytes;
  const budget = spikeBudget * (exit === undefined ? 1 : exitBudgets);
  const span = longestSpan(request);
  const perImage = bytesOf(span) + (exit === undefined ? 0 : stateBytes(plan));
  const [fewest, most] = exit === undefined ? [fewestImages, mostImages] : [1, exitImages];
  const images = Math.min(n, most, Math.max(fewest, Math.floor(budget / perImage)));
  const perStep = bytesOf(1024) / 1024;
  const longest = Math.max(64, Math.floor(spikeBudget / (perStep * images) / 64) * 64);
  return { images, blockSteps: Math.min(span, longest) };
}

/** Bytes of potentials and counts of an image, about. */
function stateBytes({ neurons, gates }: SnnPlan): number {
  return [...neurons, ...gates].reduce((sum, { shape }) => sum + 8 * countBlocked(shape), 0);
}
