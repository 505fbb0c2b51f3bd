/** Few steps with spikes of 0 and 1: thresholds of least error for one T, currents and potentials fitted layer by layer. */
import type { Preset } from "./preset.js";
import { shallow } from "./shallow.js";

/*
 * Why five eighths: the first steps hold the transient, the last too few spikes. Of ResNet-20 and 44 at T = 8 … 64 the agreement with
 * the network is flat around it (docs/few-steps.md, *Readout*), so that no search on the images would gain anything.
 */

export const binaryPreset: Preset = {
  name: "binary",
  summary:
    "few steps, spikes 0 and 1: the first five eighths of the steps are not read; one λ a channel of least squared error of the others, V(0) = θ/2, initial potentials fitted layer by layer on training images to all steps, constant currents to those that are read (from three on); made for one T (32, or 64 above 20 layers)",
  citation:
    "After Li et al., A Free Lunch From ANN: Towards Efficient, Accurate Spiking Neural Networks Calibration, ICML 2021 (arXiv 2106.06984): thresholds of least squared error, bias and initial potential calibrated layer by layer",
  alphabet: "binary",
  stepsFor: (layers) => (layers <= shallow ? 32 : 64),
  delayAt: (T) => Math.floor((5 * T) / 8),
  options: { lambda: "mmse", lambdaScope: "channel", adjust: "bias+potential" },
};
