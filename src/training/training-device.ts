/**
 * Where a training run's arithmetic is done.
 *
 * Knows: the words. May not know: the engine, whose types the package's users need not have.
 */

/** `cuda` is the first NVIDIA graphics card. */
export type TrainingDevice = "cpu" | "cuda";
