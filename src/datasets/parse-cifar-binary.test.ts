/** CIFAR's binary records, of one label or two. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCifarBinary } from "./parse-cifar-binary.js";

const record = (labels: readonly number[], seed: number) =>
  Uint8Array.of(...labels, ...Array.from({ length: 3072 }, (_, at) => (at * 7 + seed) % 256));

test("CIFAR: one label byte or two (the last is the class), planes follow, files in the order given", () => {
  const one = parseCifarBinary(
    [
      ["a", record([3], 1)],
      ["b", record([8], 2)],
    ],
    1,
  );
  assert.deepEqual([...one.labels], [3, 8]);
  assert.deepEqual(one.pixels.subarray(3072), record([8], 2).subarray(1));
  const two = parseCifarBinary([["a", Uint8Array.of(...record([4, 30], 1), ...record([1, 99], 5))]], 2);
  assert.deepEqual([...two.labels], [30, 99]);
  assert.deepEqual(two.pixels.subarray(3072), record([1, 99], 5).subarray(2));
});

test("CIFAR: every file that is no whole number of records is named in one error", () => {
  assert.throws(
    () =>
      parseCifarBinary(
        [
          ["whole", record([3], 1)],
          ["short", record([3], 1).subarray(1)],
          ["empty", new Uint8Array(0)],
        ],
        1,
      ),
    (error: { problems: { where: string }[]; exitCode: number }) => {
      assert.equal(error.exitCode, 3);
      assert.deepEqual(
        error.problems.map(({ where }) => where),
        ["short", "empty"],
      );
      return true;
    },
  );
});
