/**
 * Where a training run stands, after an epoch or within one, and its bytes.
 *
 * Knows: states, momenta, the curve, the plan that a run belongs to.
 * May not know: paths, the engine.
 *
 * The bytes are a safetensors file: tensors `state/<name>` and `best/<name>`, each flat, and the
 * rest as JSON in its metadata.
 */
import { z } from "zod";
import { refuseInput, refuseUsage } from "../core/respike-error.js";
import { float32Tensor } from "../core/tensor.js";
import { encodeSafetensors } from "../formats/safetensors/encode-safetensors.js";
import { parseSafetensors } from "../formats/safetensors/parse-safetensors.js";
import type { NetworkState } from "./network-state.js";

export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Learning rate at its start. */
  readonly rate: number;
  /** Mean over its steps. */
  readonly loss: number;
  /** Share of the augmented images whose class was right when they were trained on. */
  readonly trainedAccuracy: number;
  /** Share of the judged images, after it. */
  readonly judgedAccuracy: number;
}

/** How far the running epoch is. */
export interface EpochPosition {
  /** Steps done. */
  readonly step: number;
  /** Sum of their losses. */
  readonly loss: number;
  /** Augmented images whose class was right. */
  readonly correct: number;
}

export const epochStart: EpochPosition = { step: 0, loss: 0, correct: 0 };

/** What the steps behind a state took, over all calls that made it; judging is left out. */
export interface TrainingCost {
  readonly seconds: number;
  /** Seconds of these in which no step ran in the engine. */
  readonly idle: number;
  /** Images trained on, one counted as often as it was seen. */
  readonly images: number;
}

export const noCost: TrainingCost = { seconds: 0, idle: 0, images: 0 };

export interface Checkpoint {
  /** The state now, with momenta under `<name>/velocity`. */
  readonly state: NetworkState;
  /** The state, without momenta, after the best epoch. */
  readonly best: NetworkState;
  /** From 1; 0 before the first. */
  readonly bestEpoch: number;
  /** Finished epochs. */
  readonly history: readonly EpochRecord[];
  readonly position: EpochPosition;
  readonly cost: TrainingCost;
}

const metadataKey = "respike-training";
const share = z.number().min(0).max(1);
const schema = z.strictObject({
  plan: z.string(),
  bestEpoch: z.number().int().min(0),
  position: z.strictObject({ step: z.number().int().min(0), loss: z.number(), correct: z.number() }),
  /** Missing in checkpoints that were written before there was one. */
  cost: z
    .strictObject({ seconds: z.number().min(0), idle: z.number(), images: z.number().int().min(0) })
    .default(noCost),
  history: z.array(
    z.strictObject({
      epoch: z.number().int().min(1),
      rate: z.number(),
      loss: z.number(),
      trainedAccuracy: share,
      judgedAccuracy: share,
    }),
  ),
});

/** @param plan everything that decides the run, as text; `decodeCheckpoint` wants the same */
export function encodeCheckpoint(checkpoint: Checkpoint, plan: string): Uint8Array<ArrayBuffer> {
  const { state, best, bestEpoch, history, position, cost } = checkpoint;
  const tensors = new Map(
    Object.entries({ state, best }).flatMap(([part, values]) =>
      [...values].map(([name, data]) => [`${part}/${name}`, float32Tensor([data.length], data)] as const),
    ),
  );
  return encodeSafetensors(tensors, {
    [metadataKey]: JSON.stringify({ plan, bestEpoch, history, position, cost }),
  });
}

/**
 * @param where names the file in errors
 * @throws RespikeError exit 2 where they are of another plan, exit 3 where they are no checkpoint
 */
export function decodeCheckpoint(bytes: Uint8Array, where: string, plan: string): Checkpoint {
  const { tensors, metadata } = parseSafetensors(bytes, where);
  const facts = schema.safeParse(parseJson(metadata[metadataKey]));
  if (!facts.success) throw refuseCheckpoint(where, "it has the curve of a run in its metadata", "none");
  if (facts.data.plan !== plan) throw refuseOtherPlan(where, listDifferences(facts.data.plan, plan));
  const take = (part: string): NetworkState =>
    new Map(
      [...tensors].flatMap(([name, { data }]): [string, Float32Array][] =>
        name.startsWith(`${part}/`) && data instanceof Float32Array
          ? [[name.slice(part.length + 1), data]]
          : [],
      ),
    );
  const { bestEpoch, history, position, cost } = facts.data;
  return { state: take("state"), best: take("best"), bestEpoch, history, position, cost };
}

/** The fields in which two plans differ, where they are JSON. */
function listDifferences(there: string, now: string): string {
  const read = (text: string) => (parseJson(text) ?? { plan: text }) as Readonly<Record<string, unknown>>;
  const [first, second] = [read(there), read(now)];
  const show = (value: unknown) => JSON.stringify(value ?? null);
  return [...new Set([...Object.keys(first), ...Object.keys(second)])]
    .filter((key) => show(first[key]) !== show(second[key]))
    .map((key) => `${key}: ${show(first[key])} there, ${show(second[key])} now`)
    .join("; ");
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function refuseOtherPlan(where: string, value: string) {
  return refuseUsage({
    code: "run-differs",
    where,
    rule: "a run is resumed with the options it was begun with",
    value,
    next: "give the same options, or another --out",
  });
}

function refuseCheckpoint(where: string, rule: string, value: string) {
  return refuseInput({
    code: "bad-checkpoint",
    where,
    rule,
    value,
    next: "remove the file, or name another one, to start anew",
  });
}
