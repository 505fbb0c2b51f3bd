/** float32 against int16 on a real ResNet-20. docs/results.md has 1,000 images. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { firstIndices } from "../../scripts/measure-support.js";
import { convertShared, openShared, readImages } from "./open-shared.js";

test("ResNet-20, 4 images, T = 64: Σ|N(float32) − N(int16)| is at most 3 % of ΣN", async (t) => {
  const shared = await openShared(t, "cifar10-resnet20.th");
  if (shared === undefined) return;
  const n = 4;
  const images = readImages(shared, shared.splits.test, firstIndices(n));
  const request = { images, n, steps: 64, snapshots: [64], readout: "mean", delay: 0 } as const;
  const counts: Int32Array[][] = [];
  for (const number of ["float32", "int16"] as const) {
    const { snn } = await convertShared(shared, { T: 64, calibrateN: 64, number });
    const simulator = await wasmBackend.prepare(snn);
    counts.push(simulator.run(request).layers.map((layer) => layer.counts));
    simulator.free();
  }
  const [float32, int16] = counts as [Int32Array[], Int32Array[]];
  let [total, difference] = [0, 0];
  for (const [layer, own] of float32.entries()) {
    for (let at = 0; at < own.length; at++) {
      total += own[at] as number;
      difference += Math.abs((own[at] as number) - (int16[layer]?.[at] as number));
    }
  }
  assert.ok(total > 1e6, `${total} spikes`);
  assert.ok(difference <= 0.03 * total, `${((100 * difference) / total).toFixed(2)} %`);
});
