/** MNIST's IDX files, whole, damaged and hostile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeIdxSplit, parseIdx } from "./parse-idx.js";

const idx = (dims: readonly number[], values: readonly number[], magic = [0, 0, 8, dims.length]) => {
  const bytes = new Uint8Array(4 + 4 * dims.length + values.length);
  bytes.set(magic);
  const view = new DataView(bytes.buffer);
  dims.forEach((dim, axis) => {
    view.setUint32(4 + 4 * axis, dim);
  });
  bytes.set(values, 4 + 4 * dims.length);
  return bytes;
};

test("IDX: sizes are big endian, values follow the header", () => {
  const { dims, data } = parseIdx(idx([2, 1, 3], [1, 2, 3, 4, 5, 6]), "file");
  assert.deepEqual(
    [dims, [...data]],
    [
      [2, 1, 3],
      [1, 2, 3, 4, 5, 6],
    ],
  );
});

test("IDX: truncated, longer, empty, of another type, with absurd sizes: exit 3 that names the file", () => {
  const whole = idx([2, 2], [1, 2, 3, 4]);
  const bad = [
    whole.subarray(0, whole.length - 1),
    Uint8Array.of(...whole, 0),
    whole.subarray(0, 6),
    new Uint8Array(0),
    idx([2, 2], [1, 2, 3, 4], [0, 0, 13, 2]),
    idx([0xffffffff, 0xffffffff, 0xffffffff], [1]),
  ];
  for (const bytes of bad) {
    assert.throws(() => parseIdx(bytes, "some-file"), { exitCode: 3, code: "bad-idx", where: "some-file" });
  }
});

test("IDX: a split needs as many labels as images", () => {
  const images = idx([2, 1, 1], [7, 9]);
  const where = { images: "i", labels: "l" };
  assert.deepEqual([...decodeIdxSplit(images, idx([2], [1, 0]), where).labels], [1, 0]);
  assert.throws(() => decodeIdxSplit(images, idx([3], [1, 0, 2]), where), {
    exitCode: 3,
    code: "count-mismatch",
  });
});
