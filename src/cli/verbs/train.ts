/**
 * `respike train ARCH --data DATA -o FILE`: a network from random weights.
 *
 * Knows: how a training reads for people. May not know: how it is done.
 */
import { basename } from "node:path";
import { flagName } from "../../core/flag-name.js";
import { refuseUsage } from "../../core/respike-error.js";
import { type TrainOutcome, train } from "../../library/train.js";
import { recipes } from "../../training/recipes.js";
import { listResumeProblems } from "../check-resume.js";
import { choiceFlag, type FlagTable, integerFlag, numberFlag, switchFlag, textFlag } from "../flags.js";
import { usageProblem } from "../parse-command.js";
import { nameRunFolder } from "../run-folder-name.js";
import { defineVerb } from "../verb.js";

const decidingFlags = {
  data: textFlag("DATA", { description: "mnist, cifar10, cifar100, a folder, or images.npy,labels.npy" }),
  layout: choiceFlag(["nchw", "nhwc"], { description: "order of axes of images.npy", shownDefault: "nchw" }),
  shortcut: choiceFlag(["A", "B", "P", "avg"], { description: "shortcuts of a ResNet", shownDefault: "P" }),
  preset: choiceFlag(
    recipes.map(({ name }) => name),
    { description: "recipe", shownDefault: "digits for mnist, else evening" },
  ),
  epochs: integerFlag({ min: 1, max: 100_000 }, { description: "epochs", shownDefault: "the preset's" }),
  batch: integerFlag({ min: 2, max: 65_536 }, { description: "images a step", shownDefault: "128" }),
  rate: numberFlag("R", { min: 0 }, { description: "highest learning rate", shownDefault: "the preset's" }),
  momentum: numberFlag("M", { min: 0, max: 1 }, { description: "of SGD", shownDefault: "0.9" }),
  weightDecay: numberFlag("D", { min: 0 }, { description: "of every tensor", shownDefault: "the preset's" }),
  smoothing: numberFlag("S", { min: 0, max: 1 }, { description: "label smoothing", shownDefault: "0" }),
  schedule: choiceFlag(["cosine", "one-cycle", "step"], {
    description: "of the learning rate",
    shownDefault: "the preset's",
  }),
  warmUp: numberFlag("E", { min: 0 }, { description: "epochs of rising rate (cosine)", shownDefault: "1" }),
  flip: switchFlag({ description: "mirror half of the images (the presets do, but for digits)" }),
  trainAll: switchFlag({ description: "train on the judging images too, and keep the last epoch" }),
  activation: textFlag("A", { description: "relu, clip or qcfs:L", shownDefault: "relu" }),
  ceiling: numberFlag(
    "C",
    { min: 0, max: 1e6 },
    { description: "where trained ceilings begin", shownDefault: "4" },
  ),
  ceilingDecay: numberFlag(
    "D",
    { min: 0 },
    { description: "weight decay of ceilings", shownDefault: "--weight-decay" },
  ),
  lowering: choiceFlag(["auto", "plain", "blocked"], {
    description: "how the step is computed",
    shownDefault: "auto",
  }),
} as const satisfies FlagTable;

export const trainVerb = defineVerb({
  name: "train",
  summary: "train a ResNet or a plain network from random weights",
  arguments: [{ name: "ARCH", description: "resnet8, resnet20…110, plain20…56", required: true }],
  flags: {
    o: textFlag("FILE", { description: "where the network goes: FILE.safetensors" }),
    ...decidingFlags,
    device: choiceFlag(["cpu", "cuda"], { description: "where the engine computes", shownDefault: "cpu" }),
    batchWorkers: integerFlag(
      { min: 0, max: 64 },
      { description: "threads that make batches ahead", shownDefault: "0: the training thread" },
    ),
    out: textFlag("DIR", { description: "run folder", shownDefault: "runs/<time>-<arch>" }),
    resume: switchFlag({ description: "go on with the run folder of --out where it stopped" }),
  },
  explanation: `SGD with momentum on all cores; onnxruntime-node does the arithmetic. The run folder has the curve, a report that is rewritten after each epoch, and a checkpoint, written twice a minute and when the run is stopped: killed at any moment it goes on with --resume, with --threads 1 to the same bits. The best epoch is chosen on the last 5,000 training images, which are not trained on; test images are looked at once, at the end.\n${recipes.map(({ name, summary }) => `Preset ${name}: ${summary}.`).join("\n")}`,
  examples: [
    ["respike train resnet20 --data cifar10 -o resnet20.safetensors", "about an hour on two cores"],
    [
      "respike train plain20 --data cifar10 --preset paper -o plain20.safetensors --out runs/plain20",
      "the article's 113 epochs",
    ],
    [
      "respike train resnet8 --data mnist --activation qcfs:4 -o few-steps.safetensors",
      "rounded activations: fewer steps of spikes later",
    ],
  ],
  async run([arch], flags, context) {
    const { o: output, data } = flags;
    const missing = [
      ...(output === undefined
        ? [usageProblem("-o", "the network goes to a file", "missing", `write -o ${arch}.safetensors`)]
        : []),
      ...(data === undefined
        ? [usageProblem("--data", "says which images are trained on", "missing", "write --data cifar10")]
        : []),
      ...listResumeProblems(flags),
    ];
    if (output === undefined || data === undefined || missing.length > 0) throw refuseUsage(missing);
    const out = flags.out ?? nameRunFolder(arch as string);
    context.keepIn(out);
    const command = describeCommand(arch as string, flags, context.seed);
    const outcome = await train({
      ...flags,
      ...context,
      arch: arch as string,
      data,
      output,
      out,
      command,
    });
    return { result: outcome.result, text: describe(outcome), warnings: outcome.warnings };
  },
});

/** The verb and the flags that decide the result. */
function describeCommand(arch: string, flags: Readonly<Record<string, unknown>>, seed: number): string[] {
  const words = Object.keys(decidingFlags)
    .filter((key) => flags[key] !== undefined)
    .flatMap((key) => {
      if (flags[key] === true) return [flagName(key)];
      const text = String(flags[key]);
      return [
        flagName(key),
        key === "data"
          ? text
              .split(",")
              .map((part) => basename(part))
              .join(",")
          : text,
      ];
    });
  return ["respike", "train", arch, ...words, ...(seed === 0 ? [] : ["--seed", String(seed)])];
}

function describe({ result, folder }: TrainOutcome): string {
  const { test, bestEpoch, epochs, imagesPerSecond, engineIdle, lowering, device, model } = result;
  const lines = [
    `${result.arch} on ${result.data}: ${test.correct.toLocaleString("en-US")} of ${test.n.toLocaleString("en-US")} test images right, ${test.accuracy.toFixed(2)} %`,
    `epoch ${bestEpoch} of ${epochs}, ${result.judgedAccuracy.toFixed(2)} % on the judging images`,
  ];
  if (imagesPerSecond !== null && engineIdle !== null) {
    const idle = (100 * engineIdle).toFixed(2);
    lines.push(
      `${imagesPerSecond.toFixed(0)} images/s (${lowering}, ${device}); the engine idled ${idle} % of the time`,
    );
  }
  if (model !== null && folder !== null) {
    const snn = `${model.path.replace(/\.safetensors$/, "")}.snn.safetensors`;
    lines.push(
      `saved ${model.path} (${model.bytes.toLocaleString("en-US")} bytes, SHA-256 ${model.sha256})`,
      `report: ${folder.report}`,
      `next: respike convert ${model.path} -o ${snn}`,
    );
  }
  return lines.join("\n");
}
