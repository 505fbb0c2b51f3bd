/** A folder of class folders as a data set, and every way in which it can be wrong. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { encode as encodePng } from "fast-png";
import { encode as encodeJpeg } from "jpeg-js";
import type { Warning } from "../core/respike-error.js";
import { openDataset } from "./open-dataset.js";
import { readImageFolder } from "./read-image-folder.js";

async function writeTree(t: TestContext, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "respike-folder-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return folder;
}
const grey = (value: number, height = 2, width = 3) =>
  encodePng({ width, height, channels: 1, depth: 8, data: new Uint8Array(width * height).fill(value) });
const colour = (value: number) =>
  encodePng({ width: 3, height: 2, channels: 3, depth: 8, data: new Uint8Array(18).fill(value) });
const text = (value: string) => new TextEncoder().encode(value);

test("class folders, sorted by name, serve both splits; hidden files are passed over", async (t) => {
  const folder = await writeTree(t, {
    "dog/b.png": grey(2),
    "dog/a.png": grey(1),
    "cat/10.PNG": grey(3),
    "dog/.DS_Store": text("x"),
    "readme.txt": text("beside the folders"),
  });
  const data = await openDataset(folder, { cacheDir: "unused" });
  assert.deepEqual([data.shape, data.classes, data.classNames], [[1, 2, 3], 2, ["cat", "dog"]]);
  assert.equal(data.splits.train, data.splits.test);
  assert.deepEqual([...data.splits.test.labels], [0, 1, 1]);
  assert.deepEqual(
    [0, 6, 12].map((at) => data.splits.test.pixels[at]),
    [3, 1, 2],
  );
});

test("train/ and test/ with the same numbering of classes, a class may be absent from one", async (t) => {
  const folder = await writeTree(t, {
    "train/a/1.png": grey(1),
    "train/b/1.png": grey(2),
    "train/c/1.png": grey(3),
    "test/c/1.png": grey(4),
  });
  const { splits, classNames } = await readImageFolder(folder, {});
  assert.deepEqual(classNames, ["a", "b", "c"]);
  assert.deepEqual([...splits.train.labels], [0, 1, 2]);
  assert.deepEqual([[...splits.test.labels], splits.test.pixels[0]], [[2], 4]);
});

test("grey among coloured images and JPEG among PNG: one shape, and a warning", async (t) => {
  const jpeg = encodeJpeg({ width: 3, height: 2, data: Buffer.alloc(24, 128) }, 90).data;
  const folder = await writeTree(t, { "a/1.png": grey(9), "a/2.png": colour(7), "b/1.jpg": jpeg });
  const warnings: Warning[] = [];
  const { shape, splits } = await readImageFolder(folder, { onWarning: (warning) => warnings.push(warning) });
  assert.deepEqual([shape, splits.test.n], [[3, 2, 3], 3]);
  assert.deepEqual(
    [...splits.test.pixels.subarray(0, 36)],
    [...new Array(18).fill(9), ...new Array(18).fill(7)],
  );
  assert.match(warnings.map(({ message }) => message).join(), /grey/);
});

test("other sizes: exit 3 that names each file, unless they are resized", async (t) => {
  const folder = await writeTree(t, {
    "a/1.png": grey(1),
    "a/2.png": grey(1),
    "a/tall.png": grey(5, 4, 4),
    "b/long.png": grey(6, 2, 9),
  });
  await assert.rejects(
    readImageFolder(folder, {}),
    (error: { exitCode: number; problems: { where: string }[] }) => {
      assert.equal(error.exitCode, 3);
      assert.deepEqual(
        error.problems.map(({ where }) => where),
        [join(folder, "a/tall.png"), join(folder, "b/long.png")],
      );
      return true;
    },
  );
  const { shape, splits } = await readImageFolder(folder, { resize: [2, 2] });
  assert.deepEqual(
    [shape, [...splits.test.pixels]],
    [[1, 2, 2], [1, 5, 6].flatMap((v) => new Array(v === 1 ? 8 : 4).fill(v))],
  );
});

test("every unreadable image, text file and empty class is named: exit 3", async (t) => {
  const folder = await writeTree(t, {
    "a/1.png": grey(1),
    "a/cut.png": grey(1).subarray(0, 40),
    "a/notes.txt": text("no image"),
    "b/empty.jpg": new Uint8Array(0),
  });
  await assert.rejects(readImageFolder(folder, {}), (error: { problems: { where: string }[] }) => {
    assert.deepEqual(
      error.problems.map(({ where }) => where),
      ["a/cut.png", "a/notes.txt", "b/empty.jpg"].map((path) => join(folder, path)),
    );
    return true;
  });
  const hollow = await writeTree(t, { "a/1.png": grey(1), "b/.keep": text("") });
  await assert.rejects(readImageFolder(hollow, {}), {
    exitCode: 3,
    code: "empty-class",
    where: join(hollow, "b"),
  });
  const flat = await writeTree(t, { "1.png": grey(1) });
  await assert.rejects(readImageFolder(flat, {}), { exitCode: 3, code: "bad-image-folder" });
  const half = await writeTree(t, { "train/a/1.png": grey(1) });
  await assert.rejects(readImageFolder(half, {}), { exitCode: 3, value: /only train/ });
  for (const flatHalf of ["train", "test"]) {
    const other = flatHalf === "train" ? "test" : "train";
    const mixed = await writeTree(t, { [`${other}/a/1.png`]: grey(1), [`${flatHalf}/1.png`]: grey(1) });
    const refusal = { exitCode: 3, code: "bad-image-folder", where: join(mixed, flatHalf) };
    await assert.rejects(readImageFolder(mixed, {}), refusal);
  }
});

test("an abort ends the reading", async (t) => {
  const folder = await writeTree(t, { "a/1.png": grey(1) });
  await assert.rejects(readImageFolder(folder, { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
});
