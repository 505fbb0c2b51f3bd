/** Pixels to network inputs by the contract's formula, and their bounds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { largestInput, preprocessingPresets, preprocessPixels } from "./preprocessing.js";

test("bytes become (x/255 − mean)/std, channel by channel", () => {
  const preset = preprocessingPresets.imagenet;
  assert.ok(preset);
  const pixels = new Uint8Array([0, 255, 51, 0, 102, 255]);
  const values = preprocessPixels(pixels, 3, 2, preset);
  assert.equal(values[1], Math.fround((1 - 0.485) / 0.229));
  assert.equal(values[2], Math.fround((0.2 - 0.456) / 0.224));
  assert.equal(values[5], Math.fround((1 - 0.406) / 0.225));
});

test("raw keeps bytes, floats are taken as they are, one mean serves all channels", () => {
  const { raw, mnist } = preprocessingPresets;
  assert.ok(raw && mnist);
  assert.deepEqual([...preprocessPixels(new Uint8Array([7, 9]), 2, 1, raw)], [7, 9]);
  const value = preprocessPixels(new Float32Array([0.5, 0.5]), 2, 1, mnist)[1];
  assert.equal(value, Math.fround((0.5 - 0.1307) / 0.3081));
});

test("the largest input bounds what bytes can give", () => {
  const { cifar10 } = preprocessingPresets;
  assert.ok(cifar10);
  const all = Uint8Array.from({ length: 768 }, (_, index) => index % 256);
  const largest = Math.max(...preprocessPixels(all, 3, 256, cifar10).map(Math.abs));
  assert.equal(Math.fround(largestInput(cifar10)), largest);
  const [oneStd, oneMean] = [
    { ...cifar10, mean: [0.5, 0.9, 0.1], std: [0.5] },
    { ...cifar10, mean: [0.5], std: [0.5, 0.25] },
  ];
  assert.deepEqual([largestInput(oneStd), largestInput(oneMean)], [1.8, 2]);
});
