/**
 * What the number format changed: the network in integers beside the same network in floats, both simulated.
 *
 * Knows: how many images are worth it. May not know: simulators, labels.
 */
import { RespikeError } from "../core/respike-error.js";
import { spreadEvenly } from "../core/spread-evenly.js";
import { countElements } from "../core/tensor.js";
import { isOp } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import type { ConversionContext } from "./conversion-context.js";

/** Spikes and decisions of the saved network and of its float32 reference on the same held-back training images. */
export interface RoundingReport {
  /** Images simulated; 0 where nothing was measured, and `skipped` says why. */
  readonly images: number;
  /** T */
  readonly steps: number;
  /** Images that the two put into different classes. */
  readonly changedPredictions: number | null;
  /** Σ|ΔN|/ΣN over all neurons and images; null where the reference does not spike. */
  readonly spikeDifference: number | null;
  /** Percent of these images, which the network may have been trained on. */
  readonly accuracy: { readonly float: number; readonly integer: number } | null;
  readonly skipped: string | null;
}

const mostImages = 64;
const fewestImages = 4;
/** Neurons × steps × images, at most: some seconds on two cores. */
const mostUpdates = 1.6e9;

/** @param float the network before its numbers were rounded */
export async function measureRounding(
  float: Snn,
  integer: Snn,
  steps: number,
  { simulation, calibration, onProgress, skipsRounding }: ConversionContext,
): Promise<RoundingReport> {
  const skip = (skipped: string): RoundingReport => {
    return { images: 0, steps, changedPredictions: null, spikeDifference: null, accuracy: null, skipped };
  };
  if (float.graph === integer.graph) return skip("numbers are float32: nothing is rounded");
  if (skipsRounding === true) return skip("one of many conversions");
  if (simulation === undefined) return skip("no simulator was given");
  const judging = chooseImages(integer, steps, calibration.judgingIndices);
  if (judging.length === 0) return skip("no training images are held back");
  const progress = (done: number) =>
    onProgress?.({ phase: "measure rounding", done, total: judging.length, unit: "images" });
  try {
    const compared = await simulation.compare(float, integer, judging, steps, progress);
    const { changedPredictions, difference, spikes, correct } = compared;
    const images = judging.length;
    return {
      images,
      steps,
      changedPredictions,
      spikeDifference: spikes > 0 ? difference / spikes : null,
      accuracy: { float: (100 * correct[0]) / images, integer: (100 * correct[1]) / images },
      skipped: null,
    };
  } catch (error) {
    if (error instanceof RespikeError && error.code === "not-supported") return skip(error.message);
    throw error;
  }
}

/** Evenly spaced, 64 or as many as the bound on updates allows, at least 4. */
function chooseImages({ graph }: Snn, steps: number, judging: Uint32Array): Uint32Array {
  const layers = graph.nodes.filter((node) => isOp(node, "neuron"));
  const neurons = layers.reduce((sum, { id }) => sum + countElements(graph.shape(id)), 0);
  const affordable = Math.floor(mostUpdates / Math.max(1, neurons * steps));
  return spreadEvenly(judging, Math.min(mostImages, Math.max(fewestImages, affordable)));
}
