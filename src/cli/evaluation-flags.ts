/**
 * The flags of verbs that evaluate a spiking network on labelled images.
 *
 * Knows: their names, forms and explanations. May not know: what they do.
 */
import {
  choiceFlag,
  countFlag,
  integerFlag,
  numberFlag,
  numberListFlag,
  patternFlag,
  switchFlag,
  textFlag,
} from "./flags.js";

export const stepsFlag = integerFlag(
  { min: 1, max: 65_000 },
  { description: "steps to simulate", shownDefault: "the T that the SNN was made for" },
);

export const readoutFlag = choiceFlag(["mean", "count", "count+softmax", "final"], {
  description: "how the output becomes a decision",
  shownDefault: "the SNN's",
});

export const delayFlag = integerFlag(
  { min: 0, max: 65_000 },
  { description: "steps left out at the beginning of the mean", shownDefault: "the SNN's" },
);

export const backendFlag = choiceFlag(["wasm", "reference"], {
  description: "the fast simulator, or the plain one that defines the result",
  shownDefault: "wasm",
});

export const evaluationFlags = {
  data: textFlag("DATA", { description: "images to evaluate on", shownDefault: "those converted for" }),
  layout: choiceFlag(["nchw", "nhwc"], {
    description: "order of the axes of .npy images",
    shownDefault: "nchw",
  }),
  split: choiceFlag(["test", "train"], { description: "which split", shownDefault: "test" }),
  n: countFlag({ description: "the first N images", shownDefault: "all" }),
  T: stepsFlag,
  at: numberListFlag(
    "t,t,…",
    { min: 1, max: 65_000, whole: true },
    {
      description: "steps at which accuracy is measured",
      shownDefault: "8,16,32,64,128,256,350, those below T, and T",
    },
  ),
  readout: readoutFlag,
  delay: delayFlag,
  input: choiceFlag(["current", "poisson"], {
    description: "pixels as constant currents, or as random spikes of that probability",
    shownDefault: "current",
  }),
  backend: backendFlag,
  noAnn: switchFlag({ description: "do not run the network itself: no loss, no correlation" }),
  earlyExit: numberFlag(
    "P",
    { min: 0, max: 1 },
    {
      description:
        "stop an image when it is decided: at most a share P of the decisions differs from those at T",
    },
  ),
  maxLoss: numberFlag(
    "POINTS",
    { min: 0, max: 100 },
    {
      description: "exit 4 where the loss at T is larger; from 0 to 100",
    },
  ),
  shard: patternFlag("i/k", /^[1-9]\d*\/[1-9]\d*$/, "i/k such as 1/3", {
    description: "only the i-th of k parts; put together by merge",
  }),
  hash: switchFlag({ description: "add spikeHash: SHA-256 over all spike counts" }),
  batch: integerFlag(
    { min: 1, max: 1024 },
    { description: "images a worker takes at once", shownDefault: "by size" },
  ),
  out: textFlag("DIR", { description: "run folder", shownDefault: "runs/<time>-<model>" }),
  resume: switchFlag({ description: "go on with the run folder of --out where it stopped" }),
} as const;
