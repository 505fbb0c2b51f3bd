/** Fewest steps: spikes are changes of a value in quanta that halve each step; multi-level. */
import type { Preset } from "./preset.js";
import { shallow } from "./shallow.js";

export const refinePreset: Preset = {
  name: "refine",
  summary:
    "fewest steps, multi-level: differential coding, spikes −7…7 of quanta λ/8, λ/16, …; λ = 0.8 × the largest activation of 128 training images, one a channel, constant currents fitted layer by layer to the values told; made for one T (3, or 4 above 20 layers)",
  citation:
    "ours; differential coding of activations after Huang et al., Differential Coding for Training-Free ANN-to-SNN Conversion, ICML 2025 (arXiv 2503.00301), with quanta that halve each step and the last value read instead of a mean; calibration after Li et al., A Free Lunch From ANN, ICML 2021 (arXiv 2106.06984)",
  alphabet: "multi-level",
  stepsFor: (layers) => (layers <= shallow ? 3 : 4),
  options: {
    lambda: "max",
    lambdaScope: "channel",
    lambdaFactor: 0.8,
    calibrateN: 128,
    spikes: "refine:7",
    adjust: "bias",
  },
};
