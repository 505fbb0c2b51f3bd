/** Few steps with spikes of −1, 0 and 1: a neuron takes back what it sent too much. */
import type { Preset } from "./preset.js";
import { shallow } from "./shallow.js";

export const signedPreset: Preset = {
  name: "signed",
  summary:
    "few steps, spikes −1, 0 and 1, a negative one takes back what was sent: one λ a channel of least squared error at T, V(0) = θ/2, constant currents and initial potentials fitted layer by layer on training images; made for one T (16, or 32 above 20 layers)",
  citation:
    "Negative spikes after Wang, Zhang, Chen and Qu, Signed Neuron with Memory, IJCAI 2022, fired below 0 and only by neurons that have spiked; calibration after Li et al., A Free Lunch From ANN, ICML 2021 (arXiv 2106.06984)",
  alphabet: "signed",
  stepsFor: (layers) => (layers <= shallow ? 16 : 32),
  options: { lambda: "mmse", lambdaScope: "channel", spikes: "signed", adjust: "bias+potential" },
};
