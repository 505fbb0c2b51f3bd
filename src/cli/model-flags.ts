/**
 * The flags of every verb that reads a model file or makes an SNN of it.
 *
 * Knows: their names, forms and explanations. May not know: what they do.
 */
import { presets } from "../conversion/presets/preset-list.js";
import { alphabetRule, largestSpike, parseAlphabet } from "../graph/spike-alphabet.js";
import {
  choiceFlag,
  countFlag,
  type Flag,
  integerFlag,
  numberFlag,
  numberListFlag,
  patternFlag,
  textFlag,
} from "./flags.js";

const architectures = [
  "resnet8",
  "resnet20",
  "resnet32",
  "resnet44",
  "resnet56",
  "resnet110",
  "plain20",
  "plain32",
  "plain44",
  "plain56",
] as const;

/** How to read a model file. */
export const modelFlags = {
  arch: choiceFlag(architectures, {
    description: "architecture of a file that holds weights only",
    shownDefault: "guessed from the keys, and said",
  }),
  shortcut: choiceFlag(["A", "B", "P", "avg"], {
    description:
      "A every second pixel and zero channels; B 1×1 projection where the shape changes; P as B and also in stage 1's first block; avg 2×2 average pool and zero channels",
    shownDefault: "guessed from the keys, and said",
  }),
  preprocess: choiceFlag(["imagenet", "cifar10", "cifar100", "mnist", "unit", "raw"], {
    description: "how pixels become the network's input",
    shownDefault: "from the file; none there and none given is an error",
  }),
  mean: numberListFlag("a,b,c", {}, { description: "mean of each channel, in units of --range" }),
  std: numberListFlag(
    "a,b,c",
    {},
    { description: "standard deviation of each channel, in units of --range" },
  ),
  range: choiceFlag(["0..1", "0..255"], {
    description: "what --mean and --std are in units of, and what float images lie in",
    shownDefault: "0..1",
  }),
  bnEps: numberFlag(
    "E",
    { min: 0, max: 1 },
    {
      description: "batch norm's ε",
      shownDefault: "from the file, else 1e-5",
    },
  ),
} as const;

/** How to convert; the contract's table. */
const alphabetFlag: Flag<string> = {
  placeholder: "binary|signed|burst:N|signed-burst:N|refine:N",
  description: `what a neuron may send in a step: 0 or 1; −1, 0 or 1; 0…N; −N…N, N up to ${largestSpike}; negative spikes take back what was sent; refine:N, N up to 15, −N…N of a quantum that halves each step (differential coding)`,
  shownDefault: "binary",
  choices: ["binary", "signed", "burst:4", "signed-burst:4", "refine:7"],
  synonyms: { ternary: "signed", graded: "burst:4", multilevel: "burst:4", "multi-level": "burst:4" },
  parse(text) {
    if (parseAlphabet(text) === null) throw new Error(alphabetRule);
    return text;
  },
};

export const conversionFlags = {
  calibrate: textFlag("DATA", {
    description: "images that the activation statistics come from: the training split of a data set",
    shownDefault: "mnist, cifar10 or cifar100 by the network's shape",
  }),
  calibrateN: countFlag({ description: "how many calibration images", shownDefault: "2000" }),
  layout: choiceFlag(["nchw", "nhwc"], {
    description: "order of the axes of .npy images",
    shownDefault: "nchw",
  }),
  preset: choiceFlag([...presets.map(({ name }) => name), "auto"], {
    description:
      "a recipe, each explained above, or auto, which finds preset and T within --max-loss; for few steps binary and ltb (spikes 0 and 1), signed (−1, 0 and 1) and refine (multi-level)",
    shownDefault: "default",
  }),
  lambda: patternFlag(
    "max|pNN|ceiling|mmse|ltb",
    /^(max|ceiling|mmse|ltb|p(100|\d{1,2}(\.\d+)?))$/,
    "max, ceiling, mmse, ltb, or p and a percentile such as p99.9",
    {
      description:
        "the activation that stands for the largest rate: the maximum, a percentile, the ceiling that the layer was trained with, the one of least squared error of the steps that are read (mmse), or threshold balancing (ltb)",
      shownDefault: "ceiling where the network has them, else p99.9",
    },
  ),
  lambdaScope: choiceFlag(["layer", "channel"], {
    description: "one λ a layer or one a channel",
    shownDefault: "layer",
  }),
  lambdaFactor: numberFlag(
    "S",
    { min: 0.001, max: 16 },
    { description: "λ is so many times what --lambda says", shownDefault: "1" },
  ),
  shortcutNorm: choiceFlag(["on", "off", "projections"], {
    description: "scale shortcuts by λ_in/λ_out as all other synapses; all, none, or projections alone",
    shownDefault: "on",
  }),
  compensate: choiceFlag(["off", "shared", "layer"], {
    description:
      "layer-wise error compensation: one searched factor for all layers (the paper's), or one a layer; not with --preset auto",
    shownDefault: "off",
  }),
  adjust: choiceFlag(["off", "bias", "bias+potential"], {
    description:
      "fit each layer's constant currents, or initial potentials too, to the spikes that the layers before it send within T; currents to the steps that are read, where --delay leaves some out",
    shownDefault: "off",
  }),
  adjustScope: choiceFlag(["channel", "neuron"], {
    description: "one fitted initial potential a channel or one a neuron",
    shownDefault: "channel",
  }),
  adjustN: integerFlag(
    { min: 1, max: 50_000 },
    { description: "how many of the calibration images --adjust simulates", shownDefault: "128" },
  ),
  T: integerFlag(
    { min: 1, max: 65_000 },
    {
      description: "steps the SNN is made for; the default of run and evaluate",
      shownDefault: "the preset's, else 350",
    },
  ),
  v0: numberFlag(
    "V",
    { min: 0, max: 1 },
    { description: "initial potential, a multiple of θ", shownDefault: "0.5" },
  ),
  reset: choiceFlag(["subtract", "zero"], {
    description: "what a spike does to the potential",
    shownDefault: "subtract",
  }),
  spikes: alphabetFlag,
  shrink: integerFlag(
    { min: 1, max: 3 },
    { description: "how often the quantum of refine:N is halved a step", shownDefault: "1" },
  ),
  maxpool: choiceFlag(["gate", "before"], {
    description: "max pools pass the spikes of the neuron that leads, or pool the currents before the neuron",
    shownDefault: "gate",
  }),
  avgpool: choiceFlag(["current", "neuron"], {
    description: "average pools act on currents, or end in neurons of their own",
    shownDefault: "current",
  }),
  output: choiceFlag(["current", "neuron"], {
    description: "the last layer's currents are read, or the spikes of neurons there",
    shownDefault: "current",
  }),
  readout: choiceFlag(["mean", "count", "count+softmax", "final"], {
    description: "how the output becomes a decision",
    shownDefault: "mean; count where the output has neurons; final with refine:N",
  }),
  delay: integerFlag(
    { min: 0, max: 65_000 },
    {
      description: "steps left out at the beginning of the mean",
      shownDefault: "the preset's, else 0",
    },
  ),
  number: choiceFlag(["auto", "int16", "int32", "float32"], {
    description: "number format of weights and potentials; auto is int16, and int32 where a layer needs it",
    shownDefault: "auto",
  }),
} as const;
