/**
 * `respike run SNN INPUT`: one image as spikes, recorded where asked.
 *
 * Knows: how a run reads for people. May not know: how it is done.
 */
import { type RecordedKind, type RunResult, run } from "../../library/run.js";
import { loadSnn } from "../../library/snn-files.js";
import { cleanLabel } from "../../report/clean-text.js";
import { nameSpikes } from "../../report/name-spikes.js";
import { layTable } from "../../report/render-table.js";
import { backendFlag, delayFlag, readoutFlag, stepsFlag } from "../evaluation-flags.js";
import { choiceFlag, type Flag, switchFlag, textFlag } from "../flags.js";
import { defineVerb } from "../verb.js";

const kinds = ["spikes", "potentials", "currents"] as const;

const recordFlag: Flag<readonly RecordedKind[]> = {
  placeholder: "spikes,…",
  description: "what to record of each chosen layer: spikes, potentials, currents",
  choices: kinds,
  parse(text) {
    const words = text.split(",");
    if (!words.every((word): word is RecordedKind => (kinds as readonly string[]).includes(word))) {
      throw new Error(`one or more of ${kinds.join(",")}`);
    }
    return words as RecordedKind[];
  },
};

export const runVerb = defineVerb({
  name: "run",
  summary: "run one image through a spiking network and record its spikes",
  arguments: [
    { name: "SNN", description: "a .snn.safetensors", required: true },
    {
      name: "INPUT",
      description: "a picture, an .npy, or DATA:split:index such as mnist:test:0",
      required: true,
    },
  ],
  flags: {
    T: stepsFlag,
    readout: readoutFlag,
    delay: delayFlag,
    backend: backendFlag,
    resize: switchFlag({ description: "scale a picture of another size (bilinear, centre crop)" }),
    layout: choiceFlag(["nchw", "nhwc"], {
      description: "order of the axes of .npy data sets",
      shownDefault: "nchw",
    }),
    record: recordFlag,
    layers: textFlag("GLOB", { description: "layers to record, such as 'layer1.*'", shownDefault: "all" }),
    o: textFlag("FILE.npz", { description: "where the record goes" }),
  },
  explanation:
    "Says what the network decided and since when. With --record it writes an .npz that NumPy reads: <layer>/spikes [T,C,H,W], <layer>/potentials (after reset), <layer>/currents, and output [T,classes] in logits.",
  examples: [
    ["respike run mnist.snn.safetensors mnist:test:0 -T 64", "the first MNIST test image"],
    [
      "respike run r20.snn.safetensors cat.png --resize --record spikes --layers 'layer3.*' -o cat.npz",
      "a picture of your own, the last stage's spikes recorded",
    ],
  ],
  async run([file, input], flags, context) {
    const snn = await loadSnn(file as string);
    const { result, warnings } = await run(snn, input as string, { ...flags, ...context });
    return { result, text: describeRun(result), warnings };
  },
});

/** What the network decided, since when as far as that was looked at, and its spikes. */
export function describeRun(result: RunResult): string {
  const { prediction, name, label, at, spikes, record } = result;
  const settled = at.findLastIndex((step) => step.prediction !== prediction) + 1;
  const decided =
    name === undefined || name === String(prediction)
      ? `${prediction}`
      : `${prediction} (${cleanLabel(name, 80)})`;
  const rows = Object.entries(spikes).map(([layer, n]) => [layer, n.toLocaleString("en-US")]);
  const last = at.at(-1)?.t ?? 0;
  const looked = at.length === last ? "" : " of the steps looked at";
  return [
    `the spiking network says ${decided} at step ${last} and stays with it from step ${at[settled]?.t ?? last} on${looked}${label === undefined ? "" : `; the label is ${label}`}`,
    "",
    layTable(["layer", nameSpikes({ snn: result })], rows),
    ...(record === undefined ? [] : ["", `recorded ${record.layers.length} layers in ${record.path}`]),
  ].join("\n");
}
