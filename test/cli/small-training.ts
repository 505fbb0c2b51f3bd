/** A folder with a small data set, and the words that train on it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { encodeNpy } from "#src/datasets/npy.js";

/** Removed after the tests of the file that imports it. */
export const at = mkdtempSync(join(tmpdir(), "respike-train-"));
after(() => rmSync(at, { recursive: true, force: true }));

/** 320 images of noise with a bright row, which is the class. */
export const n = 320;
let state = 7;
const pixels = Uint8Array.from({ length: n * 256 }, (_, place) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  const [image, row] = [Math.floor(place / 256), Math.floor(place / 16) % 16];
  return (state >>> 25) + (row === 2 + 3 * (image % 4) ? 120 : 0);
});
writeFileSync(join(at, "i.npy"), encodeNpy([n, 1, 16, 16], pixels));
writeFileSync(
  join(at, "l.npy"),
  encodeNpy(
    [n],
    Uint8Array.from({ length: n }, (_, image) => image % 4),
  ),
);

/** In one thread, so that bits repeat. */
export const training = (...more: string[]) => [
  ...["train", "resnet8", "--data", "i.npy,l.npy", "--epochs", "4", "--batch", "32", "--threads", "1"],
  ...["--seed", "3", "--progress", "none", ...more],
];
