/** `reproduce` through the built command line on four images: files, reuse of finished jobs, one part. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { takeLock } from "#src/datasets/cache-lock.js";
import { nameJobFolder } from "#src/library/reproduce/job-store.js";
import type { Job } from "#src/library/reproduce/plan-reproduction.js";
import { resolveCacheFolder } from "#src/node/cache-folder.js";
import type { ReproductionResult } from "#src/report/reproduction/reproduction-result.js";
import { callJson } from "./call-respike.js";

const at = mkdtempSync(join(tmpdir(), "respike-reproduce-"));
after(() => rmSync(at, { recursive: true, force: true }));
const words = ["reproduce", "table1", "--quick", "--n", "4", "--only", "mnist ResNet-8, default, T = 350"];
const cache = ["--cache-dir", resolveCacheFolder()];
type Result = ReproductionResult & { forecast: { jobs: number; reused: number; seconds: number | null } };

test("one row on four images: a page, tables, plots; a job that evaluate could go on with", async () => {
  const { code, err, doc } = await callJson(at, ...words, ...cache, "--out", "first");
  assert.equal(code, 0, err);
  const result = doc.result as unknown as Result;
  assert.deepEqual([result.forecast.jobs, result.forecast.reused, result.complete], [1, 0, true]);
  assert.ok((result.forecast.seconds ?? 0) > 0, "short work has a forecast too");
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

test("the folder of a run of another kind or target is not resumed, and stays as it is", async () => {
  const others: readonly (readonly [string, RegExp])[] = [
    [
      readdirSync(join(at, "runs", "jobs")).find((name) => name.includes("mnist-resnet8")) ?? "",
      /another kind/,
    ],
    ["first", /reproduction of table1/],
  ];
  for (const [folder, says] of others) {
    const path = folder === "first" ? join(at, folder) : join(at, "runs", "jobs", folder);
    const files = ["config.json", "results.json"].map((name) => readFileSync(join(path, name)));
    const { code, doc } = await callJson(
      at,
      "reproduce",
      "fig5",
      "--quick",
      ...cache,
      "--resume",
      "--out",
      path,
    );
    assert.deepEqual([code, doc.errors[0]?.code], [2, "run-differs"]);
    assert.match(doc.errors[0]?.value ?? "", says);
    assert.deepEqual(
      ["config.json", "results.json"].map((name) => readFileSync(join(path, name))),
      files,
    );
  }
  const again = await callJson(at, ...words, ...cache, "--resume", "--out", "first");
  assert.equal(again.code, 0, again.err);
});

test("a job that another process runs is left to it: not run yet, and no reason is kept", async () => {
  const others = words.map((word) => (word === "4" ? "5" : word));
  const planned = await callJson(at, ...others, ...cache, "--stored", "--out", "planned");
  const saved = JSON.parse(readFileSync(join(at, "planned", "config.json"), "utf8")) as {
    plan: { jobs: readonly Job[] };
  };
  assert.equal(planned.code, 0, planned.err);
  const [job] = saved.plan.jobs;
  const folder = join(at, "runs", "jobs", nameJobFolder(job as Job));
  mkdirSync(folder);
  const lock = await takeLock(join(folder, ".lock"));
  assert.ok(lock);
  const { code, doc, err } = await callJson(at, ...others, ...cache, "--out", "beside");
  await lock.release();
  assert.equal(code, 0, err);
  assert.deepEqual(
    doc.warnings.map((warning) => warning.code),
    ["job-in-use"],
  );
  assert.ok(!existsSync(join(at, "runs", "jobs", "failed")));
  assert.equal((doc.result as unknown as Result).complete, false);
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
