/** Files written whole, the cache, and errors across threads. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { exitCodes, RespikeError } from "../core/respike-error.js";
import { packError, unpackError } from "../core/worker-messages.js";
import { resolveCacheFolder } from "./cache-folder.js";
import { openFileCache } from "./file-cache.js";
import { readInputFile } from "./read-input-file.js";
import { refuseUnwritable, writeWholeFile } from "./write-whole-file.js";

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "respike-node-"));
});
after(() => rm(root, { recursive: true, force: true }));

test("a file is written whole, never over another, and leaves no temporary name", async () => {
  const path = join(root, "deep", "file.txt");
  await writeWholeFile(path, "one");
  await assert.rejects(writeWholeFile(path, "two"), { exitCode: 2, code: "output-exists" });
  assert.equal(await readFile(path, "utf8"), "one");
  await writeWholeFile(path, "three", { force: true });
  assert.equal(await readFile(path, "utf8"), "three");
  await mkdir(join(root, "deep", "folder"));
  await assert.rejects(writeWholeFile(join(root, "deep", "folder"), "x", { force: true }), { exitCode: 5 });
  assert.deepEqual((await readdir(join(root, "deep"))).sort(), ["file.txt", "folder"]);
});

test("a place where no file can be written is refused with exit 5; one where it can is left as it was", async () => {
  await writeFile(join(root, "a-file"), "x");
  await assert.rejects(refuseUnwritable(join(root, "a-file", "inner.txt")), { exitCode: 5, code: "disk" });
  await refuseUnwritable(join(root, "asked", "file.txt"));
  assert.deepEqual(await readdir(join(root, "asked")), []);
});

test("inputs that cannot be read are refused with exit 3", async () => {
  await assert.rejects(readInputFile(join(root, "nothing")), { exitCode: 3, code: "file-missing" });
  await assert.rejects(readInputFile(root), { exitCode: 3, code: "not-a-file" });
  await writeFile(join(root, "big"), "12345");
  await assert.rejects(readInputFile(join(root, "big"), 4), { exitCode: 3, code: "file-too-large" });
  assert.deepEqual([...(await readInputFile(join(root, "big")))], [49, 50, 51, 52, 53]);
});

test("the cache folder: flag, then RESPIKE_CACHE, then the platform's", () => {
  const home = "/home/me";
  const linux = { platform: "linux", home } as const;
  assert.equal(resolveCacheFolder("/a", { ...linux, env: { RESPIKE_CACHE: "/b" } }), "/a");
  assert.equal(resolveCacheFolder(undefined, { ...linux, env: { RESPIKE_CACHE: "/b" } }), "/b");
  assert.equal(
    resolveCacheFolder(undefined, { ...linux, env: { XDG_CACHE_HOME: "/c" } }),
    join("/c", "respike"),
  );
  assert.equal(resolveCacheFolder(undefined, { ...linux, env: {} }), join(home, ".cache", "respike"));
});

test("a cache entry is found by its key; a damaged one is none", async () => {
  const cache = openFileCache(root, "things");
  assert.equal(await cache.get("key"), undefined);
  await cache.put("key", Uint8Array.of(1, 2, 3));
  assert.deepEqual(await cache.get("key"), Uint8Array.of(1, 2, 3));
  const [name = ""] = await readdir(join(root, "things"));
  const path = join(root, "things", name);
  const content = await readFile(path);
  content[content.length - 1] = 9;
  await writeFile(path, content);
  assert.equal(await cache.get("key"), undefined);
});

test("typed errors keep their type across threads, others get their place", () => {
  const problem = { code: "c", where: "w", rule: "r", value: "v", next: "n" };
  const typed = unpackError(packError(new RespikeError(exitCodes.inputRefused, problem)), {
    task: "task 1",
    about: "images 4…7",
  });
  assert.ok(typed instanceof RespikeError);
  assert.deepEqual([typed.exitCode, typed.problems], [3, [{ ...problem, where: "images 4…7: w" }]]);
  assert.match(
    unpackError(packError(new TypeError("broken")), { task: "task 1", about: "images 4…7" }).message,
    /task 1 \(images 4…7\): broken/,
  );
});
