/** Which training images calibrate and which judge: the contract's "Statistics". */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hashIndices } from "./decoded-split.js";
import { selectCalibration, selectJudging } from "./split-training.js";

test("the judging images are the last 5,000 of 50,000 or more, else the last tenth rounded down", () => {
  assert.deepEqual([selectJudging(50_000).length, selectJudging(50_000)[0]], [5000, 45_000]);
  assert.deepEqual([selectJudging(60_000).length, selectJudging(60_000)[0]], [5000, 55_000]);
  assert.deepEqual([selectJudging(49_999).length, selectJudging(49_999)[0]], [4999, 45_000]);
  assert.deepEqual([...selectJudging(29)], [27, 28]);
  assert.deepEqual([...selectJudging(9)], []);
});

test("calibration images are distinct, ascending, never judging, and decided by the seed alone", () => {
  const chosen = selectCalibration(50_000, 2000, 0);
  assert.equal(new Set(chosen).size, 2000);
  assert.ok(chosen.every((index, at) => index < 45_000 && (at === 0 || index > (chosen[at - 1] as number))));
  assert.deepEqual(selectCalibration(50_000, 2000, 0), chosen);
  assert.notDeepEqual(selectCalibration(50_000, 2000, 1), chosen);
  const fewer = new Set(selectCalibration(50_000, 1000, 0));
  assert.ok(
    [...fewer].every((index) => chosen.includes(index)),
    "the first N of one permutation",
  );
});

test("`all` is the whole training split less the judging images", () => {
  assert.deepEqual(
    [...selectCalibration(20, "all", 7)],
    Array.from({ length: 18 }, (_, at) => at),
  );
  assert.deepEqual(selectCalibration(20, 18, 7), selectCalibration(20, "all", 3));
});

test("more calibration images than there are, or none, are refused with exit 2", () => {
  for (const n of [0, -1, 2.5, 19, Number.NaN]) {
    assert.throws(() => selectCalibration(20, n, 0), { name: "RespikeError", exitCode: 2 });
  }
});

test("an index hash is SHA-256 over int32 little endian", () => {
  // printf '\x01\0\0\0\x00\x01\0\0' | sha256sum
  const bytes = Uint8Array.of(1, 0, 0, 0, 0, 1, 0, 0);
  assert.equal(hashIndices([1, 256]).length, 64);
  return crypto.subtle.digest("SHA-256", bytes).then((digest) => {
    assert.equal(hashIndices([1, 256]), Buffer.from(digest).toString("hex"));
  });
});
