/** Folders made by many at once, and places where none can be made. */
import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder } from "./make-folder.js";

test("missing parents are made, existing folders left alone, many callers at once agree", async (t) => {
  const base = await mkdtemp(join(tmpdir(), "respike-folder-"));
  t.after(() => rm(base, { recursive: true }));
  const deep = join(base, "a", "b", "c");
  await Promise.all(Array.from({ length: 8 }, () => makeFolder(deep)));
  await makeFolder(deep);
  assert.ok((await stat(deep)).isDirectory());
});

test("a file in the way and a place where nothing can be made are errors, not endless work", async (t) => {
  const base = await mkdtemp(join(tmpdir(), "respike-folder-"));
  t.after(() => rm(base, { recursive: true }));
  await writeFile(join(base, "file"), "");
  await assert.rejects(makeFolder(join(base, "file", "below")), { code: "EEXIST" });
  if (process.platform === "linux") await assert.rejects(makeFolder("/proc/respike/below"));
});
