/** Size and channels of a picture fitted to the network's, values worked out by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DecodedImage } from "./decode-image.js";
import { fitImage, resizeBilinear } from "./fit-image.js";

const image = (shape: readonly [number, number, number], pixels: readonly number[]): DecodedImage => ({
  shape,
  pixels: Uint8Array.from(pixels),
  notes: [],
});

test("an image of the right shape stays as it is", () => {
  const given = image([1, 2, 2], [1, 2, 3, 4]);
  assert.equal(fitImage(given, [1, 2, 2], false), given);
});

test("another size is refused with exit 3 and names --resize", () => {
  assert.throws(() => fitImage(image([1, 2, 2], [1, 2, 3, 4]), [1, 4, 4], false, "a.png"), {
    exitCode: 3,
    where: "a.png",
    next: /--resize/,
  });
  assert.throws(() => fitImage(image([1, 1, 1], [1]), [2, 1, 1], true), {
    exitCode: 3,
    code: "wrong-channels",
  });
});

test("colour → grey is 0.299 R + 0.587 G + 0.114 B; grey → colour repeats; both are said", () => {
  const grey = fitImage(image([3, 1, 2], [255, 100, 0, 150, 0, 200]), [1, 1, 2], false);
  assert.deepEqual([...grey.pixels], [Math.round(0.299 * 255), Math.round(29.9 + 88.05 + 22.8)]);
  assert.match(grey.notes.join(), /grey/);
  const colour = fitImage(image([1, 1, 2], [5, 6]), [3, 1, 2], false);
  assert.deepEqual([...colour.pixels], [5, 6, 5, 6, 5, 6]);
  assert.match(colour.notes.join(), /grey/);
});

test("enlarging twofold is bilinear with half-pixel centres", () => {
  const row = resizeBilinear(Uint8Array.of(0, 100), [1, 1, 2], [1, 1, 4]);
  assert.deepEqual([...row], [0, 25, 75, 100]);
});

test("shrinking averages over the whole area: a fine chessboard becomes grey, a flat image stays flat", () => {
  const board = Uint8Array.from({ length: 64 * 64 }, (_, at) => ((at + (at >> 6)) % 2) * 254);
  const small = resizeBilinear(board, [1, 64, 64], [1, 8, 8]);
  assert.ok(small.subarray(9, 15).every((value) => Math.abs(value - 127) <= 1));
  assert.ok(resizeBilinear(new Uint8Array(3 * 35).fill(77), [3, 5, 7], [3, 3, 4]).every((v) => v === 77));
});

test("the centre is cut out; the longer side loses the same on both ends", () => {
  const wide = fitImage(image([1, 1, 5], [10, 20, 30, 40, 50]), [1, 1, 3], true);
  assert.deepEqual([...wide.pixels], [20, 30, 40]);
  const tall = fitImage(
    image(
      [1, 8, 2],
      Array.from({ length: 16 }, (_, at) => at >> 1),
    ),
    [1, 4, 4],
    true,
  );
  assert.deepEqual(tall.shape, [1, 4, 4]);
  const thread = fitImage(image([1, 1, 200_000], new Array(200_000).fill(9)), [1, 224, 224], true);
  assert.ok(
    thread.pixels.every((value) => value === 9),
    "a thread of 200,000 pixels takes no more than its centre",
  );
});
