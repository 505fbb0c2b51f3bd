/** What a plan makes of the images' size. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dataset } from "../datasets/dataset.js";
import { planTraining } from "./plan-training.js";

function plan(height: number, width: number, more: object = {}) {
  const [n, shape] = [20, [3, height, width] as const];
  const labels = Int32Array.from({ length: n }, (_, at) => at % 2);
  const images = { n, shape, pixels: new Uint8Array(n * 3 * height * width), labels };
  const data: Dataset = {
    ...{ name: "small", shape, classes: 2, classNames: ["a", "b"] },
    splits: { train: images, test: images },
  };
  return planTraining({ arch: "resnet8", batch: 4, seed: 0, ...more }, data, { kind: "relu" });
}

test("no preset shifts by more than an eighth of the smaller side: 4 pixels of 32, 3 of 28, 1 of 8, none of 7", () => {
  const shifts = (preset: string) =>
    [32, 28, 8, 7].map((side) => plan(side, 32, { preset }).recipe.augmentation.pad);
  assert.deepEqual(shifts("evening"), [4, 3, 1, 0]);
  assert.deepEqual(shifts("paper"), [4, 3, 1, 0]);
  assert.deepEqual(shifts("digits"), [2, 2, 1, 0]);
  assert.equal(plan(32, 8).recipe.augmentation.pad, 1);
});

test("option avg refuses sides that are not even twice, names them and the other options, which take any", () => {
  const refusal = (value: string) => ({
    ...{ exitCode: 2, where: "--shortcut avg", value, next: "write --shortcut P, B or A" },
  });
  const shortcut = "avg";
  assert.throws(() => plan(13, 7, { shortcut }), refusal("height 13; width 7"));
  assert.throws(() => plan(12, 14, { shortcut }), refusal("width 14, 7 after stage 1"));
  assert.equal(plan(12, 8, { shortcut }).shortcut, "avg");
  for (const other of ["P", "B", "A"]) assert.equal(plan(13, 7, { shortcut: other }).shortcut, other);
});
