/**
 * Whether finished chunks belong to the images that are evaluated.
 *
 * Knows: where a chunk starts and which images it names. May not know: what the chunks hold, where they were kept.
 */
import { type Problem, refuseInput } from "../core/respike-error.js";
import type { ChunkRecord } from "./chunk-record.js";
import type { EvaluationPart } from "./early-exit/evaluation-parts.js";

/** @throws RespikeError (exit 3) where a record's images are not those that stand at its place */
export function refuseForeignRecords(
  records: readonly ChunkRecord[],
  parts: readonly EvaluationPart[],
): void {
  const [problem] = listForeignRecords(records, parts);
  if (problem !== undefined) throw refuseInput(problem);
}

/** What is wrong with each record whose images are not those that stand at its place. */
export function listForeignRecords(
  records: readonly ChunkRecord[],
  parts: readonly EvaluationPart[],
): readonly Problem[] {
  const belongs = ({ start, indices }: ChunkRecord) =>
    parts.some((part) => indices.every((index, at) => part.indices[start - part.start + at] === index));
  return records
    .filter((record) => !belongs(record))
    .map(({ start, indices }) => ({
      code: "run-folder",
      where: `the finished chunk at ${start}`,
      rule: "a chunk names the images that are evaluated at its place",
      value: `${indices.length} images from ${indices[0] ?? "none"} on`,
      next: "start anew with --force",
    }));
}
