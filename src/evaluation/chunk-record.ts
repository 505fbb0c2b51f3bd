/**
 * What is kept of a finished chunk of images: everything the results are made of, and nothing else.
 *
 * Knows: its form, as lines of progress.jsonl have it. May not know: how it was computed.
 *
 * Numbers are whole or 64-bit fixed-point integers as text, so that records sum exactly in any order.
 */
import { z } from "zod";

const count = z.number().int().min(0);
const counts = z.array(count);
const integerText = z.string().regex(/^-?\d+$/);
const bits = z.array(z.number().int().min(0).max(1));

/** Agreement of a layer with the network; null where values were not finite. */
const agreement = z.object({
  rates: integerText,
  rateSquares: integerText,
  products: integerText,
  errors: integerText,
  /** Smallest and largest y. */
  low: z.number(),
  high: z.number(),
});

const layer = z.object({
  /** ΣN, ΣN² at T over images and neurons (N in quanta of T, where layers refine). */
  counts: integerText,
  countSquares: integerText,
  largest: count,
  saturated: count,
  silent: count,
  agreement: agreement.nullable(),
});

export const chunkSchema = z.object({
  /** First position in the list of evaluated images; behind its end for images that are run to T beside early exit. */
  start: count,
  /** Places in the data set, [n]. */
  indices: counts,
  labels: counts,
  ann: z
    .object({
      predictions: counts,
      /** 1 where the label is among the five largest logits, [n]. */
      top5: bits,
      /** Σ over images of multiply-accumulates without zero activations and weights. */
      macsEffective: count,
    })
    .nullable(),
  /** One an observed time. */
  at: z.array(
    z.object({
      predictions: counts,
      top5: bits,
      /** Σ over images, one a layer. */
      spikes: counts,
      structural: counts,
      effective: counts,
      /** Where layers refine: spikes that are not 0, each counted once, and the operations of those, zero weights left out. */
      events: counts.optional(),
      eventOps: counts.optional(),
      /** Where pixels spike: Σ over images of their spikes × fan-out. */
      pixels: z.object({ structural: count, effective: count }).optional(),
    }),
  ),
  /** Σ over images of the operations at T that end at outputs. */
  readoutOps: count,
  layers: z.array(layer),
  /** Layer → kernel, as the worker that computed it chose. */
  kernels: z.record(z.string(), z.string()),
  /** With early exit the last step of each image, [n]; not of images that were run to T to measure it. */
  exitSteps: counts.optional(),
});

export type ChunkRecord = z.infer<typeof chunkSchema>;
export type LayerRecordSums = z.infer<typeof layer>;
