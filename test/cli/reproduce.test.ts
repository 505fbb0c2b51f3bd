/** `reproduce` through the built command line on four images: files, reuse of finished jobs, one part. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { resolveCacheFolder } from "#src/node/cache-folder.js";
import type { ReproductionResult } from "#src/report/reproduction/reproduction-result.js";
import { callJson } from "./call-respike.js";

const at = mkdtempSync(join(tmpdir(), "respike-reproduce-"));
after(() => rmSync(at, { recursive: true, force: true }));
const words = ["reproduce", "table1", "--quick", "--n", "4", "--only", "mnist ResNet-8, default, T = 350"];
const cache = ["--cache-dir", resolveCacheFolder()];
type Result = ReproductionResult & { forecast: { jobs: number; reused: number } };

test("one row on four images: a page, tables, plots; a job that evaluate could go on with", async () => {
  const { code, err, doc } = await callJson(at, ...words, ...cache, "--out", "first");
  assert.equal(code, 0, err);
  const result = doc.result as unknown as Result;
  assert.deepEqual([result.forecast.jobs, result.forecast.reused, result.complete], [1, 0, true]);
  const [row] = result.experiments[0]?.rows ?? [];
  assert.deepEqual([row?.measured?.n, row?.network?.arch, row?.because], [4, "resnet8, option P", null]);
  for (const file of [
    "config.json",
    "results.json",
    "report.html",
    "table1.csv",
    "plots/table1-loss-by-method.svg",
  ])
    assert.ok(existsSync(join(at, "first", file)), file);
  const job = join(at, "runs", "jobs", row?.run ?? "");
  assert.ok(existsSync(join(job, "results.json")) && existsSync(join(job, "report.html")));
  const saved = JSON.parse(readFileSync(join(at, "first", "results.json"), "utf8")) as ReproductionResult;
  assert.deepEqual(saved.experiments, result.experiments);
});

test("the same again runs nothing and finds the same; a folder that exists is not overwritten", async () => {
  const { code, doc } = await callJson(at, ...words, ...cache, "--out", "second");
  assert.equal(code, 0);
  const result = doc.result as unknown as Result;
  assert.deepEqual([result.forecast.jobs, result.forecast.reused], [0, 1]);
  const read = (name: string) => JSON.parse(readFileSync(join(at, name, "results.json"), "utf8")) as object;
  assert.deepEqual(read("second"), read("first"));
  assert.equal((await callJson(at, ...words, ...cache, "--out", "second")).code, 2);
});

test("a converted network that somebody removed is made again", async () => {
  const networks = join(at, "runs", "jobs", "networks");
  const [file] = readdirSync(networks).filter((name) => name.endsWith(".snn.safetensors"));
  const before = readFileSync(join(networks, file ?? ""));
  rmSync(join(networks, file ?? ""));
  const fewer = words.map((word) => (word === "4" ? "3" : word));
  const { code, doc, err } = await callJson(at, ...fewer, ...cache, "--out", "fewer");
  assert.equal(code, 0, err);
  const { experiments, forecast } = doc.result as unknown as Result;
  assert.deepEqual([forecast.jobs, experiments[0]?.rows[0]?.measured?.n, doc.warnings], [1, 3, []]);
  assert.ok(readFileSync(join(networks, file ?? "")).equals(before));
});

test("data that cannot be had is told as the reason, and a cluster is not asked for nothing", async () => {
  const nowhere = ["--offline", "--cache-dir", join(at, "empty-cache")];
  const { code, doc } = await callJson(at, ...words, ...nowhere, "--out", "offline");
  const [row] = (doc.result as unknown as Result).experiments[0]?.rows ?? [];
  assert.equal(code, 0);
  assert.match(row?.because ?? "", /^mnist could not be opened: .*not in the cache/);
  const cluster = await callJson(at, ...words, ...nowhere, "--slurm", "--out", "cluster");
  assert.deepEqual([cluster.code, cluster.doc.errors[0]?.code], [3, "no-jobs"]);
  assert.ok(!existsSync(join(at, "cluster")));
});

test("more parts than jobs, rows that are none, and a folder without networks are refused with what to do", async () => {
  const part = await callJson(at, ...words, ...cache, "--shard", "1/2", "--out", "part");
  assert.deepEqual([part.code, part.doc.errors[0]?.rule], [2, "each part has a job"]);
  const none = await callJson(at, "reproduce", "fig4", "--only", "nothing", ...cache, "--out", "none");
  assert.deepEqual([none.code, none.doc.errors[0]?.code], [2, "no-rows"]);
  const many = await callJson(at, "reproduce", "fig4", "--n", "999999", ...cache, "--out", "many");
  assert.deepEqual([many.code, many.doc.errors[0]?.where], [2, "--n"]);
  const empty = await callJson(at, ...words, ...cache, "--models", "runs", "--out", "empty");
  assert.deepEqual([empty.code, empty.doc.errors[0]?.code], [3, "models-folder"]);
});
