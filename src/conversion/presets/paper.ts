/** The article of 2018 as it describes itself. */
import type { Preset } from "./preset.js";

export const paperPreset: Preset = {
  name: "paper",
  summary: "λ = maximum over the whole training split, V(0) = 0, one searched compensation factor",
  citation: "Hu, Tang and Pan, Spiking Deep Residual Network, arXiv 1805.01352 (2018), IEEE TNNLS (2021)",
  alphabet: "binary",
  options: { lambda: "max", calibrateN: "all", v0: 0, compensate: "shared" },
};
