/** Images that cannot be divided are refused before anything is trained. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dataset, ImageSet } from "../datasets/dataset.js";
import { preprocessingPresets } from "../graph/preprocessing.js";
import { warnOfOneClass } from "./check-training-images.js";
import { planTraining } from "./plan-training.js";

function makeData(
  n: number,
  labelOf: (at: number) => number,
  pixels: Uint8Array | Float32Array = new Uint8Array(n * 64),
): Dataset {
  const labels = Int32Array.from({ length: n }, (_, at) => labelOf(at));
  const images: ImageSet = { n, shape: [1, 8, 8], pixels, labels };
  const splits = { train: images, test: images };
  return { name: "small", shape: [1, 8, 8], classes: 2, classNames: ["a", "b"], splits };
}

const plan = (data: Dataset, more: object = {}) =>
  planTraining({ arch: "resnet8", batch: 4, seed: 0, ...more }, data, { kind: "relu" });

test("a class that only judging images have is refused and named; with trainAll it is trained on", () => {
  const data = makeData(40, (at) => (at < 36 ? 0 : 1));
  assert.throws(() => plan(data), { exitCode: 3, message: /only among these: 'b'/ });
  assert.equal(plan(data, { trainAll: true }).trained.length, 40);
  assert.equal(plan(makeData(40, (at) => at % 2)).trained.length, 36);
});

test("sorted images, of which only one class judges, get a warning that names it; mixed ones and a single class none", () => {
  const warn = (labelOf: (at: number) => number) => {
    const data = makeData(40, labelOf);
    return warnOfOneClass(data, plan(data).judged);
  };
  const [warning, ...more] = warn((at) => Math.floor(at / 20));
  assert.deepEqual([warning?.code, warning?.where, more.length], ["one-class-judges", "data 'small'", 0]);
  assert.match(warning?.message ?? "", /last 4 training images.* class 'b'.*--train-all/);
  assert.deepEqual(
    warn((at) => at % 2),
    [],
  );
  assert.deepEqual(
    warn(() => 1),
    [],
  );
});

test("fewer than 10 images leave none to judge by and are refused, with trainAll too", () => {
  for (const trainAll of [false, true]) {
    const data = makeData(9, (at) => at % 2);
    assert.throws(() => plan(data, { trainAll }), { exitCode: 3, message: /at least 10/ });
  }
  assert.equal(plan(makeData(10, (at) => at % 2)).judged.length, 1);
});

test("float pixels outside the preprocessing's range are refused with their image", () => {
  const pixels = new Float32Array(20 * 64).fill(1);
  const preprocessing = preprocessingPresets.unit;
  assert.equal(
    plan(
      makeData(20, (at) => at % 2, pixels),
      { preprocessing },
    ).trained.length,
    18,
  );
  pixels[5 * 64 + 3] = 1.5;
  assert.throws(() => plan(makeData(20, (at) => at % 2, pixels)), { exitCode: 3, message: /image 5: 1\.5/ });
});

test("a batch larger than what is trained on, and a warm-up as long as the run, are refused with exit 2", () => {
  const data = makeData(40, (at) => at % 2);
  assert.throws(() => plan(data, { batch: 37 }), { exitCode: 2, message: /at most the 36 images/ });
  assert.throws(() => plan(data, { epochs: 3, warmUp: 3 }), {
    exitCode: 2,
    message: /ends before the 3 epochs/,
  });
});
