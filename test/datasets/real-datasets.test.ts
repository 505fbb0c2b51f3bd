/** The published data sets themselves, where they are cached or can be had. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { listDatasets } from "#src/datasets/describe-dataset.js";
import { openDataset } from "#src/datasets/open-dataset.js";
import { temporaryFolder } from "./tiny-dataset.js";

/** The cache that the command line uses where nothing is said (Linux), and the folder beside the project. */
const cacheDir =
  process.env.RESPIKE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "respike");
const shared = process.env.RESPIKE_SHARED ?? "../shared";
const archive = join(shared, "datasets", "cifar-100-binary.tar.gz");

async function openCached(t: TestContext, name: string) {
  const listing = (await listDatasets({ cacheDir })).find((entry) => entry.name === name);
  if (listing?.state === "cached") return openDataset(name, { cacheDir, offline: true });
  const from = name === "cifar100" && existsSync(archive) ? archive : undefined;
  if (from !== undefined) return openDataset(name, { cacheDir: temporaryFolder(t), offline: true, from });
  t.skip(`${name} is not in the cache: respike data get ${name}`);
  return undefined;
}

test("MNIST's test labels begin 7 2 1 0 4 1 4 9 5 9; ink is bright on black", async (t) => {
  const data = await openCached(t, "mnist");
  if (data === undefined) return;
  const { n, labels, pixels } = data.splits.test;
  assert.deepEqual([n, data.splits.train.n, data.shape], [10_000, 60_000, [1, 28, 28]]);
  assert.deepEqual([...labels.subarray(0, 10)], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  let sum = 0;
  for (const value of pixels) sum += value;
  assert.ok(Math.abs(sum / pixels.length / 255 - 0.1325) < 0.0005, "mean of the published test images");
});

test("CIFAR-10's test labels begin 3 8 8 0 6 6 1 6 3 1; channel means are the published ones within 0.0002", async (t) => {
  const data = await openCached(t, "cifar10");
  if (data === undefined) return;
  const { n, labels } = data.splits.test;
  const { pixels, n: trainCount } = data.splits.train;
  assert.deepEqual([n, trainCount, data.shape, data.classes], [10_000, 50_000, [3, 32, 32], 10]);
  assert.deepEqual([...labels.subarray(0, 10)], [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
  const means = [0, 0, 0];
  for (let at = 0; at < pixels.length; at++) {
    const channel = Math.floor(at / 1024) % 3;
    means[channel] = (means[channel] as number) + (pixels[at] as number);
  }
  means.forEach((sum, channel) => {
    const published = [0.4914, 0.4822, 0.4465][channel] as number;
    assert.ok(Math.abs(sum / (trainCount * 1024) / 255 - published) < 0.0002, `channel ${channel}`);
  });
});

test("CIFAR-100 has 500 training and 100 test images of each fine class", async (t) => {
  const data = await openCached(t, "cifar100");
  if (data === undefined) return;
  assert.deepEqual([data.classes, data.classNames[0], data.classNames[99]], [100, "apple", "worm"]);
  for (const [set, each] of [
    [data.splits.train, 500],
    [data.splits.test, 100],
  ] as const) {
    const counts = new Array<number>(100).fill(0);
    for (const label of set.labels) counts[label] = (counts[label] as number) + 1;
    assert.deepEqual(new Set(counts), new Set([each]));
  }
});
