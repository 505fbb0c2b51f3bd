/** Early exit in an evaluation: what it reports is what happened, whatever the threads, batches, shards and resumption. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import type { RespikeError, Warning } from "#src/core/respike-error.js";
import type { Evaluation } from "#src/evaluation/accumulate.js";
import { selectChecked } from "#src/evaluation/early-exit/early-exit-setup.js";
import { fitEarlyExit, type TrajectoryCache } from "#src/evaluation/early-exit/fit-early-exit.js";
import { evaluateSnn } from "#src/evaluation/evaluate-snn.js";
import {
  type EvaluationOptions,
  type EvaluationPlan,
  planEvaluation,
} from "#src/evaluation/evaluation-plan.js";
import { jobTable } from "#src/evaluation/job-table.js";
import { mergeRuns, saveMergedRun } from "#src/node/merge-runs.js";
import { openRunFolder, type RunConfig } from "#src/node/run-folder.js";
import { makeWorkerRunner } from "#src/node/worker-runner.js";
import { buildSmallSnn, smallImages } from "./residual-networks.js";

const n = 90;
const T = 20;
const at = [5, 12, T];
const snn = buildSmallSnn();
const images = smallImages(n);
/** Other images than those evaluated: their last tenth fits. */
const training = { ...smallImages(9000), n: 9000 };
const inline = makeInlineRunner(jobTable);
const options: EvaluationOptions = { T, at, earlyExit: 0.1, hash: true, batch: 13 };

let root = "";
let early: Evaluation;
let full: Evaluation;
let expected: Record<string, string>;

async function fit(change: EvaluationOptions = {}, cache?: TrajectoryCache): Promise<EvaluationPlan> {
  const plan = planEvaluation(snn, images, "small", { ...options, ...change });
  return fitEarlyExit(plan, training, inline, { cache, snnSha256: "of the small network" });
}

async function evaluateInto(
  dir: string,
  change: EvaluationOptions & { threads?: number; resume?: boolean } = {},
) {
  const plan = await fit(change);
  const config: RunConfig = {
    schema: "respike.run/1",
    version: "0.0.0",
    command: [],
    flags: {},
    inputs: {},
    setup: plan.setup,
  };
  const folder = await openRunFolder(dir, config, { resume: change.resume });
  const evaluation = await evaluateSnn(plan, makeWorkerRunner(change.threads ?? 1), { store: folder });
  await folder.finish(evaluation);
  return evaluation;
}

/** All tables and the results without `run`. */
async function readRun(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of ["curve.csv", "layers.csv", "predictions.csv"])
    files[name] = await readFile(join(dir, name), "utf8");
  const { run: _, ...results } = JSON.parse(await readFile(join(dir, "results.json"), "utf8"));
  return { ...files, results: JSON.stringify(results) };
}

before(async () => {
  root = await mkdtemp(join(tmpdir(), "respike-early-exit-"));
  const dir = join(root, "expected");
  early = await evaluateInto(dir);
  expected = await readRun(dir);
  const { earlyExit: _, ...plain } = options;
  full = await evaluateSnn(planEvaluation(snn, images, "small", plain), inline);
});
after(() => rm(root, { recursive: true, force: true }));

test("decisions, times and shares reported are those of the images", () => {
  const exit = early.result.earlyExit;
  assert.ok(exit !== undefined);
  const steps = early.predictions.map((row) => row.exit as number);
  assert.equal(steps.length, n);
  assert.ok(steps.some((step) => step < T) && steps.some((step) => step === T), `${steps}`);
  assert.equal(exit.meanT, steps.reduce((sum, step) => sum + step, 0) / n);
  for (const { t, images: stopped } of exit.times)
    assert.equal(stopped, steps.filter((step) => step === t).length);
  assert.equal(
    exit.times.reduce((sum, time) => sum + time.images, 0),
    n,
  );
  const differing = early.predictions.filter((row, i) => row.at.at(-1) !== full.predictions[i]?.at.at(-1));
  assert.deepEqual([exit.measuredOn, exit.differing], [n, differing.length]);
  assert.equal(exit.measuredShare, differing.length / n);
  assert.ok((exit.measuredCi95?.[0] ?? 1) <= exit.measuredShare);
  assert.ok((exit.measuredCi95?.[1] ?? 0) >= exit.measuredShare);
  for (const [i, row] of early.predictions.entries()) {
    const other = full.predictions[i]?.at ?? [];
    for (const [k, t] of at.entries()) if (t <= (row.exit ?? 0)) assert.equal(row.at[k], other[k]);
  }
});

test("what images that run to T spend is what a run without early exit says; stopping spends less", () => {
  const [exit, last] = [early.result.earlyExit, full.result.snn.at.at(-1)];
  const { accuracy, spikes, sopStructural, sopEffective } = last ?? {};
  assert.deepEqual(exit?.full, { n, accuracy, spikes, sopStructural, sopEffective });
  assert.ok((exit?.spikes ?? 0) > 0 && (exit?.spikes ?? 0) < (spikes ?? 0));
  assert.equal(early.result.snn.at.at(-1)?.spikes, exit?.spikes);
  const rateOf = ({ result }: Evaluation) =>
    result.layers.map(({ rate, maxRate, correlation, meanAbsError, saturated, silent }) => {
      return { rate, maxRate, correlation, meanAbsError, saturated, silent };
    });
  assert.deepEqual(rateOf(early), rateOf(full));
  const { neurons, neuronUpdates } = early.result.cost;
  assert.equal(neuronUpdates, neurons * (exit?.meanT ?? 0));
  assert.notEqual(early.result.spikeHash, full.result.spikeHash);
});

for (const [name, change] of [
  ["two threads", { threads: 2 }],
  ["batches of 1", { threads: 2, batch: 1 }],
  ["one batch of everything", { batch: n }],
] as const) {
  test(`${name} give the same results`, async () => {
    const dir = join(root, name);
    await evaluateInto(dir, change);
    assert.deepEqual(await readRun(dir), expected);
  });
}

test("the reference backend gives the same results", async () => {
  const { result } = await evaluateSnn(await fit({ backend: "reference" }), inline);
  const without = (each: Evaluation["result"]) => ({ ...each, run: null, options: null });
  assert.deepEqual(without(result), without(early.result));
});

test("three shards merged give the same results", async () => {
  const dirs = [1, 2, 3].map((index) => join(root, `shard-${index}`));
  for (const [index, dir] of dirs.entries())
    await evaluateInto(dir, { shard: { index: index + 1, of: 3 }, batch: 5 + index });
  const merged = join(root, "merged");
  await saveMergedRun(merged, await mergeRuns(dirs));
  assert.deepEqual(await readRun(merged), expected);
});

test("a run cut off among the stopped images or among those run to T, and resumed, gives the same results", async () => {
  const dir = join(root, "cut");
  const plain = { hash: false } as const;
  await evaluateInto(dir, plain);
  const whole = await readRun(dir);
  const lines = (await readFile(join(dir, "progress.jsonl"), "utf8")).split("\n").slice(0, -1);
  assert.equal(lines.length, 2 * Math.ceil(n / 13));
  for (const kept of [3, lines.length - 2]) {
    await rm(join(dir, "results.json"));
    await writeFile(join(dir, "progress.jsonl"), `${lines.slice(0, kept).join("\n")}\n{"start":3,"indi`);
    await assert.rejects(evaluateInto(dir, { ...plain, earlyExit: 0.2, resume: true }), {
      code: "run-differs",
    });
    await evaluateInto(dir, { ...plain, resume: true, batch: 4 });
    assert.deepEqual(await readRun(dir), whole);
  }
});

test("a promise too small for the fitting images is refused with the least there is; no share at all too", async () => {
  const refused = (earlyExit: number) =>
    assert.rejects(fit({ earlyExit }), (error: RespikeError) => {
      return error.exitCode === 2 && error.where === "--early-exit" && /give/.test(error.next);
    });
  await refused(0.001);
  await refused(0);
  for (const earlyExit of [-0.1, 1.1, Number.NaN])
    assert.throws(() => planEvaluation(snn, images, "small", { earlyExit }), { exitCode: 2 });
  await assert.rejects(fitEarlyExit(planEvaluation(snn, images, "small", options), smallImages(5), inline), {
    exitCode: 2,
    code: "early-exit-share",
  });
});

test("early exit that was not fitted is refused, not left out silently", async () => {
  const plan = planEvaluation(snn, images, "small", options);
  await assert.rejects(evaluateSnn(plan, inline), { exitCode: 2, code: "early-exit-unfitted" });
  await assert.rejects(fitEarlyExit(plan, undefined, inline), { code: "early-exit-unfitted" });
});

test("trajectories come from the cache a second time, and are made anew where the entry is damaged", async () => {
  const kept = new Map<string, Uint8Array>();
  let puts = 0;
  const cache: TrajectoryCache = {
    get: async (key) => kept.get(key),
    async put(key, bytes) {
      puts++;
      kept.set(key, bytes);
    },
  };
  const first = await fit({}, cache);
  const second = await fit({}, cache);
  assert.deepEqual([first.setup.earlyExit, puts], [second.setup.earlyExit, 1]);
  for (const key of kept.keys()) kept.set(key, new TextEncoder().encode('{"margins":[]}'));
  assert.deepEqual((await fit({}, cache)).setup.earlyExit, first.setup.earlyExit);
  assert.equal(puts, 2);
});

test("evaluated images that fit the thresholds too are warned of", async () => {
  const warnings: Warning[] = [];
  const plan = planEvaluation(snn, training, "small", { ...options, n: 8500 });
  await fitEarlyExit(plan, training, inline, { onWarning: (warning) => warnings.push(warning) });
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ["early-exit-overlap"],
  );
});

test("at most 1,000 images are run to T, the same for the same seed, none twice", () => {
  const chosen = selectChecked(5000, 3);
  assert.equal(new Set(chosen).size, 1000);
  assert.deepEqual(selectChecked(5000, 3), chosen);
  assert.notDeepEqual(selectChecked(5000, 4), chosen);
  assert.deepEqual([...selectChecked(3, 0)], [0, 1, 2]);
});
