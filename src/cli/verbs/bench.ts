/**
 * `respike bench SNN`: how fast a spiking network runs on this machine, and where its time goes.
 *
 * Knows: how a measurement reads for people. May not know: how it is done.
 */
import { bench } from "../../library/bench.js";
import { loadSnn } from "../../library/snn-files.js";
import { renderBenchText } from "../../report/bench/render-bench.js";
import { evaluationFlags } from "../evaluation-flags.js";
import { integerFlag, numberFlag, numberListFlag, switchFlag, textFlag } from "../flags.js";
import { defineVerb } from "../verb.js";

export const benchVerb = defineVerb({
  name: "bench",
  summary: "measure how fast a spiking network runs on this machine, layer by layer",
  arguments: [{ name: "SNN", description: "a .snn.safetensors", required: true }],
  flags: {
    data: textFlag("DATA", { description: "images to run", shownDefault: "those converted for" }),
    layout: evaluationFlags.layout,
    split: evaluationFlags.split,
    n: integerFlag(
      { min: 1 },
      { description: "the first N images in every round", shownDefault: "a batch a thread" },
    ),
    T: evaluationFlags.T,
    at: numberListFlag(
      "t,t,…",
      { min: 1, max: 65_000, whole: true },
      { description: "each T to measure, up to -T", shownDefault: "three of 8,16,32,… below T, and T" },
    ),
    threads: numberListFlag(
      "N,N,…",
      { min: 1, max: 1024, whole: true },
      { description: "numbers of worker threads", shownDefault: "1,2,4,… and all cores" },
    ),
    batch: evaluationFlags.batch,
    seconds: numberFlag(
      "S",
      { min: 0.001, max: 3600 },
      { description: "about how long each of the three rounds of a figure takes", shownDefault: "1" },
    ),
    explain: switchFlag({
      description:
        "for each layer: kernel, measured and calibrated rate, measured and modelled time of a step, and the kernels that were rejected",
    }),
    out: textFlag("DIR", { description: "write bench.json, report.html and plots there" }),
  },
  explanation:
    "Runs real images for T steps on each number of threads, after the workers are started and warm, and prints images a second (median of three rounds), the mean spike rate they were reached at, and how many times faster that is than running the network itself densely in every step. Then the share of each layer, what counting spikes and operations costs, and memory. Figures depend on the machine and on what else it does.",
  examples: [
    ["respike bench resnet20.snn.safetensors", "images a second against T and threads"],
    ["respike bench resnet20.snn.safetensors --at 64,350 --threads 1,2", "two T on one and two threads"],
    [
      "respike bench resnet20.snn.safetensors --threads 1 --explain",
      "which kernel runs which layer, and why",
    ],
    [
      "respike bench resnet20.snn.safetensors --out speed --json",
      "a page with plots, and the figures as JSON",
    ],
  ],
  async run([file], flags, context) {
    const snn = await loadSnn(file as string);
    const { result, warnings, folder } = await bench(snn, { ...context, ...flags, threads: flags.threads });
    const text = renderBenchText(result, flags.explain === true);
    return { result, warnings, text: folder === null ? text : `${text}\n\nreport: ${folder.report}` };
  },
});
