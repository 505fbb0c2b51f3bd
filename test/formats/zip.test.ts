/** Zip archives as PyTorch and others write them, and archives that lie. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { zipSync } from "fflate";
import { RespikeError } from "#src/core/respike-error.js";
import { readZipDirectory } from "#src/formats/pytorch/read-zip.js";
import { readZipCheckpoint } from "#src/formats/pytorch/read-zip-checkpoint.js";
import { joinBytes } from "./write-checkpoints.js";

const text = (content: string) => new TextEncoder().encode(content);
const mtime = new Date(1990, 1, 1);
const zeros = new Uint8Array(100_000);
const stored = zipSync({ "a/b": text("hello"), c: text("") }, { level: 0, mtime });
const packed = zipSync({ zeros }, { level: 9, mtime });

/** The archive with a field of its first directory entry changed. */
function changeEntry(archive: Uint8Array, offset: number, value: number, width: 2 | 4): Uint8Array {
  const changed = archive.slice();
  const view = new DataView(changed.buffer);
  const at = view.getUint32(changed.length - 6, true) + offset;
  if (width === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
  return changed;
}
const refused = (archive: Uint8Array, pattern: RegExp) =>
  assert.throws(
    () => {
      const zip = readZipDirectory(archive, "file");
      for (const name of zip.names) zip.read(name);
    },
    (error) => {
      assert.ok(error instanceof RespikeError, String(error));
      assert.match(error.message, pattern);
      return error.exitCode === 3;
    },
  );

test("stored and deflated entries, a comment after the end", () => {
  const zip = readZipDirectory(stored, "file");
  assert.deepEqual(zip.names, ["a/b", "c"]);
  assert.deepEqual([zip.read("a/b"), zip.read("c").length], [text("hello"), 0]);
  assert.deepEqual(readZipDirectory(packed, "file").read("zeros"), zeros);
  const commented = joinBytes([stored, text("PK, a comment")]);
  new DataView(commented.buffer).setUint16(stored.length - 2, 13, true);
  assert.deepEqual(readZipDirectory(commented, "file").read("a/b"), text("hello"));
});

test("zip64: counts, offsets and sizes of 8 bytes", () => {
  const end = stored.length - 22;
  const view = new DataView(stored.buffer, stored.byteOffset);
  const [count, size, start] = [
    view.getUint16(end + 10, true),
    view.getUint32(end + 12, true),
    view.getUint32(end + 16, true),
  ];
  const long = new Uint8Array(56 + 20 + 22);
  const to = new DataView(long.buffer);
  to.setUint32(0, 0x06064b50, true);
  to.setBigUint64(32, BigInt(count), true);
  to.setBigUint64(40, BigInt(size), true);
  to.setBigUint64(48, BigInt(start), true);
  to.setUint32(56, 0x07064b50, true);
  to.setBigUint64(64, BigInt(end), true);
  to.setUint32(76, 0x06054b50, true);
  to.setUint16(86, 0xffff, true);
  to.setUint32(88, 0xffffffff, true);
  to.setUint32(92, 0xffffffff, true);
  const archive = joinBytes([stored.subarray(0, end), long]);
  assert.deepEqual(readZipDirectory(archive, "file").read("a/b"), text("hello"));
  archive[end] = 0;
  refused(archive, /zip64 end record/);
});

test("sizes that lie, damage, encryption and unknown packing are refused", () => {
  refused(changeEntry(packed, 24, 2 ** 31, 4), /no more than deflate can pack/);
  refused(changeEntry(packed, 24, 1000, 4), /size|checksum/);
  refused(changeEntry(packed, 24, 100_001, 4), /size stated|soundly/);
  refused(changeEntry(packed, 10, 99, 2), /method 99/);
  refused(changeEntry(packed, 8, 1, 2), /encrypted/);
  refused(changeEntry(packed, 16, 5, 4), /checksum/);
  refused(changeEntry(stored, 20, 4, 4), /lies in the file/);
  refused(changeEntry(stored, 42, 0x7fffffff, 4), /lies in the file/);
  refused(changeEntry(stored, 28, 60_000, 2), /directory/);
  refused(stored.subarray(0, stored.length - 1), /cut off/);
  const twice = zipSync({ ab: text("x"), ac: text("y") }, { level: 0, mtime });
  const at = twice.lastIndexOf("c".charCodeAt(0));
  const again = twice.slice();
  again[at] = "b".charCodeAt(0);
  refused(again, /unique/);
});

test("archives of other kinds are named", () => {
  const kinds: readonly (readonly [names: string[], kind: RegExp])[] = [
    [["m/constants.pkl", "m/data.pkl"], /TorchScript/],
    [["m/archive_format", "m/data.pkl"], /torch\.export/],
    [["config.json", "model.weights.h5"], /Keras 3/],
    [["a.npy", "b.npy"], /numpy arrays/],
    [["[Content_Types].xml"], /office/],
    [["readme.txt"], /another kind/],
    [["deep/er/data.pkl"], /another kind/],
  ];
  for (const [names, kind] of kinds) {
    const archive = zipSync(Object.fromEntries(names.map((name) => [name, text("x")])), { level: 0, mtime });
    assert.throws(() => readZipCheckpoint(archive, "file"), kind);
  }
});
