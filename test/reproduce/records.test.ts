/** Records of finished jobs: they give back what was measured, and those that the repository keeps are whole. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { compareRight } from "#src/evaluation/compare-predictions.js";
import { type FinishedJob, readRecord, writeRecord } from "#src/library/reproduce/finished-job.js";
import { JobStore, nameJobFolder } from "#src/library/reproduce/job-store.js";
import { measureRows } from "#src/library/reproduce/measure-rows.js";
import { type Job, type ReproductionPlan, withImages } from "#src/library/reproduce/plan-reproduction.js";

const folder = mkdtempSync(join(tmpdir(), "respike-records-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const n = 13;
const conversion = "ab".repeat(32);
const bare = { conversion, name: "paper", modelSha256: "m", testSha256: "t", data: "cifar10", options: {} };
const job: Job = withImages({ ...bare, T: 350, at: [8, 350], seed: 0, macs: 1 }, n);

/** Every `every`-th image is wrong. */
const rightBut = (every: number) => Array.from({ length: n }, (_, at) => at % every !== 0);

function finish(): FinishedJob {
  const right = { network: rightBut(7), at: new Map([8, 350].map((t) => [t, rightBut(t === 8 ? 2 : 5)])) };
  const correctOf = (values: readonly boolean[]) => values.filter(Boolean).length;
  const ann = { accuracy: (100 * correctOf(right.network)) / n, correct: correctOf(right.network), n };
  const at = [...right.at].map(([t, own]) => {
    const { difference: loss, ci95: lossCi95 } = compareRight(right.network, own);
    const correct = correctOf(own);
    const counts = { spikes: 10.5 * t, sopStructural: 20 * t, sopEffective: 15.25 * t };
    return { t, correct, n, accuracy: (100 * correct) / n, ...counts, loss, lossCi95 };
  });
  const cost = { annMacs: 5, annMacsEffective: null, firstLayerMacs: 2, neurons: 3 };
  return { n, ann, cost, alphabet: "binary", at, compensation: "factor 1.005", right };
}

test("a record gives back what was finished", () => {
  const finished = finish();
  assert.deepEqual(readRecord(job.key, writeRecord(job, finished)), finished);
});

test("a text that is none, of another job or cut short is no finished job", () => {
  const text = writeRecord(job, finish());
  for (const wrong of ["", "{}", text.slice(0, -20), text.replace("/1", "/2")])
    assert.equal(readRecord(job.key, wrong), null);
  assert.equal(readRecord("cd".repeat(32), text), null);
});

test("a folder of jobs finds records, the one with the most images too; a run folder that is not whole does not hide one", async () => {
  const store = new JobStore(folder);
  assert.equal(await store.readFinished(job), null);
  await store.keepRecord(job, finish());
  assert.deepEqual(await store.readFinished(job), finish());
  assert.deepEqual(await store.findLargest(withImages(job, 5)), job);
  rmSync(store.recordPath(job));
  writeFileSync(store.recordPath(job), "{");
  assert.equal(await store.findLargest(withImages(job, 5)), null);
});

test("a job that was brought as a record was not converted here; one whose network and conversion lie there was", async () => {
  const store = new JobStore(join(folder, "networks-too"));
  await store.keepRecord(job, finish());
  mkdirSync(join(store.folder, "networks"));
  writeFileSync(store.snnPath(job), "");
  assert.equal(await store.hasNetwork(job), false);
  writeFileSync(store.conversionPath(job), "{}");
  assert.equal(await store.hasNetwork(job), true);
});

test("a damaged note of a conversion costs its factors, not the run; a record beside it has them", async () => {
  const store = new JobStore(join(folder, "damaged"));
  const result = {
    ...{ complete: true, data: { n }, cost: finish().cost, ann: finish().ann },
    snn: { alphabet: "binary", at: finish().at },
  };
  mkdirSync(store.runFolder(job), { recursive: true });
  mkdirSync(join(store.folder, "networks"));
  writeFileSync(join(store.runFolder(job), "results.json"), JSON.stringify(result));
  const rows = Array.from({ length: n }, (_, at) => `${at},0,0,0,0`).join("\n");
  writeFileSync(join(store.runFolder(job), "predictions.csv"), `index,label,ann,t8,t350\n${rows}\n`);
  writeFileSync(store.conversionPath(job), "{");
  assert.equal((await store.readFinished(job))?.compensation, null);
  await store.keepRecord(job, finish());
  assert.equal((await store.readFinished(job))?.compensation, "factor 1.005");
});

test("a row takes the run with most images, and decisions of a smaller one where that has none", async () => {
  const store = new JobStore(join(folder, "two-counts"));
  const [small, large] = [withImages(job, n), withImages(job, 20)];
  await store.keepRecord(small, finish());
  const { ann, at, ...rest } = finish();
  const steps = at.map((step) => ({ ...step, n: 20 }));
  await store.keepRecord(large, { ...rest, ann: { ...ann, n: 20 }, at: steps, n: 20, right: null });
  const network = { data: "cifar10", family: "resnet", depth: 20 };
  const planned = { id: "a", experiment: "x", network, T: 350, recipe: "paper", used: null, because: null };
  const plan = { jobs: [small], rows: [{ ...planned, job: small.key }] } as unknown as ReproductionPlan;
  const [any] = await measureRows(plan, store, true);
  assert.equal(any?.row.measured?.n, 20);
  assert.deepEqual(any?.right, finish().right);
  const [asked] = await measureRows(
    { ...plan, jobs: [large], rows: [{ ...planned, job: large.key }] } as never,
    store,
    false,
  );
  assert.equal(asked?.right, null);
});

test("the row of a network alone takes the job with most images of its weights, of any recipe, and none of other weights", async () => {
  const store = new JobStore(join(folder, "network-rows"));
  const one = { ...job, conversion: "cd".repeat(32), name: "network", at: [1] };
  const [own, large] = [withImages(one, n), withImages(job, 20)];
  const other = withImages({ ...job, conversion: "ef".repeat(32), modelSha256: "other" }, 30);
  const { ann, at, ...rest } = finish();
  const right = { network: rightBut(7), at: new Map([[1, rightBut(2)]]) };
  await store.keepRecord(own, { ...rest, ann, right, at: at.slice(0, 1).map((step) => ({ ...step, t: 1 })) });
  for (const [found, count] of [
    [large, 20],
    [other, 30],
  ] as const)
    await store.keepRecord(found, {
      ...{ ...rest, n: count, right: null, ann: { ...ann, n: count, accuracy: count } },
      at: at.map((step) => ({ ...step, n: count })),
    });
  const network = { data: "cifar10", family: "resnet", depth: 20 };
  const planned = { id: "a", experiment: "x", network, T: 1, recipe: "network", used: null, because: null };
  const rows = [{ ...planned, job: own.key }];
  const [alone] = await measureRows({ jobs: [own, large, other], rows } as never, store, true);
  assert.deepEqual([alone?.row.measured?.n, alone?.row.measured?.network], [20, 20]);
  assert.deepEqual(alone?.right, right);
  const missing = {
    jobs: [withImages({ ...one, conversion: "99".repeat(32), modelSha256: "third" }, n)],
    rows,
  } as unknown as ReproductionPlan;
  const [none] = await measureRows(
    { ...missing, rows: [{ ...planned, job: missing.jobs[0]?.key }] } as never,
    store,
    true,
  );
  assert.equal(none?.row.measured, null);
});

const kept = "measured/reproduction";

test("docs/few-steps.md has the rows in measured/few-steps, each of its preset as it is now", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["dist-dev/scripts/measure-few-steps.js", "--table", "--out", folder],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  const page = readFileSync("docs/few-steps.md", "utf8");
  const written = /<!-- measured -->\n(.*?)\n<!-- \/measured -->/s.exec(page)?.[1];
  assert.equal(stdout.trimEnd(), written);
});

test("a record that was read off a page has no decisions", () => {
  const finished = finish();
  const read = { ...finished, right: null, at: finished.at.map((step) => ({ ...step, spikes: null })) };
  assert.deepEqual(readRecord(job.key, writeRecord(job, read)), read);
});

function checkDecisions({ right, ann, at }: FinishedJob, file: string): void {
  if (right === null) return;
  assert.equal(right.network.filter(Boolean).length, ann.correct, file);
  for (const { t, correct, loss, lossCi95 } of at) {
    const own: readonly boolean[] = right.at.get(t) ?? [];
    assert.equal(own.filter(Boolean).length, correct, `${file}, t = ${t}`);
    const { difference, ci95 } = compareRight(right.network, own);
    assert.ok(Math.abs(difference - loss) < 1e-9, `${file}, t = ${t}: ${difference} in place of ${loss}`);
    for (const [end, bound] of ci95.entries())
      assert.ok(Math.abs(bound - (lossCi95[end] ?? 0)) < 1e-9, `${file}, t = ${t}: ${bound}`);
  }
}

test("every record in measured/reproduction is whole: counts fit accuracies and losses, decisions both", () => {
  const files = readdirSync(kept).filter((name) => name.endsWith(".json"));
  assert.ok(files.length > 0);
  for (const file of files) {
    const text = readFileSync(join(kept, file), "utf8");
    const { key, name } = JSON.parse(text) as { key: string; name: string };
    const finished = readRecord(key, text);
    assert.ok(finished !== null, `${file} is no record`);
    assert.equal(file, `${nameJobFolder({ key, name, n: finished.n } as Job)}.json`);
    const { ann, at } = finished;
    for (const { t, correct, n, accuracy, loss } of at) {
      assert.ok(Math.abs(accuracy - (100 * correct) / n) < 1e-9, `${file}, t = ${t}`);
      assert.ok(Math.abs(ann.accuracy - accuracy - loss) < 1e-9, `${file}, t = ${t}`);
    }
    checkDecisions(finished, file);
  }
});
