/**
 * Whether a pass kept the network's function: outputs before and after, on real and random images.
 *
 * Knows: 32 calibration and 32 random images, the contract's tolerance. May not know: what passes do.
 */
import { randomBytes } from "../core/counter-random.js";
import { exitCodes, RespikeError, refuseInput } from "../core/respike-error.js";
import { countElements } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import { compareValues } from "../inference/compare-values.js";
import type { ConversionContext } from "./conversion-context.js";
import { computeFloatValues } from "./float-values.js";
import { type PixelTask, readTasks } from "./image-source.js";
import type { PassReport } from "./pass.js";

/** Of the largest output. */
export const passTolerance = 1e-4;

const imagesOfEach = 32;
const batch = 8;

/** Computes a graph's outputs for the images that all passes are measured on. */
export type OutputProbe = (graph: Graph) => Promise<Float32Array>;

export interface ProbedOutputs {
  readonly probe: OutputProbe;
  readonly images: number;
}

/** Probes on the first 32 calibration images and as many random ones. */
export async function makeOutputProbe(
  graph: Graph,
  preprocessing: Preprocessing,
  { calibration: { source, indices }, runner, signal, wasmUrl }: ConversionContext,
): Promise<ProbedOutputs> {
  const real: PixelTask[] = [];
  const chosen = indices.slice(0, imagesOfEach);
  for await (const task of readTasks(source, chosen, batch, preprocessing)) real.push(task);
  // Random ones are whole batches: they come first.
  const tasks = [...randomTasks(countElements(graph.input.attributes.shape)), ...real];
  const images = chosen.length + imagesOfEach;
  const probe = async (probed: Graph) => {
    const { id } = probed.output;
    const shared = { graph: probed, preprocessing, keep: [id], wasmUrl: wasmUrl?.href };
    const values = await computeFloatValues(runner, shared, tasks, images, batch, signal);
    return values.get(id) as Float32Array;
  };
  return { probe, images };
}

/** Images of random bytes, the same every time. */
function randomTasks(size: number): PixelTask[] {
  const noise = randomBytes(imagesOfEach * size, 32);
  return Array.from({ length: imagesOfEach / batch }, (_, at) => ({
    pixels: noise.slice(at * batch * size, (at + 1) * batch * size),
    n: batch,
  }));
}

/**
 * The outputs of the network as it came, given back.
 *
 * @throws RespikeError (exit 3, `outputs-not-finite`) where they overflow: nothing can be compared with them
 */
export function checkOutputs(outputs: Float32Array): Float32Array {
  const wrong = outputs.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return outputs;
  throw refuseInput({
    code: "outputs-not-finite",
    where: "network",
    rule: "its outputs on real and random images are finite numbers",
    value: String(outputs[wrong]),
    next: "check the weights and the preprocessing; the network was not trained to the end or the file is damaged",
  });
}

const unmeasured = { maxAbsDiff: Number.NaN, maxRelDiff: Number.NaN };

/**
 * @throws RespikeError (exit 4, `pass-not-preserving`) where the function must stay and does not
 */
export function comparePass(
  name: string,
  preserves: PassReport["preserves"],
  before: Float32Array,
  after: Float32Array,
  images: number,
): PassReport {
  const isMeasured = before.length === after.length && compareValues(before, after, images).notFinite === 0;
  const { maxAbsDiff, maxRelDiff } = isMeasured ? compareValues(before, after, images) : unmeasured;
  const isKept = isMeasured && maxRelDiff <= passTolerance;
  if (preserves === "function" && !isKept) {
    throw new RespikeError(exitCodes.checkFailed, {
      code: "pass-not-preserving",
      where: `pass ${name}`,
      rule: `outputs differ by at most ${passTolerance} of the largest output on ${images} images`,
      value: isMeasured ? String(maxRelDiff) : "outputs that are not numbers, or of another size",
      next: "report this with the model: the conversion of this network is wrong",
    });
  }
  return {
    name,
    preserves,
    maxAbsDiff: isMeasured ? maxAbsDiff : null,
    maxRelDiff: isMeasured && Number.isFinite(maxRelDiff) ? maxRelDiff : null,
    tolerance: preserves === "function" ? passTolerance : null,
    images,
  };
}
