/**
 * Where finished chunks are kept while others are computed.
 *
 * Knows: what a store must do; one that lives in memory. May not know: files (run-folder.ts has that one).
 */
import type { ChunkRecord } from "./chunk-record.js";

export interface ChunkStore {
  /** Records of earlier runs, checked, in any order, none twice. */
  readonly finished: readonly ChunkRecord[];
  /** The hash of a run that was finished before; its counts are gone. */
  readonly spikeHash?: string | undefined;
  /** Keeps a record; when it returns, killing the process does not lose it. */
  append(record: ChunkRecord): Promise<void>;
  /** Keeps compressed counts of the chunk at `start`; called before its record is appended. */
  putCounts(start: number, counts: Uint8Array): Promise<void>;
  /** @throws RespikeError (exit 5) where they are gone */
  getCounts(start: number): Promise<Uint8Array>;
  /** Called when counts were hashed; a store that others merge from keeps them. */
  dropCounts(start: number): Promise<void>;
}

/** Keeps nothing beyond the process. */
export function memoryStore(): ChunkStore {
  const kept = new Map<number, Uint8Array>();
  return {
    finished: [],
    async append() {},
    async putCounts(start, counts) {
      kept.set(start, counts);
    },
    async getCounts(start) {
      const counts = kept.get(start);
      if (counts === undefined) throw new Error(`no counts of the chunk at ${start}`);
      return counts;
    },
    async dropCounts(start) {
      kept.delete(start);
    },
  };
}
