/** Single neurons by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNormal, randomWord } from "../../core/counter-random.js";
import { errorParts, sumsOfImage } from "./error-parts.js";
import { type SplitLayer, splitError, telescopeNeuron } from "./split-error.js";

const layer: SplitLayer = {
  area: 1,
  unit: 1 / 10,
  most: 10,
  lambda: [2],
  ceiling: Number.POSITIVE_INFINITY,
  silent: [0],
};

function split(
  count: number,
  charge: number,
  expected: number,
  activation: number,
  change: Partial<SplitLayer> = {},
  start = 0.5,
) {
  const sums = new Float64Array(sumsOfImage);
  const rates = { even: new Float32Array(1), clean: new Float32Array(1) };
  const values = {
    counts: [count],
    charge: [charge],
    start: [start],
    expected: [expected],
    activation: [activation],
  };
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

test("what stood in the membrane before is unevenness, within 10⁻⁶: a debt and more than one spike", () => {
  // 4 flowed in, 2 of them into a debt
  near(split(2, 4, 0.8, 0.8, {}, 0).unevenness, 0.4);
  near(split(2, 4, 0.8, 0.8, {}, 0).quantisation, 0);
  // 2 flowed in, 5 were sent; of what was left one may be V(d) ≤ θ
  near(split(5, 2, 0.4, 0.4, {}, 1).unevenness, 0.4);
  near(split(5, 2, 0.4, 0.4, {}, 1).quantisation, 0.2);
});

test("the parts add up to y − a within 10⁻⁶: 2,000 neurons, ceilings, silent channels and taken back spikes among them", () => {
  const neuron = new Float64Array(errorParts.length + 1);
  for (let i = 0; i < 2000; i++) {
    const draw = (which: number) => 6 * randomNormal(5, 8 * i + which);
    const of = {
      counts: [(randomWord(6, i) % 14) - 3],
      charge: [draw(0)],
      start: [randomWord(7, i) / 2 ** 32],
      expected: [draw(1)],
      activation: [draw(2)],
    };
    const change = i % 3 === 0 ? { ceiling: 2 } : i % 3 === 1 ? { silent: [1] } : {};
    telescopeNeuron({ ...layer, ...change }, of, 0, neuron);
    const parts = errorParts.map((_, k) => (neuron[k] as number) - (neuron[k + 1] as number));
    const error = 0.2 * (of.counts[0] as number) - Math.max(of.activation[0] as number, 0);
    near(
      parts.reduce((sum, part) => sum + part, 0),
      error,
    );
  }
});
