/**
 * Progress on stderr: how far, how fast, how long still.
 *
 * Knows: progress events, the terminal. May not know: what is being done.
 * Work that ends within a second says nothing in `auto` and `plain`.
 */
import type { ProgressEvent } from "../core/progress.js";

export type ProgressMode = "auto" | "plain" | "jsonl" | "none";

export interface ProgressReporter {
  readonly report: (event: ProgressEvent) => void;
  /** Clears the live line. */
  readonly end: () => void;
}

interface PhaseState {
  readonly phase: string;
  readonly started: number;
  readonly firstDone: number;
  shown: number;
}

/** @param interactive whether stderr is a terminal that may redraw a line */
export function makeProgressReporter(
  mode: ProgressMode,
  interactive: boolean,
  write: (text: string) => void,
  now: () => number = () => performance.now(),
): ProgressReporter {
  if (mode === "none") return { report: () => {}, end: () => {} };
  const live = mode === "auto" && interactive;
  const interval = live ? 100 : mode === "jsonl" ? 250 : 2000;
  let state: PhaseState | undefined;
  let lineWidth = 0;
  const clear = () => {
    if (lineWidth > 0) write(`\r${" ".repeat(lineWidth)}\r`);
    lineWidth = 0;
  };
  const report = (event: ProgressEvent) => {
    const time = now();
    if (state?.phase !== event.phase) {
      state = { phase: event.phase, started: time, firstDone: event.done, shown: time };
    }
    const finished = event.done >= event.total;
    const elapsed = (time - state.started) / 1000;
    if (time - state.shown < interval && !(finished && elapsed > 1)) return;
    if (mode !== "jsonl" && elapsed < 1) return;
    state.shown = time;
    const rate = elapsed > 0 ? (event.done - state.firstDone) / elapsed : 0;
    const secondsLeft = rate > 0 ? (event.total - event.done) / rate : null;
    if (mode === "jsonl") {
      write(`${JSON.stringify({ ...event, rate, secondsLeft })}\n`);
    } else if (live) {
      const line = describeProgress(event, rate, secondsLeft);
      write(`\r${line.padEnd(lineWidth)}`);
      lineWidth = line.length;
    } else write(`${describeProgress(event, rate, secondsLeft)}\n`);
  };
  return { report, end: clear };
}

/** `statistics  1,200 of 2,000 images  310 images/s  3 s left` */
export function describeProgress(event: ProgressEvent, rate: number, secondsLeft: number | null): string {
  const number = (value: number) => Math.round(value).toLocaleString("en-US");
  const isBytes = event.unit === "bytes";
  const amount = (value: number) => (isBytes ? `${(value / 2 ** 20).toFixed(1)} MB` : number(value));
  const speed = isBytes
    ? `${amount(rate)}/s`
    : `${rate < 10 ? rate.toFixed(1) : number(rate)} ${event.unit}/s`;
  const unit = isBytes ? "" : ` ${event.unit}`;
  const left = secondsLeft === null ? "" : `  ${describeDuration(secondsLeft)} left`;
  return `${event.phase}  ${amount(event.done)} of ${amount(event.total)}${unit}  ${speed}${left}`;
}

export function describeDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
