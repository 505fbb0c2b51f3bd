/** Steps read off ε, and how ε and disagreement come from outputs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { augmentPixels } from "./augment-pixels.js";
import { estimateEpsilonError, measureOutputErrors } from "./output-error.js";
import { isTooClose, predictAcross, predictSteps } from "./predict-steps.js";

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

test("ε's standard error is the jackknife's: ε measured again without each image, within 10⁻⁷", () => {
  const [n, classes] = [5, 3];
  const logits = Float32Array.from({ length: n * classes }, (_, i) => 20 + ((i * 7) % 11));
  const outputs = Float64Array.from(logits, (value, i) => 2 * value + ((i * 5) % 4) - 1);
  const code = { scaleOf: (t: number) => 1 / t, least: 22 };
  const leave = <A extends Float32Array | Float64Array>(values: A, image: number) =>
    values.filter((_, i) => Math.floor(i / classes) !== image) as A;
  const without = Array.from({ length: n }, (_, image) => {
    const others = { n: n - 1, logits: leave(logits, image), outputs: leave(outputs, image) };
    return measureOutputErrors(others, [2], code)[0]?.epsilon ?? 0;
  });
  const mean = without.reduce((sum, value) => sum + value, 0) / n;
  const squares = without.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = estimateEpsilonError({ n, logits, outputs }, 2, code) ?? 0;
  assert.ok(error > 0.001 && Math.abs(error - Math.sqrt(((n - 1) / n) * squares)) < 1e-7);
  const one = { n: 1, logits: logits.slice(0, 3), outputs: outputs.slice(0, 3) };
  assert.equal(estimateEpsilonError(one, 2, code), null);
});

test("too close to call is within two standard errors of the bound, on either side; never where none is known", () => {
  assert.deepEqual(
    [isTooClose(0.1355, 0.003, 0.13), isTooClose(0.125, 0.003, 0.13), isTooClose(0.137, 0.003, 0.13)],
    [true, true, false],
  );
  assert.deepEqual(
    [isTooClose(0.13, null, 0.13), isTooClose(0.13, undefined, 0.13), isTooClose(null, 0.1, 0.13)],
    [false, false, false],
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
