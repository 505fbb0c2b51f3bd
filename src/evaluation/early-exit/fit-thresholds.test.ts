import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNormal, randomUnit } from "../../core/counter-random.js";
import { binomialAtMost } from "./binomial-bound.js";
import { fitThresholds, leastShare, type Trajectories } from "./fit-thresholds.js";

const times = [4, 8, 16, 32];
const T = 64;

/** Margins of two classes, a true difference blurred less and less by time. */
function drawTrajectories(n: number, seed: number): Trajectories {
  const margins = new Float64Array(n * times.length);
  const agrees = new Uint8Array(n * times.length);
  for (let image = 0; image < n; image++) {
    const truth = 0.2 + 3 * randomUnit(seed, image);
    for (const [at, t] of times.entries()) {
      const seen = truth + (6 * randomNormal(seed, image, at)) / t;
      margins[image * times.length + at] = Math.abs(seen);
      agrees[image * times.length + at] = seen > 0 ? 1 : 0;
    }
  }
  return { times, T, n, margins, agrees };
}

function countDiffering(all: Trajectories, thresholds: readonly number[]): number {
  let differing = 0;
  for (let image = 0; image < all.n; image++) {
    const from = image * times.length;
    const at = thresholds.findIndex((threshold, i) => (all.margins[from + i] as number) > threshold);
    if (at >= 0 && all.agrees[from + at] === 0) differing++;
  }
  return differing;
}

test("a promise of 2 % at 95 % is kept by at least 95 of 100 fits (binomial slack: 90), and not by stopping nothing", () => {
  const judged = drawTrajectories(20_000, 9);
  let kept = 0;
  let steps = 0;
  for (let seed = 100; seed < 200; seed++) {
    const { thresholds, tested } = fitThresholds(drawTrajectories(1200, seed), 0.02, 0.05);
    assert.ok(tested.upperShare <= 0.02);
    kept += Number(countDiffering(judged, thresholds) / judged.n <= 0.02);
    steps += tested.meanT / 100;
  }
  assert.ok(kept >= 90, `${kept} of 100 kept`);
  assert.ok(steps < 40, `mean T ${steps} of ${T}`);
});

test("what is reported of the tested images is what they do; a laxer promise stops earlier", () => {
  const all = drawTrajectories(2000, 3);
  let before = T + 1;
  for (const share of [0.004, 0.02, 0.1]) {
    const { thresholds, tested } = fitThresholds(all, share, 0.05);
    assert.equal(tested.n, 1500);
    assert.ok(binomialAtMost(tested.differing, tested.n, share) <= 0.05);
    assert.ok(tested.meanT < before, `${share}: ${tested.meanT}`);
    before = tested.meanT;
    const used = thresholds.filter((threshold) => Number.isFinite(threshold));
    for (const [at, threshold] of used.entries()) assert.ok(threshold >= (used[at + 1] ?? 0));
  }
});

test("where nothing passes no image stops; at P = 1 all stop at the first time", () => {
  const all = drawTrajectories(400, 4);
  const hopeless = { ...all, agrees: new Uint8Array(all.agrees.length), margins: all.margins.map(() => 1) };
  for (let image = 1; image < all.n; image++) hopeless.margins.fill(image, image * 4, image * 4 + 4);
  const none = fitThresholds(hopeless, leastShare(400, 0.05) * 0.99, 0.05);
  assert.deepEqual([none.tested.differing, none.tested.meanT], [0, T]);
  assert.ok(none.thresholds.every((threshold) => threshold === Number.POSITIVE_INFINITY));
  const every = fitThresholds(all, 1, 0.05);
  assert.equal(every.tested.meanT, times[0]);
});

test("the least share of 400 images is that of 300 that test without a difference", () => {
  assert.ok(Math.abs(leastShare(400, 0.05) - (1 - 0.05 ** (1 / 300))) < 1e-12);
});
