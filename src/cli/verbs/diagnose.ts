/**
 * `respike diagnose SNN`: where a spiking network's error arises, which layer is to blame, and what to do.
 *
 * Knows: how a diagnosis reads for people. May not know: how it is made.
 */
import { refuseUsage } from "../../core/respike-error.js";
import { type DiagnosisOutcome, diagnose } from "../../library/diagnose.js";
import { loadSnn, saveSnn } from "../../library/snn-files.js";
import { writeDiagnosis } from "../../library/write-diagnosis.js";
import { refuseExisting } from "../../node/write-whole-file.js";
import { renderDiagnosisText } from "../../report/diagnosis/render-diagnosis.js";
import { backendFlag, delayFlag, evaluationFlags, stepsFlag } from "../evaluation-flags.js";
import { countFlag, integerFlag, switchFlag, textFlag } from "../flags.js";
import { usageProblem } from "../parse-command.js";
import { defineVerb } from "../verb.js";

export const diagnoseVerb = defineVerb({
  name: "diagnose",
  summary: "say what a conversion loses, which layer is to blame, and how many steps it needs",
  arguments: [{ name: "SNN", description: "a .snn.safetensors", required: true }],
  flags: {
    data: textFlag("DATA", {
      description: "data set whose training images are looked at, those that the conversion has not seen",
      shownDefault: "the one converted for",
    }),
    layout: evaluationFlags.layout,
    n: integerFlag(
      { min: 1, max: 5000 },
      { description: "how many images", shownDefault: "32 to 256, by size" },
    ),
    T: stepsFlag,
    delay: delayFlag,
    whatIf: countFlag(
      {
        description:
          "simulate again with one layer made free of its own errors, for N layers (those of the largest errors) or all; 0 for none",
        shownDefault: "8",
      },
      0,
    ),
    backend: backendFlag,
    certify: switchFlag({ description: "with -o: save the network with its certificate" }),
    o: textFlag("FILE", { description: "with --certify: where the certified network goes" }),
    out: textFlag("DIR", { description: "write diagnosis.json, report.html and plots there" }),
  },
  explanation:
    "Runs training images that the conversion has not seen through the spiking network and the network it came from, and splits each layer's error into five parts: unevenness (spikes bunched in time), quantisation (a count is a whole number), clipping (no rate above the largest), wiring (the layer computes something else than the network's: a defect), and what came in from the layers before. Then it lets single layers send what they should and simulates the rest again: what the outputs gain is what that layer costs. It ends with the certificate: the limit of many steps, the accuracy at T on images that no choice of the conversion has seen, and how many steps a loss of 1 and of 0.5 points will take; no labels are needed for that.",
  examples: [
    ["respike diagnose resnet20.snn.safetensors", "errors by layer, the layers to blame, the steps needed"],
    ["respike diagnose resnet20.snn.safetensors --what-if all -T 64", "what every layer costs at 64 steps"],
    [
      "respike diagnose resnet20.snn.safetensors --out diagnosis",
      "a page with plots, and the figures as JSON",
    ],
    [
      "respike diagnose resnet20.snn.safetensors --certify -o certified.snn.safetensors",
      "save the network with its certificate",
    ],
  ],
  async run([file], flags, context) {
    const { certify = false, o, out, ...asked } = flags;
    if (certify !== (o !== undefined)) {
      const [missing, next] = certify
        ? ["-o", "add -o FILE.snn.safetensors"]
        : ["--certify", "add --certify"];
      throw refuseUsage(usageProblem(missing, "--certify and -o belong together", "missing", next));
    }
    for (const path of [o, out]) if (path !== undefined && !context.force) await refuseExisting(path);
    const snn = await loadSnn(file as string);
    const outcome = await diagnose(snn, { ...asked, ...context });
    const saved = o === undefined ? null : await saveSnn(outcome.snn, o, { force: context.force });
    const folder = out === undefined ? null : await writeDiagnosis(out, outcome, context.command);
    const result = { ...outcome.result, ...(saved === null ? {} : { snn: saved }) };
    return { result, text: describe(outcome, saved?.path, folder?.report), warnings: outcome.warnings };
  },
});

function describe(
  { result }: DiagnosisOutcome,
  saved: string | undefined,
  report: string | undefined,
): string {
  return [
    renderDiagnosisText(result),
    ...(saved === undefined ? [] : [`saved ${saved} with its certificate`]),
    ...(report === undefined ? [] : [`report: ${report}`]),
  ].join("\n");
}
