/** Threads, batches, backends, shards, kills and resumption change nothing in the results. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { RespikeError } from "#src/core/respike-error.js";
import { mergeRuns, saveMergedRun } from "#src/node/merge-runs.js";
import { evaluateSmall } from "./evaluate-small.js";

let root = "";
let expected: Readonly<Record<string, string>> = {};

before(async () => {
  root = await mkdtemp(join(tmpdir(), "respike-evaluation-"));
  const dir = join(root, "expected");
  await evaluateSmall(dir);
  expected = await readRun(dir);
});
after(() => rm(root, { recursive: true, force: true }));

/** All tables and the results without `run`. */
async function readRun(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of ["curve.csv", "layers.csv", "predictions.csv"])
    files[name] = await readFile(join(dir, name), "utf8");
  const { run: _, ...results } = JSON.parse(await readFile(join(dir, "results.json"), "utf8"));
  return { ...files, results: JSON.stringify(results) };
}

for (const [name, run] of [
  ["two threads", { threads: 2 }],
  ["batches of 1", { threads: 2, batch: 1 }],
  ["one batch of everything", { batch: 31 }],
  ["the fast backend instead of the reference", { backend: "wasm" }],
] as const) {
  test(`${name} give the same results`, async () => {
    const dir = join(root, name);
    await evaluateSmall(dir, run);
    assert.deepEqual(await readRun(dir), expected);
  });
}

test("a finished chunk that names other images than stand at its place is refused", async () => {
  const dir = join(root, "foreign");
  await evaluateSmall(dir, { batch: 31 });
  const file = join(dir, "progress.jsonl");
  const { start, ...record } = JSON.parse(await readFile(file, "utf8"));
  for (const moved of [1, 31, 10_000]) {
    await writeFile(file, `${JSON.stringify({ start: start + moved, ...record })}\n`);
    await assert.rejects(
      evaluateSmall(dir, { batch: 31, resume: true }),
      (error: RespikeError) => error.code === "run-folder" && error.exitCode === 3,
    );
  }
});

test("a shard whose finished chunks name other images than its own is refused, the folder named", async () => {
  const dirs = [1, 2].map((index) => join(root, `alien-${index}`));
  for (const [at, dir] of dirs.entries())
    await evaluateSmall(dir, { shard: { index: at + 1, of: 2 }, batch: 31 });
  const [first = "", second = ""] = dirs;
  const file = join(second, "progress.jsonl");
  const { indices, ...record } = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, `${JSON.stringify({ ...record, indices: [...indices.slice(1), 0] })}\n`);
  await assert.rejects(mergeRuns([first, second]), (error: RespikeError) => {
    return error.exitCode === 3 && error.code === "run-folder" && error.where.startsWith(second);
  });
});

test("a report that cannot be written leaves the folder free: the run is resumed in the same process", async () => {
  const dir = join(root, "no-report");
  const failing = async () => {
    throw new Error("no report");
  };
  await assert.rejects(evaluateSmall(dir, { writeMore: failing }), /no report/);
  await evaluateSmall(dir, { resume: true });
  assert.deepEqual(await readRun(dir), expected);
  const merged = join(root, "merged-no-report");
  const parts = [1, 2].map((index) => ({ index, of: 2 }));
  for (const shard of parts) await evaluateSmall(`${merged}-${shard.index}`, { shard });
  const runs = await mergeRuns(parts.map(({ index }) => `${merged}-${index}`));
  await assert.rejects(saveMergedRun(merged, runs, {}, failing), /no report/);
  await saveMergedRun(merged, runs, { force: true });
  assert.deepEqual(await readRun(merged), expected);
});

test("a run whose folder another process took over stops before it appends, and leaves the folder to that one", async () => {
  const dir = join(root, "taken");
  const lock = join(dir, ".lock");
  const other = JSON.stringify({ pid: 1, host: "elsewhere", token: "another" });
  let lines = "";
  const take = async () => {
    if (lines !== "") return;
    lines = await readFile(join(dir, "progress.jsonl"), "utf8");
    await writeFile(`${lock}.new`, other);
    await rename(`${lock}.new`, lock);
  };
  const says = { exitCode: 2, code: "run-in-use", value: "another one has taken it over from this one" };
  await assert.rejects(evaluateSmall(dir, { onAppended: take }), says);
  assert.equal(await readFile(join(dir, "progress.jsonl"), "utf8"), lines);
  assert.equal(await readFile(lock, "utf8"), other);
  await rm(lock);
  lines = "";
  await evaluateSmall(dir, { resume: true });
  assert.deepEqual(await readRun(dir), expected);
  const done = join(root, "taken-at-the-end");
  const takeAtEnd = async () => writeFile(join(done, ".lock"), other);
  await assert.rejects(evaluateSmall(done, { writeMore: takeAtEnd }), says);
  await assert.rejects(readFile(join(done, "results.json")), "no results from an owner that is none");
});

test("two runs at once in one process give the same results", async () => {
  const dirs = ["a", "b"].map((name) => join(root, name));
  await Promise.all(dirs.map((dir) => evaluateSmall(dir, { threads: 2 })));
  for (const dir of dirs) assert.deepEqual(await readRun(dir), expected);
});

test("three shards merged give the same results; a missing one is named", async () => {
  const dirs = [1, 2, 3].map((index) => join(root, `shard-${index}`));
  for (const [index, dir] of dirs.entries()) {
    await evaluateSmall(dir, { shard: { index: index + 1, of: 3 }, batch: 2 + index });
  }
  const [first = "", second = "", third = ""] = dirs;
  const merged = join(root, "merged");
  // a line that another process is writing is neither read nor cut off its file
  const log = join(third, "progress.jsonl");
  await appendFile(log, '{"start":');
  const text = await readFile(log, "utf8");
  await saveMergedRun(merged, await mergeRuns([third, first, second]));
  assert.equal(await readFile(log, "utf8"), text);
  assert.deepEqual(await readRun(merged), expected);
  await assert.rejects(mergeRuns([first, third]), (error: RespikeError) => {
    return error.exitCode === 3 && error.where === "shard 2/3";
  });
});

test("killed with SIGKILL several times and resumed, a run gives the same results", async () => {
  const dir = join(root, "killed");
  const program = fileURLToPath(new URL("./evaluate-small.js", import.meta.url));
  let lines = 0;
  for (let kill = 0; kill < 2; kill++) {
    const child = spawn(process.execPath, [program, dir, "2"], { stdio: "ignore" });
    const exit = once(child, "exit");
    for (;;) {
      const text = await readFile(join(dir, "progress.jsonl"), "utf8").catch(() => "");
      if (text.split("\n").length > lines + 2) break;
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill("SIGKILL");
    await exit;
    assert.equal(child.signalCode, "SIGKILL", "the run was still going");
    lines = (await readFile(join(dir, "progress.jsonl"), "utf8")).split("\n").length - 1;
  }
  await assert.rejects(readFile(join(dir, "results.json")), "no results before the end");
  await appendFile(join(dir, "progress.jsonl"), '{"start":3,"indi');
  await evaluateSmall(dir, { resume: true, threads: 2, batch: 4 });
  assert.deepEqual(await readRun(dir), expected);
  await evaluateSmall(dir, { resume: true });
  assert.deepEqual(await readRun(dir), expected, "a finished run, resumed");
});

test("a run is not overwritten, nor resumed with other options", async () => {
  const dir = join(root, "expected");
  await assert.rejects(evaluateSmall(dir), { exitCode: 2, code: "output-exists" });
  await assert.rejects(evaluateSmall(dir, { resume: true, T: 12 }), (error: RespikeError) => {
    return (
      error.exitCode === 2 && error.code === "run-differs" && error.value.includes("T: 20 there, 12 now")
    );
  });
  assert.deepEqual(await readRun(dir), expected, "what was there is still there");
});
