/** Learning rates over time, at points worked out by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countEpochs, type Schedule, scheduleRate } from "./schedules.js";

function assertRates(schedule: Schedule, rates: readonly (readonly [epoch: number, rate: number])[]): void {
  for (const [epoch, rate] of rates) {
    const actual = scheduleRate(schedule, epoch);
    assert.ok(Math.abs(actual - rate) < 1e-12, `epoch ${epoch}: ${actual}, not ${rate}`);
  }
}

test("cosine: linear warm-up, half the peak half-way down, the last rate at the end and after", () => {
  const schedule = { kind: "cosine", peak: 0.2, last: 0, warmUp: 2, epochs: 12 } as const;
  assertRates(schedule, [
    [0, 0],
    [1, 0.1],
    [2, 0.2],
    [7, 0.1],
    [12, 0],
    [13, 0],
  ]);
  assert.equal(countEpochs(schedule), 12);
});

test("cosine without warm-up starts at the peak", () => {
  assertRates({ kind: "cosine", peak: 0.2, last: 0.1, warmUp: 0, epochs: 4 }, [
    [0, 0.2],
    [2, 0.15],
    [4, 0.1],
  ]);
});

test("one cycle: peak/25 at first, the peak at 30 %, peak/250,000 at the end", () => {
  assertRates({ kind: "one-cycle", peak: 1, epochs: 10 }, [
    [0, 0.04],
    [1.5, 0.52],
    [3, 1],
    [10, 4e-6],
  ]);
});

test("steps: the paper's stages, each up to but not including its end", () => {
  const schedule = {
    kind: "step",
    rates: [0.01, 0.1, 0.01, 0.001],
    ends: [3, 83, 93, 113],
  } as const;
  assertRates(schedule, [
    [0, 0.01],
    [2.99, 0.01],
    [3, 0.1],
    [83, 0.01],
    [112.9, 0.001],
    [113, 0.001],
  ]);
  assert.equal(countEpochs(schedule), 113);
});
