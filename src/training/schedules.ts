/**
 * Learning rates over a training run, as data and one pure function.
 *
 * Knows: epochs, fractional ones too. May not know: networks, data.
 */

export type Schedule =
  /** Linear from 0 to `peak` over `warmUp` epochs, then half a cosine down to `last` (Loshchilov and Hutter 2017). */
  | {
      readonly kind: "cosine";
      readonly peak: number;
      readonly last: number;
      readonly warmUp: number;
      readonly epochs: number;
    }
  /** Half a cosine from peak/25 up to `peak` at 30 % of the run, then down to peak/250,000 (Smith and Topin 2018; PyTorch's defaults). */
  | { readonly kind: "one-cycle"; readonly peak: number; readonly epochs: number }
  /** `rates[i]` up to epoch `ends[i]`; the last end is the number of epochs. */
  | { readonly kind: "step"; readonly rates: readonly number[]; readonly ends: readonly number[] };

/** Number of epochs that a schedule covers. */
export function countEpochs(schedule: Schedule): number {
  return schedule.kind === "step" ? (schedule.ends.at(-1) ?? 0) : schedule.epochs;
}

/**
 * The learning rate at a moment.
 *
 * @param epoch epochs done, with the fraction of the running one
 * @example scheduleRate({ kind: "step", rates: [0.1, 0.01], ends: [80, 90] }, 85.5) // 0.01
 */
export function scheduleRate(schedule: Schedule, epoch: number): number {
  if (schedule.kind === "step") {
    const stage = schedule.ends.findIndex((end) => epoch < end);
    return schedule.rates.at(stage < 0 ? -1 : stage) ?? 0;
  }
  const { peak, epochs } = schedule;
  if (schedule.kind === "cosine") {
    const { warmUp, last } = schedule;
    if (epoch < warmUp) return (peak * epoch) / warmUp;
    return bend(peak, last, (epoch - warmUp) / Math.max(epochs - warmUp, Number.MIN_VALUE));
  }
  const rise = 0.3 * epochs;
  return epoch < rise
    ? bend(peak / 25, peak, epoch / rise)
    : bend(peak, peak / 250_000, (epoch - rise) / (epochs - rise));
}

/** Half a cosine from `from` at 0 to `to` at 1 and beyond. */
function bend(from: number, to: number, progress: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(progress, 1)))) / 2;
}
