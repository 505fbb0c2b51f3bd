/**
 * SHA-256 over all spike counts, int32 little endian, by image, layer, C, H, W.
 *
 * Knows: chunks may finish in any order and are hashed in the order of images. May not know: how they were computed.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { unzlibSync } from "fflate";
import type { ChunkStore } from "./chunk-store.js";

/** Hashes chunks as soon as all before them are finished. */
export class SpikeHash {
  readonly #hash = sha256.create();
  readonly #waiting = new Map<number, number>();
  #next: number;

  /** @param start position of the first image */
  constructor(
    readonly store: ChunkStore,
    start: number,
  ) {
    this.#next = start;
  }

  /** Says that `n` images from position `start` on are in the store. */
  async add(start: number, n: number): Promise<void> {
    this.#waiting.set(start, n);
    for (;;) {
      const at = this.#next;
      const count = this.#waiting.get(at);
      if (count === undefined) return;
      this.#waiting.delete(at);
      this.#hash.update(unzlibSync(await this.store.getCounts(at)));
      await this.store.dropCounts(at);
      this.#next = at + count;
    }
  }

  /** @throws Error where a chunk is missing (a defect of the caller) */
  finish(end: number): string {
    if (this.#next !== end) throw new Error(`counts are hashed up to image ${this.#next}, not ${end}`);
    return bytesToHex(this.#hash.digest());
  }
}
