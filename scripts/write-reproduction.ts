/**
 * docs/reproduction.md and its plots, from run folders of `respike reproduce`.
 *
 *   node dist-dev/scripts/write-reproduction.js 'HEADING=RUNFOLDER' …
 *
 * Below the line `<!-- generated -->` everything is written anew; what stands above it is kept.
 */
import { readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drawPlots } from "#src/report/draw-plots.js";
import { plotsOf } from "#src/report/reproduction/plots/experiment-plots.js";
import { type MarkdownPart, renderMarkdown } from "#src/report/reproduction/render-markdown.js";
import type { ReproductionResult } from "#src/report/reproduction/reproduction-result.js";

const page = join("docs", "reproduction.md");
const pictures = join("docs", "reproduction");
const mark = "<!-- generated -->";

/** `command` of config.json with folders as a reader has them. */
function describeCommand(folder: string): string {
  const { flags } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as {
    flags: { target: string; quick?: boolean; models?: string; only?: string };
  };
  const models = flags.models === undefined ? "" : " --models ../shared/models";
  const only = flags.only === undefined ? "" : ` --only '${flags.only}'`;
  return `npx respike reproduce ${flags.target}${flags.quick === true ? " --quick" : ""}${only}${models}`;
}

/** A part, and its plots by address. */
async function readPart(text: string, at: number, drawn: Map<string, string>): Promise<MarkdownPart> {
  const [heading = "", folder] = text.split("=");
  if (folder === undefined) throw new Error(`'${text}' is no HEADING=RUNFOLDER`);
  const result = JSON.parse(readFileSync(join(folder, "results.json"), "utf8")) as ReproductionResult;
  const plots = new Map<string, string>();
  for (const experiment of result.experiments) {
    if (!experiment.rows.some(({ measured }) => measured !== null)) continue;
    const { files } = await drawPlots(plotsOf(experiment), experiment);
    for (const [name, svg] of files) {
      const file = `${at + 1}-${name}`;
      drawn.set(join(pictures, file), svg);
      plots.set(name, `reproduction/${file}`);
    }
  }
  return { heading, says: "", command: describeCommand(folder), result, plots };
}

const drawn = new Map<string, string>();
const parts: MarkdownPart[] = [];
for (const [at, text] of process.argv.slice(2).entries()) parts.push(await readPart(text, at, drawn));
if (parts.length === 0) throw new Error("give HEADING=RUNFOLDER for each part of the page");
const [head = ""] = readFileSync(page, "utf8").split(mark);
// Nothing is removed before all is there.
rmSync(pictures, { recursive: true, force: true });
await mkdir(pictures, { recursive: true });
for (const [path, svg] of drawn) await writeFile(path, svg);
await writeFile(page, `${head}${mark}\n\n${renderMarkdown(parts)}\n`);
