/** Counts of a real ResNet-20 converge to T·c/λ, c its activations clipped at λ. docs/results.md has the figures of more images. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countElements } from "#src/core/tensor.js";
import { denseBackend } from "#src/inference/dense-backend.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { firstIndices } from "../../scripts/measure-support.js";
import { convertShared, openShared, readImages } from "./open-shared.js";

const file = "cifar10-resnet20.th";

test("mean |N/T − c/λ| of every layer shrinks at least threefold from T = 64 to T = 350", async (t) => {
  const shared = await openShared(t, file);
  if (shared === undefined) return;
  const { snn } = await convertShared(shared, { T: 350, calibrateN: 64 });
  const limits = (await convertShared(shared, { T: 350, calibrateN: 64, number: "float32" })).snn;
  const n = 2;
  const snapshots = [64, 350];
  const images = readImages(shared, shared.splits.test, firstIndices(n));
  const simulator = await wasmBackend.prepare(snn);
  const { layers } = simulator.run({ images, n, steps: 350, snapshots, readout: "mean", delay: 0 });
  const network = await denseBackend.prepare(limits.graph);
  const names = layers.map(({ name }) => name);
  const rates = network.run(images, n, names);
  assert.equal(names.length, 19);
  for (const { name, shape, counts } of layers) {
    const size = countElements(shape);
    const limit = rates.get(name) as Float32Array;
    const [early, late] = snapshots.map((T, which) => {
      let sum = 0;
      for (let at = 0; at < n * size; at++) {
        const image = Math.floor(at / size);
        const count = counts[(image * snapshots.length + which) * size + (at % size)] as number;
        sum += Math.abs(count / T - (limit[at] as number));
      }
      return sum / (n * size);
    }) as [number, number];
    assert.ok(early >= 3 * late, `${name}: ${early} at T = 64, ${late} at T = 350`);
  }
});

test("--lambda max: the largest calibration activation over λ is 1 in every layer; the first layer's largest count is T or T − 1", async (t) => {
  const shared = await openShared(t, file);
  if (shared === undefined) return;
  const steps = 64;
  const options = { T: steps, lambda: "max", calibrateN: 16 };
  const { snn, report, indices } = await convertShared(shared, options);
  for (const { name, maxRate } of report.layers) assert.equal(maxRate, 1, name);
  const images = readImages(shared, shared.splits.train, indices);
  const simulator = await wasmBackend.prepare(snn);
  const request = {
    images,
    n: indices.length,
    steps,
    snapshots: [steps],
    readout: "mean",
    delay: 0,
  } as const;
  const [first] = simulator.run(request).layers;
  const largest = first?.counts.reduce((most, count) => Math.max(most, count), 0);
  assert.ok(largest === steps || largest === steps - 1, String(largest));
});
