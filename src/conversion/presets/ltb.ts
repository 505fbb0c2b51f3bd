/** Channel-wise threshold balancing, without training. */
import type { Preset } from "./preset.js";

export const ltbPreset: Preset = {
  name: "ltb",
  summary:
    "spikes 0 and 1: one λ a channel by threshold balancing, θ ← θ + 2·mean(max(a − θ, 0)), 400 rounds, V(0) = θ/2; theirs balances over other images each round and behind layers already clipped, here over all calibration images and the network's own activations",
  citation:
    "Bu, Li and Yu, Inference-Scale Complexity in ANN-SNN Conversion for High-Performance and Low-Power Applications, CVPR 2025 (arXiv 2409.03368)",
  alphabet: "binary",
  stepsFor: () => 64,
  options: { lambda: "ltb", lambdaScope: "channel" },
};
