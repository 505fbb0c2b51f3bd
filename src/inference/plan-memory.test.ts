/** Buffers that live at one time never share memory; a chain needs room for two. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomWord } from "../core/counter-random.js";
import { planMemory } from "./plan-memory.js";

test("a chain of values needs room for two", () => {
  const lives = Array.from({ length: 50 }, (_, at) => ({ bytes: 1600, from: at, to: at + 1 }));
  assert.equal(planMemory(lives).bytes, 3200);
});

test("buffers alive at one time never overlap (300 random ones, seed 5)", () => {
  const lives = Array.from({ length: 300 }, (_, at) => {
    const from = randomWord(5, at, 0) % 100;
    return { bytes: 1 + (randomWord(5, at, 1) % 1000), from, to: from + (randomWord(5, at, 2) % 20) };
  });
  const { offsets, bytes } = planMemory(lives);
  lives.forEach((a, i) => {
    const start = offsets[i] ?? Number.NaN;
    assert.ok(start % 16 === 0 && start + a.bytes <= bytes);
    lives.slice(0, i).forEach((b, j) => {
      const other = offsets[j] ?? Number.NaN;
      const together = a.from <= b.to && b.from <= a.to;
      assert.ok(!together || start + a.bytes <= other || other + b.bytes <= start, `${i} and ${j}`);
    });
  });
  const all = lives.reduce((sum, life) => sum + life.bytes, 0);
  assert.ok(bytes < all / 3, `${bytes} of ${all}`);
});
