/** From experiments to jobs: which rows share a job, what decides a job's key, what a part of k runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { experiments } from "#src/library/reproduce/experiments/experiment-list.js";
import type { FoundNetwork } from "#src/library/reproduce/find-networks.js";
import { forecastJobs, nominalSpeed, weighJob } from "#src/library/reproduce/forecast.js";
import { listQuantityRows } from "#src/library/reproduce/measure-quantity.js";
import {
  type KnownData,
  type MissingData,
  planReproduction,
  withImages,
} from "#src/library/reproduce/plan-reproduction.js";
import { expandOptions, findRecipe, isBoundToT } from "#src/library/reproduce/recipes.js";
import { chooseShard } from "#src/library/reproduce/shard-jobs.js";

function network(
  family: "resnet" | "plain",
  depth: number,
  data: string,
  shortcut: string | null,
): FoundNetwork {
  const name = `${data}-${family}${depth}${shortcut}`;
  const model = { name, sha256: name, arch: `${family}${depth}`, preprocessing: null };
  return {
    ...{ data, family, depth, shortcut, origin: "nowhere", macs: depth * 1e6 },
    model: model as unknown as FoundNetwork["model"],
  };
}

const networks = [
  ...[20, 32, 44, 56, 110].map((depth) => network("resnet", depth, "cifar10", "A")),
  network("resnet", 20, "cifar10", "P"),
  network("plain", 20, "cifar10", null),
  network("resnet", 8, "mnist", "P"),
];
const known = { trainSha256: "train", testSha256: "test", testImages: 10_000 };
const data = new Map([
  ["cifar10", known],
  ["mnist", { ...known, testSha256: "digits" }],
]);
const request = { target: "all", quick: false, n: "all", seed: 0, only: null } as const;
const plan = planReproduction(experiments, { networks, refused: [] }, data, request);

test("every claim's and explanation's rows are rows of its experiment; every recipe is in the list", () => {
  for (const { id, rows, claims } of experiments) {
    const ids = new Set(rows.map((row) => row.id));
    for (const { recipe } of rows) assert.ok(findRecipe(recipe));
    for (const claim of claims) {
      const all = ["kind" in claim.quantity ? [claim.quantity] : claim.quantity, claim.explanations ?? []];
      for (const each of all.flat()) {
        const quantities = ["difference" in each ? each.quantity : each].flat();
        for (const quantity of quantities)
          for (const row of listQuantityRows(quantity)) assert.ok(ids.has(row), `${id}, ${claim.id}: ${row}`);
      }
    }
  }
});

test("the published gains without normalisation, and table 1's losses, stand in the claims", () => {
  const published = (id: string) =>
    experiments.find((each) => each.id === id)?.claims.map((claim) => claim.published);
  assert.deepEqual(published("table2"), [0.2, 2.34, 6.32, 7.42, 8.31, 8.59, null]);
  assert.deepEqual(published("table1"), [99.59, 99.59, 0, 92.85, 92.37, 0.48, 70.18, 68.56, 1.62]);
});

test("a network that is missing leaves rows with the command that trains it", () => {
  const row = plan.rows.find(({ network: { data: name, depth } }) => name === "cifar100" && depth === 44);
  assert.equal(row?.job, null);
  assert.match(row?.because ?? "", /respike train resnet44 --data cifar100/);
  // beside the network that has the usual name
  const average = plan.rows.find(({ network: { shortcut } }) => shortcut === "avg");
  assert.match(average?.because ?? "", /--shortcut avg -o networks\/cifar10-resnet20-avg\.safetensors/);
});

test("data that cannot be had is the reason of rows whose network is at hand, of the others that it is missing", () => {
  const because = "cifar10 could not be opened: it is not in the cache";
  const without = new Map<string, KnownData | MissingData>(data).set("cifar10", { because });
  const { rows } = planReproduction(experiments, { networks, refused: [] }, without, request);
  const reasonOf = (id: string) => rows.find((row) => row.id === id)?.because;
  assert.equal(reasonOf("cifar10 ResNet-44, paper, T = 350"), because);
  assert.match(reasonOf("cifar10 plain-56, paper, T = 350") ?? "", /respike train plain56/);
  assert.equal(reasonOf("mnist ResNet-8, paper, T = 350"), null);
});

test("rows of one network and recipe share a job across T and tables; a search has one for each T", () => {
  const jobsOf = (text: string) =>
    new Set(plan.rows.filter(({ id }) => id.startsWith(text)).map(({ job }) => job));
  assert.equal(jobsOf("cifar10 ResNet-44, default, T").size, 1);
  assert.equal(jobsOf("cifar10 ResNet-44, layer").size, 3);
  assert.ok(isBoundToT(expandOptions(findRecipe("shared"), false)));
  assert.ok(!isBoundToT(expandOptions(findRecipe("authors"), false)));
  assert.deepEqual(
    ["binary", "signed", "refine", "ltb"].map((name) => isBoundToT(expandOptions(findRecipe(name), false))),
    [true, true, true, false],
  );
  // the article's recipe is the search for one factor at T = 350
  const paper = plan.rows.find(({ id }) => id === "cifar10 ResNet-20, paper, T = 350");
  const shared = plan.rows.find(({ id }) => id === "cifar10 ResNet-20, shared, T = 350");
  assert.ok(paper !== undefined && paper.job === shared?.job);
});

test("no job runs on after the last row that looks at it", () => {
  for (const { key, T } of plan.jobs) {
    const rows = plan.rows.filter(({ job }) => job === key);
    assert.ok(rows.length > 0 && rows.every((row) => row.T <= T), key);
    if (rows.every(({ recipe }) => recipe === "ltb")) assert.equal(T, 64);
  }
  assert.ok(plan.rows.some(({ recipe }) => recipe === "ltb"));
});

test("a job's key depends on weights, options, data, number of images and seed", () => {
  const keys = (...changed: Parameters<typeof planReproduction>) =>
    planReproduction(...changed).jobs.map(({ key }) => key);
  const base = new Set(plan.jobs.map(({ key }) => key));
  const none = (found: readonly string[]) => assert.ok(found.every((key) => !base.has(key)));
  const found = { networks, refused: [] };
  none(keys(experiments, found, data, { ...request, seed: 1 }));
  none(
    keys(
      experiments,
      found,
      new Map([...data].map(([name, each]) => [name, { ...each, testSha256: "x" }])),
      request,
    ),
  );
  none(
    keys(
      experiments,
      found,
      new Map([...data].map(([name, each]) => [name, { ...each, trainSha256: "x" }])),
      request,
    ),
  );
  const others = networks.map((each) => ({
    ...each,
    model: { ...each.model, sha256: `${each.model.sha256}x` },
  }));
  none(keys(experiments, { networks: others, refused: [] }, data, request));
  const [job] = plan.jobs;
  assert.ok(job !== undefined);
  assert.equal(withImages(job, job.n).key, job.key);
  assert.notEqual(withImages(job, job.n - 1).key, job.key);
});

test("quick: 200 images of networks up to depth 20, no search above T = 64; said in a note", () => {
  const quick = planReproduction(experiments, { networks, refused: [] }, data, {
    ...request,
    quick: true,
    n: 200,
  });
  assert.ok(quick.rows.length > 0);
  for (const {
    network: { depth },
  } of quick.rows)
    assert.ok(depth <= 20);
  for (const { n, options, T } of quick.jobs) {
    assert.equal(n, 200);
    assert.ok(!isBoundToT(options) || T <= 64);
  }
  assert.match(quick.notes[0] ?? "", /rows are left out/);
  const paper = quick.rows.find(({ recipe }) => recipe === "paper");
  assert.match(paper?.method ?? "", /; quick: --calibrate-n 2000 --compensate off$/);
});

test("parts of the jobs: every job in one of them, none above the mean by more than the longest job", () => {
  const parts = [1, 2, 3].map((index) => chooseShard(plan.jobs, { index, of: 3 }));
  const keys = parts.flat().map(({ key }) => key);
  assert.deepEqual([...keys].sort(), plan.jobs.map(({ key }) => key).sort());
  const loads = parts.map((jobs) => jobs.reduce((sum, job) => sum + weighJob(job), 0));
  const longest = Math.max(...plan.jobs.map(weighJob));
  const mean = loads.reduce((sum, load) => sum + load) / 3;
  for (const load of loads) assert.ok(load <= mean + longest);
  assert.throws(() => chooseShard(plan.jobs.slice(0, 2), { index: 1, of: 3 }), /each part has a job/);
});

test("a forecast grows with images, depth and T", () => {
  const [job] = plan.jobs;
  assert.ok(job !== undefined);
  const forecast = (...changes: readonly object[]) =>
    forecastJobs(
      changes.map((change) => ({ ...job, ...change })),
      nominalSpeed,
    );
  const seconds = (change: object) => forecast(change)[0]?.evaluation ?? 0;
  assert.ok(seconds({ n: 2 * job.n }) > 1.9 * seconds({ n: job.n }) - 4);
  assert.ok(seconds({ macs: 2 * job.macs }) > seconds({}));
  assert.ok(seconds({ T: 2 * job.T }) > seconds({}));
  const withSpikes = (spikes: string, T: number) => seconds({ T, options: { ...job.options, spikes } });
  assert.ok(withSpikes("signed", 64) > withSpikes("binary", 64), "more spikes in a step");
  assert.ok(withSpikes("refine:7", 4) > withSpikes("signed", 4));
  assert.equal(withSpikes("refine:7", 64), withSpikes("refine:7", 8), "nothing is left to send");
  const [first, second, other] = forecast({}, { T: job.T }, { modelSha256: "other" });
  assert.ok((second?.conversion ?? 0) < (first?.conversion ?? 0), "statistics are there already");
  assert.equal(other?.conversion, first?.conversion);
  const [again] = forecastJobs([job], nominalSpeed, [{ ...job }]);
  assert.equal(again?.conversion, second?.conversion, "statistics of a job of before are kept");
  const [converted] = forecastJobs([job], nominalSpeed, [job]);
  assert.deepEqual(converted, { conversion: 0, evaluation: again?.evaluation }, "its network is there");
});
