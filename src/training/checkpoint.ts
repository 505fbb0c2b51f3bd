/**
 * Where a training run stands after an epoch.
 *
 * Knows: states, momenta, the curve. May not know: files, the engine.
 */
import { viewBytes } from "../core/sha256.js";
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

export interface Checkpoint {
  /** The state after the last epoch, with momenta under `<name>/velocity`. */
  readonly state: NetworkState;
  /** The state, without momenta, after the best epoch. */
  readonly best: NetworkState;
  /** From 1; 0 before the first. */
  readonly bestEpoch: number;
  readonly history: readonly EpochRecord[];
}

/** The checkpoint as bytes: a JSON header behind its length (uint32), then the float32 values it lists. */
export function encodeCheckpoint({ state, best, bestEpoch, history }: Checkpoint): Uint8Array {
  const entries = [
    ...[...state].map(([name, values]) => [`state/${name}`, values] as const),
    ...[...best].map(([name, values]) => [`best/${name}`, values] as const),
  ];
  const list = entries.map(([name, values]) => [name, values.length]);
  const header = new TextEncoder().encode(JSON.stringify({ bestEpoch, history, list }).padEnd(4));
  return joinBytes([
    viewBytes(Uint32Array.of(header.length)),
    header,
    ...entries.map(([, values]) => viewBytes(values)),
  ]);
}

export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const parts = { state: new Map<string, Float32Array>(), best: new Map<string, Float32Array>() };
  let at = 4 + length;
  for (const [name, size] of header.list) {
    const [part, ...rest] = name.split("/");
    parts[part as "state"].set(rest.join("/"), new Float32Array(bytes.slice(at, at + 4 * size).buffer));
    at += 4 * size;
  }
  return { ...parts, bestEpoch: header.bestEpoch, history: header.history };
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
