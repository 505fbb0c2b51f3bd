/** What augmentation does to an image, and what it depends on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Augmentation,
  drawChange,
  moveImage,
  movesWholePixels,
  noAugmentation,
  resampleImage,
} from "./augment-images.js";

const shape = [2, 4, 5] as const;
const pixels = Uint8Array.from({ length: 3 * 40 }, (_, at) => at + 1);

/** Each byte of channel c as itself and c·1000 more. */
const table = Float32Array.from({ length: 512 }, (_, at) => (at & 255) + 1000 * (at >> 8));
const untabled = (values: Float32Array) => [...values].map((value, at) => value - (at < 20 ? 0 : 1000));

function change(augmentation: Partial<Augmentation>, index: number, epoch = 0, source = pixels): number[] {
  const result = new Float32Array(40).fill(-1);
  const image = source.subarray(index * 40, index * 40 + 40);
  const drawn = drawChange({ ...noAugmentation, ...augmentation }, { seed: 4, epoch }, index);
  resampleImage(image, shape, drawn, result);
  if (movesWholePixels(drawn)) {
    const moved = new Float32Array(40).fill(-1);
    moveImage(image, shape, drawn, table, moved);
    assert.deepEqual(untabled(moved), [...result], "moving and resampling give the same image");
  }
  return [...result];
}

test("without augmentation an image stays what it is", () => {
  assert.deepEqual(change({}, 1), [...pixels.subarray(40, 80)]);
});

test("a pad of 1 gives each of the nine shifts, the same for all channels, zeros coming in", () => {
  const seen = new Set<string>();
  for (let epoch = 0; epoch < 200; epoch++) seen.add(String(change({ pad: 1 }, 0, epoch)));
  const shifted = (down: number, right: number) =>
    Array.from({ length: 40 }, (_, at) => {
      const [row, column] = [(Math.floor(at / 5) % 4) - down, (at % 5) - right];
      const inside = row >= 0 && column >= 0 && row < 4 && column < 5;
      return inside ? pixels[Math.floor(at / 20) * 20 + row * 5 + column] : 0;
    });
  const expected = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => String(shifted(down, right))));
  assert.deepEqual([...seen].sort(), expected.sort());
});

test("half of the images are mirrored, and mirrored exactly", () => {
  const image = [...pixels.subarray(0, 40)];
  const mirrored = image.map((_, at) => image[Math.floor(at / 5) * 5 + 4 - (at % 5)]);
  let flips = 0;
  for (let epoch = 0; epoch < 400; epoch++) {
    const changed = change({ flip: true }, 0, epoch);
    const isFlipped = String(changed) === String(mirrored);
    assert.ok(isFlipped || String(changed) === String(image));
    if (isFlipped) flips++;
  }
  assert.ok(Math.abs(flips - 200) < 50, `${flips} of 400`);
});

test("shifts as far as the image is wide, mirrored or not, are the same moved and resampled", () => {
  for (let epoch = 0; epoch < 300; epoch++) change({ pad: 3, flip: true }, 1, epoch);
});

test("rotation and size leave a flat image flat in the middle and keep values within its range", () => {
  const flat = new Uint8Array(120).fill(200);
  for (let epoch = 0; epoch < 50; epoch++) {
    const changed = change({ rotate: 10, zoom: 0.1 }, 2, epoch, flat);
    assert.ok(
      Math.abs((changed[7] as number) - 200) < 1e-3 && Math.abs((changed[12] as number) - 200) < 1e-3,
    );
    assert.ok(changed.every((value) => value >= 0 && value <= 200.001));
  }
});

test("what happens depends on epoch and image, and on nothing else", () => {
  const free = { pad: 2, rotate: 20, zoom: 0.2, flip: true };
  assert.deepEqual(change(free, 1, 7), change(free, 1, 7));
  assert.notDeepEqual(change(free, 1, 7), change(free, 1, 8));
});
