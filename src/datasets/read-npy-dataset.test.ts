/** `images.npy,labels.npy` as a data set, and every way in which it can be wrong. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { describeDataset } from "./describe-dataset.js";
import { encodeNpy, type NpyData } from "./npy.js";
import { openDataset } from "./open-dataset.js";

type Array = readonly [shape: readonly number[], data: NpyData];

async function writePair(t: TestContext, images: Array, labels: Array) {
  const folder = mkdtempSync(join(tmpdir(), "respike-npy-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const paths = [join(folder, "images.npy"), join(folder, "labels.npy")] as const;
  await writeFile(paths[0], encodeNpy(...images));
  await writeFile(paths[1], encodeNpy(...labels));
  return paths.join(",");
}
const options = { cacheDir: "unused" };
const twoImages: Array = [[2, 1, 1, 2], Uint8Array.of(1, 2, 3, 4)];

test("images.npy,labels.npy serve both splits; labels of any integer type", async (t) => {
  for (const labels of [
    Int8Array.of(2, 0),
    Uint8Array.of(2, 0),
    Int16Array.of(2, 0),
    Int32Array.of(2, 0),
    BigInt64Array.of(2n, 0n),
    BigUint64Array.of(2n, 0n),
  ]) {
    const data = await openDataset(await writePair(t, twoImages, [[2], labels]), options);
    assert.deepEqual([data.shape, data.classes, data.classNames], [[1, 1, 2], 3, ["0", "1", "2"]]);
    assert.equal(data.splits.train, data.splits.test);
    assert.deepEqual(data.splits.test.labels, Int32Array.of(2, 0));
    assert.deepEqual(data.splits.test.pixels, Uint8Array.of(1, 2, 3, 4));
  }
});

test("--layout nhwc puts channels first, for bytes and floats", async (t) => {
  const values = [1, 10, 2, 20, 3, 30, 4, 40];
  for (const data of [Uint8Array.from(values), Float32Array.from(values)]) {
    const spec = await writePair(t, [[1, 2, 2, 2], data], [[1], Uint8Array.of(0)]);
    const { shape, splits } = await openDataset(spec, { ...options, layout: "nhwc" });
    assert.deepEqual(
      [shape, [...splits.test.pixels]],
      [
        [2, 2, 2],
        [1, 2, 3, 4, 10, 20, 30, 40],
      ],
    );
    assert.equal(splits.test.pixels.constructor, data.constructor);
  }
});

test("the set hash does not depend on the order of the images, the others do", async (t) => {
  const one = await describeDataset(await writePair(t, twoImages, [[2], Uint8Array.of(2, 0)]), options);
  const turned: Array = [[2, 1, 1, 2], Uint8Array.of(3, 4, 1, 2)];
  const two = await describeDataset(await writePair(t, turned, [[2], Uint8Array.of(0, 2)]), options);
  assert.equal(one.splits.test.setSha256, two.splits.test.setSha256);
  assert.notEqual(one.splits.test.imagesSha256, two.splits.test.imagesSha256);
  assert.notEqual(one.splits.test.labelsSha256, two.splits.test.labelsSha256);
  const relabelled = await describeDataset(
    await writePair(t, twoImages, [[2], Uint8Array.of(0, 2)]),
    options,
  );
  assert.notEqual(relabelled.splits.test.setSha256, one.splits.test.setSha256);
});

test("wrong counts, types, shapes, labels and values: exit 3 with what to do", async (t) => {
  const labels: Array = [[2], Uint8Array.of(0, 1)];
  const cases: [images: Array, labels: Array, code: string][] = [
    [twoImages, [[3], Uint8Array.of(0, 1, 2)], "count-mismatch"],
    [twoImages, [[2], Float32Array.of(0, 1)], "wrong-type"],
    [twoImages, [[2], Int8Array.of(0, -1)], "label-out-of-range"],
    [twoImages, [[2], BigInt64Array.of(0n, 2n ** 40n)], "label-out-of-range"],
    [twoImages, [[2, 1], Uint8Array.of(0, 1)], "wrong-shape"],
    [[[2, 1, 1, 2], Float64Array.of(1, 2, 3, 4)], labels, "wrong-type"],
    [[[2, 1, 1, 2], Int8Array.of(1, 2, 3, 4)], labels, "wrong-type"],
    [[[2, 2], Uint8Array.of(1, 2, 3, 4)], labels, "wrong-shape"],
    [[[0, 1, 1, 2], new Uint8Array(0)], [[0], new Uint8Array(0)], "wrong-shape"],
    [[[2, 1, 1, 2], Float32Array.of(1, 2, Number.NaN, 4)], labels, "not-finite"],
    [[[2, 1, 1, 2], Float32Array.of(1, 2, 3, Number.POSITIVE_INFINITY)], labels, "not-finite"],
  ];
  for (const [images, given, code] of cases) {
    await assert.rejects(
      openDataset(await writePair(t, images, given), options),
      { exitCode: 3, code },
      code,
    );
  }
  await assert.rejects(openDataset("/nowhere/a.npy,/nowhere/b.npy", options), {
    exitCode: 3,
    where: "/nowhere/a.npy",
  });
});

test("DATA that is nothing known: exit 2 that lists the forms", async () => {
  await assert.rejects(openDataset("mnits", options), { exitCode: 2, rule: /mnist, cifar10, cifar100/ });
});
