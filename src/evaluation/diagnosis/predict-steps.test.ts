/** Steps read off ε, and how ε and disagreement come from outputs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { augmentPixels } from "./augment-pixels.js";
import { measureOutputErrors } from "./output-error.js";
import { predictAcross, predictSteps } from "./predict-steps.js";

const errors = (...values: readonly (readonly [t: number, epsilon: number | null])[]) =>
  values.map(([t, epsilon]) => ({ t, epsilon, disagreement: t }));

test("log ε is interpolated over log T: between 64 and 128 with .4 and .1, .2 lies at √(64·128)", () => {
  const plain = errors([32, 0.8], [64, 0.4], [128, 0.1]);
  const [one, half] = predictSteps(plain, plain);
  assert.equal(one?.T, Math.ceil(Math.sqrt(64 * 128)));
  assert.deepEqual(one?.disagreement, [128, 128]);
  assert.ok((half?.T ?? 0) > (one?.T ?? 0) && (half?.T ?? 999) <= 128);
});

test("from where on ε stays below for good; nothing is predicted beyond what was simulated", () => {
  const plain = errors([4, 0.1], [8, 0.3], [16, 0.1], [32, 0.14]);
  const [one, half] = predictSteps(plain, plain);
  assert.ok((one?.T ?? 0) > 8 && (one?.T ?? 99) <= 16);
  assert.deepEqual([half?.T, half?.disagreement], [null, null]);
  assert.equal(predictSteps(errors([2, 0.05]), errors([2, 0.05]))[0]?.T, 2);
  assert.equal(predictSteps(errors([2, null]), errors([2, null]))[0]?.T, null);
});

test("conversions for 16 and 64, each read at its own T alone: 0.2 between 0.4 and 0.1 lies at √(16·64)", () => {
  const certified = (t: number, epsilon: number) => [
    { t: 4, epsilon: 0.01, disagreement: 0, disagreementMoved: 0 },
    { t, epsilon, disagreement: t, disagreementMoved: t + 1 },
  ];
  const [one, half] = predictAcross([certified(64, 0.1), certified(16, 0.4)]);
  assert.deepEqual([one?.T, one?.disagreement], [Math.sqrt(16 * 64), [64, 65]]);
  assert.ok((half?.T ?? 0) > 32 && (half?.T ?? 99) <= 64);
});

test("ε and disagreement by hand, within 10⁻¹²", () => {
  const logits = Float32Array.of(1, -1, -1, 1);
  // [n][at][classes]: at the first time the second image changes, at the second nothing does
  const outputs = Float64Array.of(1, -1, 1, -1, 1, -1, -1, 1);
  const [first, second] = measureOutputErrors({ n: 2, logits, outputs }, [5, 9]);
  assert.ok(Math.abs((first?.epsilon ?? 0) - Math.sqrt(2)) < 1e-12);
  assert.deepEqual([first?.t, first?.disagreement], [5, 50]);
  assert.deepEqual([second?.epsilon, second?.disagreement], [0, 0]);
  assert.equal(
    measureOutputErrors({ n: 1, logits: new Float32Array(2), outputs: new Float64Array(2) }, [1])[0]?.epsilon,
    null,
  );
});

test("moved images: the same for the same seed, no pixel invented, of one channel not mirrored", () => {
  const size = 12 * 12;
  const pixels = Uint8Array.from({ length: 6 * size }, (_, i) => 1 + (i % 250));
  const indices = Uint32Array.of(3, 8);
  const moved = augmentPixels(pixels, [3, 12, 12], indices, 1);
  assert.deepEqual(augmentPixels(pixels, [3, 12, 12], indices, 1), moved);
  assert.notDeepEqual(augmentPixels(pixels, [3, 12, 12], indices, 2), moved);
  assert.ok(moved.every((value, i) => value === 0 || pixels.subarray(i - (i % size)).includes(value)));
  assert.ok(moved.filter((value) => value > 0).length >= (6 * size * 64) / 144);
  const row = Uint8Array.from({ length: size }, (_, i) => (i % 12) + 1);
  for (let index = 0; index < 9; index++) {
    const one = augmentPixels(row, [1, 12, 12], Uint32Array.of(index), 5);
    const filled = [...one].flatMap((value, i) =>
      value > 0 && (one[i + 1] ?? 0) > 0 && i % 12 < 11 ? [(one[i + 1] as number) - value] : [],
    );
    assert.ok(filled.length > 0 && filled.every((step) => step === 1));
  }
});
