/**
 * How far two graphs' answers lie apart: the proof that a pass kept the function.
 *
 * Knows: the float value of the last node. May not know: passes, data sets.
 */
import { randomWord } from "../core/counter-random.js";
import { countElements } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import type { Shape } from "../graph/node-types.js";
import { type Preprocessing, preprocessPixels } from "../graph/preprocessing.js";
import { denseBackend } from "./dense-backend.js";
import type { FloatBackend, FloatBackendOptions } from "./float-network.js";

export interface OutputComparison {
  readonly images: number;
  /** Largest |after − before|, in units of the outputs; Infinity where a value is not finite. */
  readonly maxAbsDiff: number;
  /** maxAbsDiff / largestOutput; 0 where both are 0. */
  readonly maxRelDiff: number;
  /** Largest |before|. */
  readonly largestOutput: number;
  /** Outputs of either graph that are NaN or infinite; 0 in every sound network. */
  readonly notFinite: number;
}

export interface CompareOptions extends FloatBackendOptions {
  /** The dense backend unless named. */
  readonly backend?: FloatBackend | undefined;
}

/** Compares two arrays of one length. @throws RangeError where lengths differ */
export function compareValues(before: Float32Array, after: Float32Array, images: number): OutputComparison {
  if (before.length !== after.length) {
    throw new RangeError(`outputs of ${before.length} and ${after.length} values cannot be compared`);
  }
  let maxAbsDiff = 0;
  let largestOutput = 0;
  let notFinite = 0;
  before.forEach((value, at) => {
    const difference = Math.abs((after[at] as number) - value);
    if (!Number.isFinite(value)) notFinite++;
    if (!Number.isFinite(after[at])) notFinite++;
    maxAbsDiff = Math.max(maxAbsDiff, Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY);
    if (Number.isFinite(value)) largestOutput = Math.max(largestOutput, Math.abs(value));
  });
  const maxRelDiff = maxAbsDiff === 0 ? 0 : maxAbsDiff / largestOutput;
  return { images, maxAbsDiff, maxRelDiff, largestOutput, notFinite };
}

/**
 * Runs both graphs on the same images and compares the values of their last nodes.
 *
 * @param images preprocessed [N,C,H,W], read only; both graphs take this shape
 * @throws RangeError where the outputs have different sizes (a defect of the caller)
 * @example
 * ```ts
 * const { maxRelDiff } = await compareOutputs(graph, foldBatchNorm(graph), images, 16);
 * ```
 */
export async function compareOutputs(
  before: Graph,
  after: Graph,
  images: Float32Array,
  n: number,
  options: CompareOptions = {},
): Promise<OutputComparison> {
  const [first, second] = [
    await outputValues(before, images, n, options),
    await outputValues(after, images, n, options),
  ];
  return compareValues(first, second, n);
}

async function outputValues(
  graph: Graph,
  images: Float32Array,
  n: number,
  { backend = denseBackend, wasmUrl }: CompareOptions,
): Promise<Float32Array> {
  const network = await backend.prepare(graph, { wasmUrl });
  try {
    const { id } = graph.output;
    return network.run(images, n, [id]).get(id) ?? new Float32Array(0);
  } finally {
    network.free();
  }
}

/**
 * Images of independent random bytes, preprocessed: [N,C,H,W], the same for the same seed
 * everywhere. They reach further than real images do, and need no data set.
 */
export function randomImages(
  n: number,
  [channels, height, width]: Shape,
  preprocessing: Preprocessing,
  seed: number,
): Float32Array {
  const size = n * countElements([channels, height, width]);
  const pixels = Uint8Array.from({ length: size }, (_, at) => randomWord(seed, at) & 255);
  return preprocessPixels(pixels, channels, height * width, preprocessing);
}
