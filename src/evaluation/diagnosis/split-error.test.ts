/** Single neurons by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorParts, sumsOfImage } from "./error-parts.js";
import { type SplitLayer, splitError } from "./split-error.js";

const layer: SplitLayer = {
  area: 1,
  unit: 1 / 10,
  most: 10,
  lambda: [2],
  start: [0.5],
  ceiling: Number.POSITIVE_INFINITY,
  silent: [0],
};

function split(
  count: number,
  charge: number,
  expected: number,
  activation: number,
  change: Partial<SplitLayer> = {},
) {
  const sums = new Float64Array(sumsOfImage);
  const rates = { even: new Float32Array(1), clean: new Float32Array(1) };
  const values = { counts: [count], charge: [charge], expected: [expected], activation: [activation] };
  splitError({ ...layer, ...change }, values, sums, 0, rates);
  const parts = errorParts.map((part, k) => [part, Math.sqrt(sums[k + 1] as number)] as const);
  const roots = Object.fromEntries(parts) as Record<(typeof errorParts)[number], number>;
  return { ...roots, total: Math.sqrt(sums[sumsOfImage - 1] as number), rates };
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`);

test("each part alone, within 10⁻⁶: λ = 2, T = 10, V(0) = θ/2", () => {
  // all is exact: 4 spikes for a charge of 4
  near(split(4, 4, 0.8, 0.8).total, 0);
  // ⌊4 + ½⌋ would be 4, but 6 were sent
  near(split(6, 4, 0.8, 0.8).unevenness, 0.4);
  // 3.7 is sent as 4
  near(split(4, 3.7, 0.74, 0.74).quantisation, 0.06);
  // no more than 10 spikes
  near(split(10, 13, 2.6, 2.6).clipping, 0.6);
  // the charge is not what the network's layer gives
  near(split(4, 4, 1.1, 1.1).wiring, 0.3);
  // the layer is right, its inputs were not
  near(split(4, 4, 0.8, 1.3).propagated, 0.5);
  // a charge below 0 is a ReLU's 0
  near(split(0, -3, 0, 0).total, 0);
});

test("ceilings and silent channels are no wiring", () => {
  const ceiling = split(10, 13, 2, 2, { ceiling: 2 });
  near(ceiling.wiring, 0);
  near(ceiling.clipping, 0);
  const silent = split(0, 0, 0.7, 0.7, { silent: [1] });
  near(silent.wiring, 0);
  near(silent.clipping, 0.7);
});

test("rates without the layer's own errors are in units of λ", () => {
  const { rates } = split(6, 4.2, 0.84, 0.9);
  near(rates.even[0] as number, 0.4);
  near(rates.clean[0] as number, 0.42);
});
