/**
 * A diagnosis as a folder: figures as JSON, a page, plots.
 *
 * Knows: names of files. May not know: how a diagnosis is made.
 */
import { join } from "node:path";
import { makeFolder } from "../datasets/make-folder.js";
import { refuseDisk, writeWholeFile } from "../node/write-whole-file.js";
import { renderDiagnosis } from "../report/diagnosis/render-diagnosis.js";
import type { DiagnosisOutcome } from "./diagnose.js";
import { version } from "./version.js";

/** @throws RespikeError (exit 5) where the folder cannot be written */
export async function writeDiagnosis(
  out: string,
  { result, snn, warnings }: DiagnosisOutcome,
  command: readonly string[],
): Promise<{ readonly path: string; readonly report: string }> {
  const { arch, model } = snn.provenance;
  const title = [arch, model].filter((part) => typeof part === "string").join(", ") || "Spiking network";
  const { html, plots } = await renderDiagnosis({ result, warnings, command, title, version });
  await makeFolder(join(out, "plots")).catch((cause: unknown) => {
    throw refuseDisk(out, cause);
  });
  const write = (name: string, text: string) => writeWholeFile(join(out, name), text, { force: true });
  for (const [name, svg] of plots) await write(join("plots", name), svg);
  await write("report.html", html);
  await write("diagnosis.json", `${JSON.stringify(result, null, 1)}\n`);
  return { path: out, report: join(out, "report.html") };
}
