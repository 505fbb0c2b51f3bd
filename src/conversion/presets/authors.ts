/** The authors' published code of 2021. */
import type { Preset } from "./preset.js";

export const authorsPreset: Preset = {
  name: "authors",
  summary:
    "λ = 99.9th percentile over the whole training split, V(0) = θ/2, neurons after average pools and at the output, read by counts and the softmax of the last potential",
  citation: "Hu, Tang and Pan, code published with Spiking Deep Residual Network, IEEE TNNLS (2021)",
  alphabet: "binary",
  options: {
    lambda: "p99.9",
    calibrateN: "all",
    avgpool: "neuron",
    output: "neuron",
    readout: "count+softmax",
  },
};
