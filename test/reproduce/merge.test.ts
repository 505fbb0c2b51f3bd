/** Parts of a reproduction merged from hand-made job folders: whole, and refused where a part or job is missing. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { RespikeError } from "#src/core/respike-error.js";
import { JobStore } from "#src/library/reproduce/job-store.js";
import { mergeReproductions } from "#src/library/reproduce/merge-reproductions.js";
import type { Job, PlannedRow, ReproductionPlan } from "#src/library/reproduce/plan-reproduction.js";
import { withImages } from "#src/library/reproduce/plan-reproduction.js";

const at = mkdtempSync(join(tmpdir(), "respike-merge-"));
after(() => rmSync(at, { recursive: true, force: true }));

const network = { data: "cifar10", family: "resnet", depth: 20 } as const;
const jobs = ["paper", "paper, without"].map((recipe): Job => {
  const bare = {
    conversion: recipe,
    name: recipe,
    modelSha256: "m",
    testSha256: "t",
    data: "cifar10",
    options: {},
  };
  return withImages({ ...bare, T: 350, at: [350], seed: 0, macs: 1 }, 4);
});
const rows = jobs.map(
  ({ key, name }): PlannedRow => ({
    ...{
      id: `cifar10 ResNet-20, ${name}, T = 350`,
      part: "p",
      network,
      recipe: name,
      T: 350,
      experiment: "table2",
    },
    ...{ method: name, flags: "", because: null, job: key },
    used: { file: "f", sha256: "m", arch: "resnet20", origin: "o" },
  }),
);
const plan: ReproductionPlan = {
  ...{ target: "table2", quick: false, n: "all", seed: 0, only: null, version: "0", rows, jobs, notes: [] },
};

function makePart(
  name: string,
  shard: string,
  own: readonly Job[],
  changed: Partial<ReproductionPlan> = {},
): string {
  const folder = join(at, name);
  mkdirSync(join(folder, "jobs"), { recursive: true });
  const config = {
    schema: "respike.reproduction/1",
    version: "0",
    command: [],
    flags: {},
    jobs: "jobs",
    shard,
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, plan: { ...plan, ...changed } }));
  for (const job of own) writeJob(new JobStore(join(folder, "jobs")).runFolder(job), job === jobs[0] ? 4 : 2);
  return folder;
}

/** Four images, of which the network gets all right. */
function writeJob(folder: string, right: number): void {
  mkdirSync(folder, { recursive: true });
  const step = {
    t: 350,
    correct: right,
    n: 4,
    accuracy: 25 * right,
    loss: 100 - 25 * right,
    lossCi95: [0, 99],
  };
  const cost = { annMacs: 1, annMacsEffective: 1, firstLayerMacs: 1, neurons: 1 };
  const snn = { T: 350, alphabet: "binary", at: [{ ...step, spikes: 1, sopEffective: 1, sopStructural: 1 }] };
  const result = { complete: true, ann: { correct: 4, n: 4, accuracy: 100 }, snn, cost };
  writeFileSync(join(folder, "results.json"), JSON.stringify(result));
  const lines = [0, 1, 2, 3].map((index) => `${index},1,1,${index < right ? 1 : 0}`);
  writeFileSync(join(folder, "predictions.csv"), ["index,label,ann,t350", ...lines, ""].join("\n"));
}

const options = { force: false, command: ["respike", "merge"] };
const refused = (rule: RegExp) => (error: unknown) =>
  error instanceof RespikeError &&
  error.exitCode === 3 &&
  error.problems.some((problem) => rule.test(problem.rule));

const [one, two] = [makePart("a", "1/2", jobs.slice(0, 1)), makePart("b", "2/2", jobs.slice(1))];

test("two parts, in any order: all rows, the gain between them, the jobs in the new folder", async () => {
  const { result } = await mergeReproductions([two, one], join(at, "whole"), options);
  assert.ok(result.complete);
  const gain = result.experiments[0]?.claims.find(({ id }) => id === "resnet20-gain");
  assert.equal(gain?.measured, 50);
  const again = await mergeReproductions([one, two], join(at, "again"), options);
  assert.deepEqual(again.result, result);
  assert.deepEqual(JSON.parse(readFileSync(join(at, "whole", "results.json"), "utf8")), result);
  assert.ok((await new JobStore(join(at, "whole", "jobs")).readFinished(jobs[1] as Job)) !== null);
});

test("a part of records without run folders: the same page", async () => {
  const other = makePart("records", "2/2", []);
  const [job, home] = [jobs[1] as Job, new JobStore(join(two, "jobs"))];
  const finished = await home.readFinished(job);
  assert.ok(finished !== null);
  await new JobStore(join(other, "jobs")).keepRecord(job, finished);
  const { result } = await mergeReproductions([one, other], join(at, "recorded"), options);
  const whole = JSON.parse(readFileSync(join(at, "whole", "results.json"), "utf8")) as typeof result;
  assert.deepEqual(result, whole);
});

test("a part that is missing, twice, of another plan or unfinished is named, and nothing is written", async () => {
  const out = join(at, "refused");
  await assert.rejects(mergeReproductions([one], out, options), refused(/each part is there once/));
  await assert.rejects(mergeReproductions([one, one, two], out, options), refused(/each part is there once/));
  const other = makePart("c", "2/2", jobs.slice(1), { quick: true });
  await assert.rejects(
    mergeReproductions([one, other], out, options),
    refused(/the same rows, networks and data/),
  );
  const unfinished = makePart("d", "2/2", []);
  await assert.rejects(mergeReproductions([one, unfinished], out, options), refused(/every job is finished/));
  await assert.rejects(
    mergeReproductions([one, at], out, options),
    refused(/config\.json of a reproduction/),
  );
  assert.throws(() => readFileSync(join(out, "config.json")), /ENOENT/);
});
