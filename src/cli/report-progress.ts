/**
 * Progress on stderr: how far, how fast, how long still.
 *
 * Knows: progress events, the terminal. May not know: what is being done.
 * Work that ends within a second says nothing in `auto` and `plain`.
 */
import type { ProgressEvent } from "../core/progress.js";
import { cleanLine } from "../report/clean-text.js";

export type ProgressMode = "auto" | "plain" | "jsonl" | "none";

export interface ProgressReporter {
  readonly report: (event: ProgressEvent) => void;
  /** One line of text, said at once. */
  readonly say: (line: string) => void;
  /** Clears the live line. */
  readonly end: () => void;
}

interface PhaseState {
  readonly firstDone: number;
  /** Milliseconds spent in this phase; phases may alternate. */
  active: number;
}

/** @param interactive whether stderr is a terminal that may redraw a line */
export function makeProgressReporter(
  mode: ProgressMode,
  interactive: boolean,
  write: (text: string) => void,
  now: () => number = () => performance.now(),
): ProgressReporter {
  if (mode === "none") return { report: () => {}, say: () => {}, end: () => {} };
  const live = mode === "auto" && interactive;
  const interval = live ? 100 : mode === "jsonl" ? 250 : 2000;
  const begun = now();
  const measureRate = makeRateMeter(begun);
  let shown = begun;
  let lineWidth = 0;
  const clear = () => {
    if (lineWidth > 0) write(`\r${" ".repeat(lineWidth)}\r`);
    lineWidth = 0;
  };
  const report = (event: ProgressEvent) => {
    const time = now();
    const rate = measureRate(event, time);
    const finished = event.done >= event.total;
    if (mode !== "jsonl" && time - begun < 1000) return;
    if (time - shown < interval && !(finished && (mode === "jsonl" || time - begun > interval))) return;
    shown = time;
    const secondsLeft = finished ? 0 : rate > 0 ? (event.total - event.done) / rate : null;
    if (mode === "jsonl") {
      write(`${JSON.stringify({ ...event, rate, secondsLeft })}\n`);
    } else if (live) {
      const line = describeProgress(event, rate, secondsLeft);
      write(`\r${line.padEnd(lineWidth)}`);
      lineWidth = line.length;
    } else write(`${describeProgress(event, rate, secondsLeft)}\n`);
  };
  const say = (line: string) => {
    clear();
    write(mode === "jsonl" ? `${JSON.stringify({ message: line })}\n` : `${line}\n`);
  };
  return { report, say, end: clear };
}

/** Done units a second since the phase's first event, which may be far in: work that was resumed. */
function makeRateMeter(begun: number): (event: ProgressEvent, time: number) => number {
  const states = new Map<string, PhaseState>();
  let [before, current] = [begun, ""];
  return (event, time) => {
    const state = states.get(event.phase) ?? { firstDone: event.done, active: 0 };
    if (current === event.phase) state.active += time - before;
    states.set(event.phase, state);
    [current, before] = [event.phase, time];
    return state.active > 0 ? ((event.done - state.firstDone) / state.active) * 1000 : 0;
  };
}

/** `statistics  1,200 of 2,000 images  310 images/s  3 s left` */
export function describeProgress(event: ProgressEvent, rate: number, secondsLeft: number | null): string {
  const number = (value: number) => Math.round(value).toLocaleString("en-US");
  const isBytes = event.unit === "bytes";
  const amount = (value: number) => (isBytes ? `${(value / 2 ** 20).toFixed(1)} MB` : number(value));
  const speed = isBytes
    ? `  ${amount(rate)}/s`
    : `  ${rate < 10 ? rate.toPrecision(2) : number(rate)} ${event.unit}/s`;
  const unit = isBytes ? "" : ` ${event.unit}`;
  const left = secondsLeft === null ? "" : `  ${describeDuration(secondsLeft)} left`;
  const phase = event.note === undefined ? event.phase : `${event.phase}, ${event.note}`;
  return `${cleanLine(phase)}  ${amount(event.done)} of ${amount(event.total)}${unit}${rate > 0 ? speed : ""}${left}`;
}

export function describeDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
