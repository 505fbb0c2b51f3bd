/**
 * How a network is trained, and the recipes that have a name.
 *
 * Knows: schedules, augmentation, what the article did. May not know: networks, data, flags' texts.
 */
import type { Augmentation } from "./augment-images.js";
import { countEpochs, type Schedule } from "./schedules.js";

export interface Recipe {
  readonly schedule: Schedule;
  readonly batch: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Share of the target that is spread over all classes. */
  readonly smoothing: number;
  readonly augmentation: Augmentation;
}

export interface NamedRecipe extends Recipe {
  readonly name: string;
  readonly summary: string;
}

const shiftAndMirror: Augmentation = { pad: 4, flip: true, rotate: 0, zoom: 0 };

export const recipes: readonly NamedRecipe[] = [
  {
    name: "evening",
    summary: "30 epochs, cosine from 0.1 after 1 epoch of warm-up, weight decay 5e-4",
    schedule: { kind: "cosine", peak: 0.1, last: 0, warmUp: 1, epochs: 30 },
    batch: 128,
    momentum: 0.9,
    weightDecay: 5e-4,
    smoothing: 0,
    augmentation: shiftAndMirror,
  },
  {
    name: "paper",
    summary:
      "the article's 113 epochs: rates 0.01 for 3, 0.1 for 80, 0.01 for 10, 0.001 for 20; weight decay 1e-4",
    schedule: { kind: "step", rates: [0.01, 0.1, 0.01, 0.001], ends: [3, 83, 93, 113] },
    batch: 128,
    momentum: 0.9,
    weightDecay: 1e-4,
    smoothing: 0,
    augmentation: shiftAndMirror,
  },
  {
    name: "digits",
    summary: "16 epochs as evening, with small shifts, rotations and changes of size; nothing is mirrored",
    schedule: { kind: "cosine", peak: 0.1, last: 0, warmUp: 1, epochs: 16 },
    batch: 128,
    momentum: 0.9,
    weightDecay: 5e-4,
    smoothing: 0,
    augmentation: { pad: 2, flip: false, rotate: 10, zoom: 0.1 },
  },
];

/** The same schedule over another number of epochs; steps end at the same shares of the run. */
export function stretchSchedule(schedule: Schedule, epochs: number): Schedule {
  if (schedule.kind !== "step") {
    return schedule.kind === "cosine"
      ? { ...schedule, epochs, warmUp: Math.min(schedule.warmUp, epochs / 2) }
      : { ...schedule, epochs };
  }
  // Multiplied first: the last end is then the number of epochs to the bit.
  const before = countEpochs(schedule);
  return { ...schedule, ends: schedule.ends.map((end) => (end * epochs) / before) };
}

/** The same schedule with another highest rate. */
export function scaleSchedule(schedule: Schedule, peak: number): Schedule {
  if (schedule.kind !== "step") return { ...schedule, peak };
  const factor = peak / Math.max(...schedule.rates);
  return { ...schedule, rates: schedule.rates.map((rate) => rate * factor) };
}
