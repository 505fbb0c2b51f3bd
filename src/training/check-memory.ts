/**
 * Whether the memory suffices for a training run's batch.
 *
 * Knows: what a step keeps of each image, measured. May not know: how a step is computed, files.
 *
 * Measured (peaks of the process in both lowerings; docs/training.md#memory): what the forward pass keeps for the
 * backward pass is at most 0.7 of all nodes' values, what comes and goes five times the largest node's, the judging
 * session's memory with it; activations that are rounded keep more. Rather too large than too small: a system without
 * memory kills without a word.
 */
import { freemem, totalmem } from "node:os";
import { type RespikeError, refuseUsage } from "../core/respike-error.js";
import { countElements } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import type { ActivationPlan } from "./activations.js";

/** Bytes that do not grow with the batch: the engine's two sessions, and what they have for each node. */
const fixedBytes = 20e6;
const nodeBytes = 0.25e6;
const keptShare = 0.7;
const passingMaps = 5;
/** Times the values of all ReLUs. */
const activationShare = { relu: 0, clip: 0.6, qcfs: 1.5 } as const;
/** Batches as they are made and as the engine takes them. */
const imageCopies = 3;

export interface StepMemory {
  /** Bytes whatever the batch. */
  readonly fixed: number;
  /** Bytes for each image of a batch. */
  readonly perImage: number;
}

/** What a run needs beyond the data set: bytes = fixed + perImage·N. */
export function estimateMemory(graph: Graph, { kind }: ActivationPlan): StepMemory {
  let [values, activations, largest] = [0, 0, 0];
  for (const { id, op } of graph.nodes) {
    const size = countElements(graph.shape(id));
    largest = Math.max(largest, size);
    if (op !== "input") values += size;
    if (op === "relu") activations += size;
  }
  const floats = keptShare * values + passingMaps * largest + activationShare[kind] * activations;
  const perImage = 4 * (floats + imageCopies * countElements(graph.input.attributes.shape));
  return { fixed: fixedBytes + nodeBytes * graph.nodes.length, perImage };
}

/** Bytes that this process may still take: the machine's, or those of its container. */
export function measureFreeMemory(): number {
  const total = totalmem();
  // macOS counts as taken what it would give.
  const free = process.platform === "darwin" ? total : freemem();
  const limit = process.constrainedMemory();
  return limit > 0 && limit < total ? Math.min(free, limit - process.memoryUsage.rss()) : free;
}

/**
 * @param batch N
 * @param free bytes
 * @throws RespikeError (exit 2) where a run needs more memory than there is: how much, and the largest batch that fits
 */
export function checkMemory(
  graph: Graph,
  activation: ActivationPlan,
  batch: number,
  free: number = measureFreeMemory(),
): void {
  const { fixed, perImage } = estimateMemory(graph, activation);
  const needed = fixed + perImage * batch;
  if (needed > free) throw refuseBatch(batch, needed, free, Math.floor((free - fixed) / perImage));
}

function refuseBatch(batch: number, needed: number, free: number, fitting: number): RespikeError {
  // Blocked values want whole blocks.
  const largest = fitting < 16 ? fitting : fitting - (fitting % 16);
  return refuseUsage({
    code: "too-little-memory",
    where: "--batch",
    rule: "a training step's values fit into the memory that is free",
    value: `${batch} images need about ${printSize(needed)}, free are ${printSize(free)}`,
    next:
      largest < 2
        ? "free some memory, or train a smaller network"
        : `write --batch ${largest}, the largest that fits, or less`,
  });
}

function printSize(bytes: number): string {
  const gigabytes = Math.max(bytes, 0) / 1e9;
  return gigabytes < 1 ? `${(1000 * gigabytes).toFixed(0)} MB` : `${gigabytes.toFixed(1)} GB`;
}
