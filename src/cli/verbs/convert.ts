/**
 * `respike convert MODEL -o FILE`: a trained network into a saved spiking one.
 *
 * Knows: how a conversion reads for people. May not know: how it is done.
 */
import { basename } from "node:path";
import { presets } from "../../conversion/presets/preset-list.js";
import { flagName } from "../../core/flag-name.js";
import { refuseUsage } from "../../core/respike-error.js";
import type { AutoConversion } from "../../library/auto/auto-options.js";
import { convertAuto } from "../../library/auto/convert-auto.js";
import { type Conversion, convert } from "../../library/convert.js";
import { loadModel } from "../../library/load-model.js";
import { saveSnn } from "../../library/snn-files.js";
import { refuseExisting } from "../../node/write-whole-file.js";
import { cleanLine } from "../../report/clean-text.js";
import { describeCertificate } from "../../report/describe-certificate.js";
import { renderFrontText } from "../../report/front/render-front.js";
import { layTable } from "../../report/render-table.js";
import { autoFlags } from "../auto-flags.js";
import { choiceFlag, type FlagTable, textFlag } from "../flags.js";
import { conversionFlags, modelFlags } from "../model-flags.js";
import { usageProblem } from "../parse-command.js";
import { defineVerb } from "../verb.js";

const certifyFlag = {
  certify: choiceFlag(["on", "off"], {
    description:
      "measure on training images that no choice has seen what is lost in the limit of many steps and at T, and how many steps a bound takes; saved with the network",
    shownDefault: "on",
  }),
};
const { front: _, ...decidingAutoFlags } = autoFlags;
const conversionTable = { ...modelFlags, ...conversionFlags };
const decidingFlags: FlagTable = { ...conversionTable, ...decidingAutoFlags, ...certifyFlag };

export const convertVerb = defineVerb({
  name: "convert",
  summary: "turn a trained ReLU network into a spiking one",
  arguments: [{ name: "MODEL", description: "PyTorch checkpoint or safetensors", required: true }],
  flags: {
    o: textFlag("FILE", {
      description:
        "where the spiking network goes, FILE.snn.safetensors by custom; any name will do, files are known by their bytes",
    }),
    ...conversionTable,
    ...autoFlags,
    ...certifyFlag,
  },
  explanation: `Folds batch norm, measures each layer's activations on training images, scales the weights so that a neuron's firing rate stands for activation/λ, normalises the shortcuts, and rounds to integers that cannot overflow. Every pass is measured on real and random images; one that must preserve the network's function and does not stops the conversion (exit 4).\n${presets.map(({ name, alphabet, summary, citation }) => `Preset ${name} (${alphabet}): ${summary}. ${citation}.`).join("\n")}\nPreset auto: of default and the presets for few steps, at T = 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256 or 350, the one with the fewest steps (or operations, --minimise sop) whose loss on held-back training images stays within --max-loss at the upper end of its paired 95 % interval; exit 4 where none does.`,
  examples: [
    [
      "respike convert resnet20.th --preprocess imagenet -o resnet20.snn.safetensors",
      "with the default preset, calibrated on CIFAR-10's training images",
    ],
    [
      "respike convert resnet44.th --preprocess imagenet --preset paper -o r44.snn.safetensors",
      "the article's own recipe: maximum normalisation, V(0) = 0, compensation",
    ],
    [
      "respike convert resnet20.th --preprocess imagenet --preset auto --max-loss 0.5 --alphabet binary -o few.snn.safetensors",
      "the fewest steps of 0 and 1 that lose at most half a point; --front FILE draws those that were not needed too, which takes several times as long",
    ],
  ],
  async run([file], flags, context) {
    const { o: output } = flags;
    if (output === undefined) {
      const next = `write -o ${basename(file as string).replace(/\.\w+$/, "")}.snn.safetensors`;
      throw refuseUsage(usageProblem("-o", "the spiking network goes to a file", "missing", next));
    }
    const isAuto = flags.preset === "auto";
    if (!isAuto) refuseAutoFlags(flags);
    if (!context.force) await refuseExisting(output);
    const model = await loadModel(file as string, flags);
    const command = describeCommand(file as string, flags, context.seed);
    const options = { ...flags, ...context, command };
    const save = ({ snn }: Conversion) => saveSnn(snn, output, { force: context.force });
    let early: Awaited<ReturnType<typeof save>> | undefined;
    const onChosen = async (chosen: Conversion) => {
      early = await save(chosen);
    };
    const conversion = await (isAuto
      ? convertAuto(model, { ...options, onChosen })
      : convert(model, options));
    const saved = early ?? (await save(conversion));
    const result = { ...conversion.result, snn: saved };
    return { result, text: describe({ ...conversion, result }), warnings: conversion.warnings };
  },
});

function refuseAutoFlags(flags: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(autoFlags).filter((key) => flags[key] !== undefined);
  if (given.length === 0) return;
  const rule = "a flag of --preset auto";
  const next = "add --preset auto, or leave it out";
  throw refuseUsage(given.map((key) => usageProblem(flagName(key), rule, `${flags[key]}`, next)));
}

/** The verb and the options that decide the result: no output path, threads or progress; file names without folders. */
function describeCommand(file: string, flags: Readonly<Record<string, unknown>>, seed: number): string[] {
  const words = Object.keys(decidingFlags)
    .filter((key) => flags[key] !== undefined)
    .sort()
    .flatMap((key) => {
      const text = Array.isArray(flags[key]) ? flags[key].join(",") : String(flags[key]);
      return [
        flagName(key),
        key === "calibrate"
          ? text
              .split(",")
              .map((part) => basename(part))
              .join(",")
          : text,
      ];
    });
  return ["convert", basename(file), ...words, ...(seed === 0 ? [] : ["--seed", String(seed)])];
}

function describe({ result, snn }: Conversion): string {
  const { passes, layers, calibration, compensation, model } = result;
  const { auto } = result as Partial<AutoConversion["result"]>;
  const passRows = passes.map(({ name, preserves, maxAbsDiff, maxRelDiff }) => [
    name,
    preserves,
    maxAbsDiff === null ? "" : maxAbsDiff.toExponential(1),
    maxRelDiff === null ? "" : maxRelDiff.toExponential(1),
  ]);
  const layerRows = layers.map((layer) => [
    layer.name,
    layer.neurons.toLocaleString("en-US"),
    formatValue(layer.lambdaOut),
    layer.maxRate.toFixed(2),
    layer.number,
    String(layer.largestWeight),
    layer.kappa === 1 ? "1" : layer.kappa.toFixed(3),
    layer.deadChannels.length === 0 ? "" : String(layer.deadChannels.length),
  ]);
  return [
    ...(auto === undefined ? [] : [renderFrontText(auto), ""]),
    `${model.arch}, ${model.totals.neurons.toLocaleString("en-US")} neurons; ${String(snn.options.spikes)} spikes; ${describeLambda(calibration)}`,
    "",
    layTable(["pass", "preserves", "largest difference", "relative"], passRows),
    "",
    layTable(["layer", "neurons", "λ", "max rate", "number", "largest weight", "κ", "dead"], layerRows),
    ...describeCompensation(compensation),
    ...describeAdjustment(result.adjustment),
    describeRounding(result.rounding),
    ...describeCertified(result.certificate),
    "",
    `saved ${result.snn?.path} (${result.snn?.bytes.toLocaleString("en-US")} bytes, SHA-256 ${result.snn?.sha256})`,
    `next: respike evaluate ${result.snn?.path} -T ${String(snn.options.T)}`,
  ].join("\n");
}

function describeCompensation(compensation: Conversion["result"]["compensation"]): readonly string[] {
  if (compensation === null) return [];
  const { method, criterion, images, factors } = compensation;
  const told = factors.map(
    ({ name, kappa, before, after }) => `${cleanLine(name)} ×${kappa.toFixed(3)} (${before} → ${after})`,
  );
  return [`compensation: ${method}, ${criterion} on ${images} images: ${told.join("; ")}`];
}

function describeCertified(certificate: Conversion["result"]["certificate"]): readonly string[] {
  return certificate === null ? [] : ["", "certificate", ...describeCertificate(certificate)];
}

function describeAdjustment(adjustment: Conversion["result"]["adjustment"]): readonly string[] {
  if (adjustment === null) return [];
  const { method, scope, first, images, steps, delay, layers } = adjustment;
  const percent = (value: number | null) => (value === null ? "" : `${(100 * value).toFixed(2)} %`);
  const fits = [
    ["currents", "bias"],
    ["potentials", "potential"],
  ] as const;
  // In the order in which they are fitted, without what no layer was fitted in.
  const inOrder = first === "currents" ? fits : fits.toReversed();
  const fitted = inOrder.filter(([, fit]) => layers.some((layer) => layer[fit] !== null));
  const rows = layers.map((layer) => [
    layer.name,
    ...[layer.before, ...fitted.map(([, fit]) => layer[fit]), layer.after].map(percent),
  ]);
  const late = delay === 0 ? "" : `, of the steps after ${delay}`;
  const kept = first === "currents" ? "" : " (what is fitted is the mean, and it is kept where this rises)";
  const how = method === "bias" ? "" : `, initial potentials one a ${scope}`;
  return [
    `adjusted layer by layer on ${images} training images at T = ${steps}${how}; squared error over squared activation${late}${kept}:`,
    layTable(["layer", "before", ...fitted.map(([title]) => title), "kept"], rows),
  ];
}

function describeLambda({ lambda, n, data }: Conversion["result"]["calibration"]): string {
  const images = `${n.toLocaleString("en-US")} training images of ${data}`;
  return lambda === "ceiling"
    ? `λ = the trained ceilings; dead channels from ${images}`
    : `λ = ${lambda} over ${images}`;
}

function describeRounding(rounding: Conversion["result"]["rounding"]): string {
  const { images, steps, changedPredictions, spikeDifference, accuracy, skipped } = rounding;
  if (skipped !== null) return `rounding was not measured: ${skipped}`;
  const spikes = spikeDifference === null ? "" : `, Σ|ΔN|/ΣN = ${(100 * spikeDifference).toFixed(2)} %`;
  const right = `${accuracy?.float.toFixed(1)} % right in floats, ${accuracy?.integer.toFixed(1)} % in integers`;
  return `rounding against float32, ${images} held-back training images, T = ${steps}: ${changedPredictions} predictions changed${spikes}; ${right}`;
}

function formatValue(value: number | readonly number[]): string {
  if (typeof value === "number") return value.toPrecision(4);
  return `${Math.min(...value).toPrecision(3)}…${Math.max(...value).toPrecision(3)}`;
}
