/**
 * docs/reproduction.md and its plots, from run folders of `respike reproduce`.
 *
 *   node dist-dev/scripts/write-reproduction.js 'HEADING=RUNFOLDER' …
 *
 * Below the line `<!-- generated -->` everything is written anew; what stands above it is kept.
 */
import { readFileSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { flagName } from "#src/core/flag-name.js";
import { writeWholeFile } from "#src/node/write-whole-file.js";
import { drawPlots } from "#src/report/draw-plots.js";
import { plotsOf } from "#src/report/reproduction/plots/experiment-plots.js";
import { type MarkdownPart, renderMarkdown } from "#src/report/reproduction/render-markdown.js";
import type { ReproductionResult } from "#src/report/reproduction/reproduction-result.js";
import { quoteCommand } from "#src/report/sections/provenance-sections.js";

const page = join("docs", "reproduction.md");
const pictures = join("docs", "reproduction");
const mark = "<!-- generated -->";

/** Flags of config.json that decide what a page says, as they are given. */
const deciding = ["quick", "n", "only", "models", "preprocess", "stored", "jobs", "seed"];

/** The command behind a folder, with folders as a reader has them. */
function describeCommand(folder: string): string {
  const { flags } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as {
    flags: Readonly<Record<string, unknown>> & { readonly target: string };
  };
  const words = deciding.flatMap((key) => {
    const value = key === "models" && flags[key] !== undefined ? "../shared/models" : flags[key];
    const isDefault =
      value === undefined ||
      value === false ||
      (key === "n" && value === "all") ||
      (key === "seed" && value === 0);
    if (isDefault) return [];
    return value === true ? [flagName(key)] : [flagName(key), String(value)];
  });
  return quoteCommand(["npx", "respike", "reproduce", flags.target, ...words]);
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
for (const [path, svg] of drawn) await writeWholeFile(path, svg, { force: true });
await writeWholeFile(page, `${head}${mark}\n\n${renderMarkdown(parts)}\n`, { force: true });
