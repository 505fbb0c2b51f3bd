/** The recipe to start from: percentile normalisation, reset by subtraction, V(0) = θ/2. */
import type { Preset } from "./preset.js";

export const defaultPreset: Preset = {
  name: "default",
  summary: "λ = 99.9th percentile of 2,000 training images, V(0) = θ/2, no compensation",
  citation:
    "Rueckauer et al., Conversion of Continuous-Valued Deep Networks to Efficient Event-Driven Networks, Front. Neurosci. 11:682 (2017), with the shortcut normalisation of Hu, Tang and Pan (arXiv 1805.01352)",
  alphabet: "binary",
  options: {},
};
