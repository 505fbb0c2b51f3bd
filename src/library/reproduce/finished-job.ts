/**
 * What a page needs of a finished job, and its record: one JSON file, a few kilobytes in place of a run folder.
 *
 * A record that was read off an earlier page has no decisions and counts no spikes.
 *
 * Knows: fields of an evaluation, bits. May not know: where files lie, rows, claims.
 */
import * as z from "zod";
import type { EvaluatedStep, EvaluationResult } from "../../evaluation/evaluation-result.js";

/** Which images were decided rightly: [n], in the order of the test images. */
export interface RightDecisions {
  readonly network: readonly boolean[];
  /** By t. */
  readonly at: ReadonlyMap<number, readonly boolean[]>;
}

type Costs = Pick<EvaluationResult["cost"], "annMacs" | "annMacsEffective" | "firstLayerMacs" | "neurons">;

/** A step, with the network beside it. */
export interface FinishedStep
  extends Pick<EvaluatedStep, "t" | "correct" | "n" | "accuracy" | "sopEffective"> {
  readonly spikes: number | null;
  readonly sopStructural: number | null;
  readonly loss: number;
  readonly lossCi95: readonly [low: number, high: number];
}

export interface FinishedJob {
  readonly n: number;
  readonly ann: Pick<NonNullable<EvaluationResult["ann"]>, "accuracy" | "correct" | "n">;
  readonly cost: Costs;
  readonly alphabet: string;
  readonly at: readonly FinishedStep[];
  /** Factors of the compensation that the conversion found, in words. */
  readonly compensation: string | null;
  readonly right: RightDecisions | null;
}

/** The parts of an evaluation that a page shows; null where it was made without the network. */
export function pickFinished(
  { ann, cost, snn }: EvaluationResult,
  right: RightDecisions,
  compensation: string | null,
): FinishedJob | null {
  if (ann === null) return null;
  const { annMacs, annMacsEffective, firstLayerMacs, neurons } = cost;
  const at = snn.at.flatMap(({ t, correct, n, accuracy, loss, lossCi95, ...counts }): FinishedStep[] => {
    const { spikes, sopStructural, sopEffective } = counts;
    const judged = { t, correct, n, accuracy, spikes, sopStructural, sopEffective };
    return loss === null || lossCi95 === null ? [] : [{ ...judged, loss, lossCi95 }];
  });
  return {
    n: ann.n,
    ann: { accuracy: ann.accuracy, correct: ann.correct, n: ann.n },
    cost: { annMacs, annMacsEffective, firstLayerMacs, neurons },
    // runs of before alphabets were binary
    alphabet: String((snn as Partial<typeof snn>).alphabet ?? "binary"),
    at,
    compensation,
    right,
  };
}

const recordSchema = "respike.job-record/1";
const count = z.int().nonnegative();
const amount = z.number().nonnegative();
const bits = z.base64().nullable();

const step = z.strictObject({
  ...{ t: z.int().positive(), correct: count, n: z.int().positive(), accuracy: amount },
  ...{ spikes: amount.nullable(), sopStructural: amount.nullable(), sopEffective: amount },
  ...{ loss: z.number(), lossCi95: z.tuple([z.number(), z.number()]) },
  /** A bit an image, the first in the lowest bit of the first byte: 1 where the decision is right. */
  right: bits,
});

const record = z.strictObject({
  schema: z.literal(recordSchema),
  key: z.hex(),
  name: z.string(),
  ann: z.strictObject({ accuracy: amount, correct: count, n: z.int().positive(), right: bits }),
  cost: z.strictObject({
    annMacs: amount,
    annMacsEffective: amount.nullable(),
    firstLayerMacs: amount,
    neurons: count,
  }),
  alphabet: z.string(),
  compensation: z.string().nullable(),
  at: z.array(step).min(1),
});

/** @param job its key and name */
export function writeRecord(
  job: { readonly key: string; readonly name: string },
  finished: FinishedJob,
): string {
  const { ann, cost, alphabet, compensation, at, right } = finished;
  const written: z.infer<typeof record> = {
    ...{ schema: recordSchema, key: job.key, name: job.name },
    ...{ ann: { ...ann, right: packBits(right?.network) }, cost, alphabet, compensation },
    at: at.map(({ lossCi95: [low, high], ...each }) => {
      return { ...each, lossCi95: [low, high], right: packBits(right?.at.get(each.t)) };
    }),
  };
  return `${JSON.stringify(written, null, 1)}\n`;
}

/** @returns null for a text that is no record of this job */
export function readRecord(key: string, text: string): FinishedJob | null {
  const parsed = record.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.key !== key) return null;
  const { ann, cost, alphabet, compensation, at } = parsed.data;
  const { right: network, ...counted } = ann;
  const steps = at.flatMap(({ t, n, right }) => (right === null ? [] : [[t, unpackBits(right, n)] as const]));
  return {
    ...{ n: ann.n, ann: counted, cost, alphabet, compensation },
    at: at.map(({ right: _, ...each }) => each),
    right: network === null ? null : { network: unpackBits(network, ann.n), at: new Map(steps) },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function packBits(values: readonly boolean[] | undefined): string | null {
  if (values === undefined) return null;
  const bytes = new Uint8Array(Math.ceil(values.length / 8));
  for (const [at, value] of values.entries())
    if (value) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7));
  return Buffer.from(bytes).toString("base64");
}

function unpackBits(text: string, n: number): boolean[] {
  const bytes = Buffer.from(text, "base64");
  return Array.from({ length: n }, (_, at) => (((bytes[at >> 3] ?? 0) >> (at & 7)) & 1) === 1);
}
