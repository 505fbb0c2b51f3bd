/**
 * How many images are simulated at a time, and in how long blocks of time.
 *
 * Knows: budgets. May not know: addresses, order of work.
 *
 * Tables are built for all images under way and all steps of a block: many steps of few images share them as well as few
 * steps of many, and all of T in one block needs no V between blocks. So images make room for time, and only where one
 * does not fit is T cut.
 */
import type { SimulationRequest } from "../../backend.js";
import type { SnnPlan } from "../../plan/snn-plan.js";
import { countBlocked } from "../memory/block-elements.js";
import { layOutSpikes } from "../memory/spike-layout.js";
import type { LayerKernel } from "../planning/layer-kernel.js";
import { longestSpan } from "./time-blocks.js";

/** Spikes of all images under way take at most so many bytes. */
export const defaultSpikeBudget = 20 * 2 ** 20;
const mostImages = 32;
/**
 * With early exit blocks of time are short, and tables are built anew for each: more images share them. They may
 * take so many times the memory, potentials and counts included.
 */
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
  const { n, exit, keepSpikes } = request;
  const keepsPlanes = keepSpikes !== undefined;
  const bytesOf = (steps: number) => layOutSpikes(plan, kernels, { steps, keepsPlanes }).bytes;
  const budget = spikeBudget * (exit === undefined ? 1 : exitBudgets);
  const span = longestSpan(request);
  const perImage = bytesOf(span) + (exit === undefined ? 0 : stateBytes(plan));
  const images = Math.min(n, mostImages, Math.max(1, Math.floor(budget / perImage)));
  if (images * bytesOf(span) <= spikeBudget) return { images, blockSteps: span };
  const perStep = bytesOf(1024) / 1024;
  const longest = Math.max(64, Math.floor(spikeBudget / (perStep * images) / 64) * 64);
  return { images, blockSteps: Math.min(span, longest) };
}

/** Bytes of potentials and counts of an image, about. */
function stateBytes({ neurons, gates }: SnnPlan): number {
  return [...neurons, ...gates].reduce((sum, { shape }) => sum + 8 * countBlocked(shape), 0);
}
