/** An image as constant currents and as random spikes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { drawPixelSpike, fixPixel, roundCurrent } from "./image-input.js";

test("pixels in fixed point and currents round half up", () => {
  assert.equal(fixPixel(1), 65_536);
  assert.equal(fixPixel(-1.5), -98_304);
  assert.equal(fixPixel(0.5 / 65_536), 1);
  assert.equal(fixPixel(-0.5 / 65_536), 0);
  assert.equal(roundCurrent(32_767), 0);
  assert.equal(roundCurrent(32_768), 1);
  assert.equal(roundCurrent(-32_768), 0);
  assert.equal(roundCurrent(-32_769), -1);
});

test("pixel spikes come with the pixel's probability and depend on all coordinates", () => {
  let spikes = 0;
  for (let t = 1; t <= 10_000; t++) spikes += Number(drawPixelSpike(0.3, 1, 5, 77, t));
  assert.ok(Math.abs(spikes - 3000) < 150, `${spikes} of 10,000 at probability 0.3`);
  const stream = (seed: number, image: number, pixel: number) =>
    Array.from({ length: 64 }, (_, t) => Number(drawPixelSpike(0.5, seed, image, pixel, t + 1))).join("");
  assert.equal(new Set([stream(1, 5, 7), stream(2, 5, 7), stream(1, 6, 7), stream(1, 5, 8)]).size, 4);
  assert.equal(drawPixelSpike(0, 1, 1, 1, 1), false);
  assert.equal(drawPixelSpike(1, 1, 1, 1, 1), true);
});
