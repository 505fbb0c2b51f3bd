/** The WebAssembly backend against the reference on a converted ResNet-20 and real images. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { conversionJobs } from "#src/conversion/conversion-jobs.js";
import { convertGraph } from "#src/conversion/convert-graph.js";
import { type ExplicitOptions, resolveConvertOptions } from "#src/conversion/convert-options.js";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { gatherImages, type ImageSet } from "#src/datasets/dataset.js";
import { listDatasets } from "#src/datasets/describe-dataset.js";
import { openDataset } from "#src/datasets/open-dataset.js";
import { parseModel } from "#src/formats/parse-model.js";
import { type Preprocessing, preprocessingPresets, preprocessPixels } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, countDifference, runBoth, totalSpikes } from "./compare-backends.js";

const shared = process.env.RESPIKE_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const model = join(shared, "models", "cifar10-resnet20.th");
const cacheDir =
  process.env.RESPIKE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "respike");
const preprocessing = preprocessingPresets.imagenet as Preprocessing;

/** Real images of CIFAR-10, or undefined after skipping the test. */
async function openImages(t: TestContext): Promise<{ train: ImageSet; test: ImageSet } | undefined> {
  if (!existsSync(model)) {
    t.skip(`${model} is missing: set RESPIKE_SHARED`);
    return undefined;
  }
  const listing = (await listDatasets({ cacheDir })).find(({ name }) => name === "cifar10");
  if (listing?.state === "cached") return (await openDataset("cifar10", { cacheDir, offline: true })).splits;
  t.skip("cifar10 is not in the cache: respike data get cifar10");
  return undefined;
}

async function convertResNet20(train: ImageSet, options: ExplicitOptions): Promise<Snn> {
  const { graph } = parseModel(readFileSync(model), { fileName: "cifar10-resnet20.th" });
  const indices = Uint32Array.from({ length: 64 }, (_, i) => i * 97);
  const source = { read: (which: ArrayLike<number>) => gatherImages(train, which) };
  const calibration = { source, indices, judgingIndices: new Uint32Array(0) };
  const { snn } = await convertGraph({ graph, preprocessing }, resolveConvertOptions({ T: 64, ...options }), {
    calibration,
    runner: makeInlineRunner(conversionJobs),
  });
  return snn;
}

function requestOf(images: ImageSet, n: number, change: Partial<SimulationRequest> = {}): SimulationRequest {
  const pixels = gatherImages(
    images,
    Uint32Array.from({ length: n }, (_, i) => i * 11),
  );
  const values = preprocessPixels(pixels, 3, 1024, preprocessing);
  return { images: values, n, steps: 64, snapshots: [8, 32, 64], readout: "mean", delay: 0, ...change };
}

const settings: readonly [string, ExplicitOptions, Partial<SimulationRequest>][] = [
  ["int16", { number: "int16" }, {}],
  ["int32", { number: "int32" }, {}],
  ["auto, preset authors", { preset: "authors" }, { readout: "count+softmax" }],
  ["signed bursts of 3", { spikes: "signed-burst:3" }, { steps: 32, snapshots: [8, 32] }],
];

for (const [name, options, change] of settings) {
  test(`ResNet-20, ${name}: every layer's spikes and the outputs to the bit`, async (t) => {
    const images = await openImages(t);
    if (images === undefined) return;
    const snn = await convertResNet20(images.train, options);
    const expected = await assertSameSpikes(wasmBackend, snn, requestOf(images.test, 1, change), name);
    assert.ok(totalSpikes(expected) > 10_000, `${totalSpikes(expected)} spikes`);
  });
}

test("ResNet-20, float32, T = 24: counts differ by at most 1 % in sum", async (t) => {
  const images = await openImages(t);
  if (images === undefined) return;
  const snn = await convertResNet20(images.train, { number: "float32" });
  const request = requestOf(images.test, 1, { steps: 24, snapshots: [24] });
  const { expected, actual } = await runBoth(wasmBackend, snn, request);
  assert.ok(countDifference(expected, actual) <= 0.01, `${countDifference(expected, actual)}`);
});
