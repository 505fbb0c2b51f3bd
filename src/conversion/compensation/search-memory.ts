/**
 * What a search found out before: each result is kept as soon as there is one, so that a search that was broken off goes on
 * where it stopped, and one that is asked for again is not made again.
 *
 * Knows: hashes of all that decides a result. May not know: factors, simulators, where the cache lies.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { z } from "zod";
import { hashText, stableJson, viewBytes } from "../../core/sha256.js";
import type { Graph } from "../../graph/graph.js";
import { hashGraph } from "../../graph/hash-graph.js";
import type { Snn } from "../../graph/snn.js";
import { type ImageSource, readTasks } from "../image-source.js";
import { putJsonEntry, type ResultCache, readJsonEntry } from "../result-cache.js";

/** The version of what is computed; a change of the dynamics, of number formats or of a search makes old entries unreachable. */
const version = "compensation-search/2";
const batch = 64;

/** What all results of one search depend on. */
export interface SearchSetting {
  readonly method: "shared" | "layer";
  /** The spiking graph in float32, which factors are put on. */
  readonly graph: Graph;
  /** The SNN as it is without compensation; asked for where something is kept. */
  readonly plain: () => Snn;
  readonly network: Graph;
  readonly source: ImageSource;
  /** All images that the search may look at. */
  readonly indices: Uint32Array;
  readonly steps: number;
}

/** Results of one search. */
export interface SearchMemory {
  /**
   * The result that was kept under `what`, else the computed one, which is kept.
   *
   * @param what besides the setting, all that decides the result
   */
  find<T>(
    what: Readonly<Record<string, unknown>>,
    schema: z.ZodType<T>,
    compute: () => Promise<T>,
  ): Promise<T>;
}

/** Keeps nothing. */
export const noMemory: SearchMemory = { find: (_what, _schema, compute) => compute() };

export async function openSearchMemory(
  cache: ResultCache | undefined,
  setting: SearchSetting,
): Promise<SearchMemory> {
  if (cache === undefined) return noMemory;
  const same = await hashSetting(setting);
  return {
    async find(what, schema, compute) {
      const key = hashText(stableJson({ version, same, ...what }));
      const known = await readJsonEntry(cache, key, schema);
      if (known !== null) return known;
      const found = await compute();
      await putJsonEntry(cache, key, found);
      return found;
    },
  };
}

async function hashSetting(setting: SearchSetting): Promise<string> {
  const { method, graph, network, source, indices, steps } = setting;
  const plain = setting.plain();
  const { preprocessing, options, layers } = plain;
  const pixels = sha256.create();
  for await (const task of readTasks(source, indices, batch, preprocessing)) {
    pixels.update(viewBytes(task.pixels));
  }
  const images = { indices: [...indices], pixels: bytesToHex(pixels.digest()) };
  const graphs = [graph, plain.graph, network].map(hashGraph);
  return hashText(stableJson({ method, steps, preprocessing, options, layers, graphs, images }));
}
