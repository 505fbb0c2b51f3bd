/**
 * Activation statistics that were collected before, found again by what decides them.
 *
 * Knows: hashes of the network, the pixels and the options. May not know: where the cache lies.
 *
 * A damaged entry is collected anew; the cache never changes a result. What λ is read from is kept besides, so that the
 * images are looked at once for all rules and all T.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { z } from "zod";
import { hashText, stableJson, viewBytes } from "../../core/sha256.js";
import type { TaskRunner } from "../../core/task-runner.js";
import { hashGraph } from "../../graph/hash-graph.js";
import { type ImageSource, readTasks } from "../image-source.js";
import { putJsonEntry, type ResultCache, readJsonEntry } from "../result-cache.js";
import {
  type ActivationStatistic,
  chooseBatch,
  collectHistograms,
  type NodeHistograms,
  readStatistics,
  type StatisticsRequest,
  type StatisticsScope,
  startCounts,
} from "./activation-statistics.js";
import { packHistograms, unpackHistograms } from "./pack-histograms.js";

/** The version of what is computed; a change of the definition makes old entries unreachable. */
const version = "activation-statistics/4";
const histogramsVersion = "activation-histograms/1";
/** Bytes of an entry of histograms; larger ones are collected anew. */
const mostPacked = 2 ** 27;

const amount = z.number().min(0);
const entrySchema = z.array(
  z.tuple([
    z.string(),
    z.object({
      lambda: z.array(amount),
      channelMax: z.array(amount),
      rate: amount.max(1),
      raised: z.array(z.number().int()),
    }),
  ]),
);

/** From the cache where it has them, else collected and put there. */
export async function findStatistics(
  runner: TaskRunner,
  request: StatisticsRequest,
  source: ImageSource,
  indices: Uint32Array,
  cache: ResultCache | undefined,
): Promise<Map<string, ActivationStatistic>> {
  const { graph, preprocessing, ids } = request;
  const batch = chooseBatch(graph, ids);
  const collect = () =>
    collectHistograms(runner, request, readTasks(source, indices, batch, preprocessing), indices.length);
  if (cache === undefined) return readStatistics(await collect(), request.rule);
  const { key, histogramsKey } = await makeKeys(request, source, indices, batch);
  const found = await readEntry(cache, key, request);
  if (found !== null) return found;
  const collected = await findHistograms(collect, request, histogramsKey, cache);
  const statistics = readStatistics(collected, request.rule);
  await putJsonEntry(cache, key, [...statistics]);
  return statistics;
}

/** Of any rule; kept where they are not too many. */
async function findHistograms(
  collect: () => Promise<readonly NodeHistograms[]>,
  { graph, ids, scopes }: StatisticsRequest,
  key: string,
  cache: ResultCache,
): Promise<readonly NodeHistograms[]> {
  const empty = ids.map((id, at) => startCounts(graph, id, scopes[at] as StatisticsScope));
  const bytes = await cache.get(key);
  if (bytes !== null && unpackHistograms(bytes, empty)) return empty;
  const collected = await collect();
  const packed = packHistograms(collected);
  if (packed.length <= mostPacked) await cache.put(key, packed);
  return collected;
}

async function readEntry(
  cache: ResultCache,
  key: string,
  { graph, ids, scopes }: StatisticsRequest,
): Promise<Map<string, ActivationStatistic> | null> {
  const entries = await readJsonEntry(cache, key, entrySchema);
  const fits =
    entries !== null &&
    entries.map(([id]) => id).join("\n") === ids.join("\n") &&
    entries.every(([id, { lambda, channelMax }], at) => {
      const [channels] = graph.shape(id);
      return channelMax.length === channels && lambda.length === (scopes[at] === "layer" ? 1 : channels);
    });
  return fits ? new Map(entries) : null;
}

async function makeKeys(
  { graph, preprocessing, ids, scopes, rule }: StatisticsRequest,
  source: ImageSource,
  indices: Uint32Array,
  batch: number,
): Promise<{ readonly key: string; readonly histogramsKey: string }> {
  const pixels = sha256.create();
  for await (const task of readTasks(source, indices, batch, preprocessing)) {
    pixels.update(viewBytes(task.pixels));
  }
  const same = { ids, scopes, preprocessing, n: indices.length };
  const end = `${hashGraph(graph)}\n${bytesToHex(pixels.digest())}`;
  return {
    key: hashText(`${stableJson({ version, rule, ...same })}\n${end}`),
    histogramsKey: hashText(`${stableJson({ version: histogramsVersion, ...same })}\n${end}`),
  };
}
