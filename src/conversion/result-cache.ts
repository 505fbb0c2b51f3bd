/**
 * Computed results that are kept between runs: statistics, what searches found.
 *
 * Knows: keys and bytes. May not know: where the cache lies, what entries mean.
 */
import type { z } from "zod";
import { stableJson } from "../core/sha256.js";

/** Where results are kept. It never changes a result: what is missing or damaged is computed anew. */
export interface ResultCache {
  get(key: string): Promise<Uint8Array | null>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/** An entry of JSON; null where there is none, or none that the schema takes. */
export async function readJsonEntry<T>(
  cache: ResultCache,
  key: string,
  schema: z.ZodType<T>,
): Promise<T | null> {
  const bytes = await cache.get(key);
  if (bytes === null) return null;
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

export function putJsonEntry(cache: ResultCache, key: string, value: unknown): Promise<void> {
  return cache.put(key, new TextEncoder().encode(stableJson(value)));
}
