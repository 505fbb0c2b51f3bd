/**
 * Peak memory of converting and evaluating a network with the command line.
 *
 *   node dist-dev/scripts/measure-memory.js [--model FILE] [--preprocess imagenet] [--calibrate-n 200] [--n 32] [-T 350]
 *
 * Each verb runs in a process of its own and says at its end the most memory that was resident at
 * once (`process.resourceUsage().maxRSS`), its worker threads included. All images of the data set are in
 * memory whatever their number used, and no worker holds more than one batch: a few images are enough.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdownTable, modelPath } from "./measure-support.js";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: modelPath("cifar10-resnet110.safetensors") },
    preprocess: { type: "string", default: "imagenet" },
    "calibrate-n": { type: "string", default: "200" },
    n: { type: "string", default: "32" },
    steps: { type: "string", short: "T", default: "350" },
  },
});
const cli = join(dirname(fileURLToPath(import.meta.url)), "../../dist/cli/main.js");
const mark = "peak memory, KiB:";
const reporter = `import { isMainThread } from "node:worker_threads";
if (isMainThread) process.on("exit", () => process.stderr.write("\\n${mark} " + process.resourceUsage().maxRSS + "\\n"));`;

/** MB (10⁶ bytes) that `respike` held at most. */
function measurePeak(words: readonly string[]): number {
  const load = `data:text/javascript,${encodeURIComponent(reporter)}`;
  const { status, stderr } = spawnSync(process.execPath, ["--import", load, cli, ...words], {
    encoding: "utf8",
  });
  const found = new RegExp(`^${mark} (\\d+)$`, "m").exec(stderr)?.[1];
  if (status !== 0 || found === undefined) throw new Error(`respike ${words.join(" ")}: ${stderr}`);
  return (Number(found) * 1024) / 1e6;
}

const folder = mkdtempSync(join(tmpdir(), "respike-memory-"));
try {
  const snn = join(folder, "network.snn.safetensors");
  const quiet = ["--progress", "none"];
  const convert = [
    "--preprocess",
    flags.preprocess,
    "--calibrate-n",
    flags["calibrate-n"],
    "-T",
    flags.steps,
  ];
  const evaluate = ["--n", flags.n, "-T", flags.steps];
  // statistics anew: a cached result would hide what collecting them takes
  const seed = ["--seed", String(Date.now() % 1_000_000)];
  const peaks = [
    ["convert", measurePeak(["convert", flags.model, ...convert, ...seed, "-o", snn, ...quiet])],
    ["evaluate", measurePeak(["evaluate", snn, ...evaluate, "--out", join(folder, "run"), ...quiet])],
  ] as const;
  const rows = peaks.map(([verb, peak]) => [
    `\`${verb}\` ${basename(flags.model)}, \`${(verb === "convert" ? convert : evaluate).join(" ")}\``,
    peak.toFixed(0),
  ]);
  console.log(markdownTable(["verb", "largest resident set, MB"], rows));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
