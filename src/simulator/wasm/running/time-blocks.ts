/**
 * The blocks of time that a simulation is run in.
 *
 * Knows: T, the longest block that memory allows, times at which images may stop. May not know: images, kernels.
 */
import type { SimulationRequest } from "../../backend.js";

/** Steps start+1…end. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

/** Spans that end at every time of `exit` and at T, none longer than `longest`. */
export function listTimeSpans(
  { steps, exit }: Pick<SimulationRequest, "steps" | "exit">,
  longest: number,
): readonly TimeSpan[] {
  const spans: TimeSpan[] = [];
  let start = 0;
  for (const stop of [...(exit?.times ?? []), steps]) {
    while (start < stop) {
      const end = Math.min(start + longest, stop);
      spans.push({ start, end });
      start = end;
    }
  }
  return spans;
}

/** Steps between two times at which images may stop, at most; T without `exit`. */
export function longestSpan(request: Pick<SimulationRequest, "steps" | "exit">): number {
  const spans = listTimeSpans(request, request.steps);
  return Math.max(...spans.map(({ start, end }) => end - start));
}
