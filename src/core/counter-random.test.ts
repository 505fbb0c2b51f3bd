/** Random numbers depend on their coordinates alone and have the distribution that they are named for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes, randomNormal, randomPermutation, randomUnit, randomWord } from "./counter-random.js";

test("a number depends on its coordinates alone, in order and in full", () => {
  assert.equal(randomWord(1, 2, 3), randomWord(1, 2, 3));
  assert.notEqual(randomWord(1, 2, 3), randomWord(1, 3, 2));
  assert.notEqual(randomWord(0), randomWord(0, 0));
  assert.equal(randomWord(42, 7), 0xf8f9fbf0, "pinned: every seeded result depends on it");
});

test("units are uniform: mean within 0.01 of ½ and each tenth within 5 % over 100,000 draws", () => {
  const bins = new Array<number>(10).fill(0);
  let sum = 0;
  for (let at = 0; at < 100_000; at++) {
    const value = randomUnit(9, at);
    sum += value;
    bins[Math.floor(value * 10)] = (bins[Math.floor(value * 10)] ?? 0) + 1;
  }
  assert.ok(Math.abs(sum / 100_000 - 0.5) < 0.01);
  for (const bin of bins) assert.ok(Math.abs(bin - 10_000) < 500, `${bin}`);
});

test("normals have mean 0 and variance 1 within 0.02 over 50,000 draws", () => {
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < 50_000; at++) {
    const value = randomNormal(3, at);
    sum += value;
    squares += value * value;
  }
  assert.ok(Math.abs(sum / 50_000) < 0.02);
  assert.ok(Math.abs(squares / 50_000 - 1) < 0.02);
});

test("a permutation holds each index once and depends on the seed", () => {
  const order = randomPermutation(1000, 5);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, index) => index),
  );
  assert.notDeepEqual(order, randomPermutation(1000, 6));
  assert.deepEqual(order, randomPermutation(1000, 5));
});

test("bytes depend on place and seed; all 256 values come within 20,000 draws", () => {
  const bytes = randomBytes(20_000, 7);
  assert.equal(new Set(bytes).size, 256);
  assert.deepEqual(bytes.subarray(0, 100), randomBytes(100, 7));
  assert.notDeepEqual(bytes.subarray(0, 100), randomBytes(100, 8));
});
