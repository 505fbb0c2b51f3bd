/**
 * What each node type's attributes may be, as schemas: types for readers, checks for files.
 *
 * Knows: ranges of strides, sides, alphabets. May not know: shapes of inputs.
 */
import { z } from "zod";
import type { NodeAttributes, Op } from "./node-types.js";
import { mostHalvings, mostShift, parts } from "./refinement.js";
import { largestSpike } from "./spike-alphabet.js";

const size = z.number().int().min(1).max(1_000_000);
const offset = z.number().int().min(0).max(1_000_000);
const shape = z.tuple([size, size, size]).readonly();
const offsets = z.tuple([offset, offset, offset]).readonly();
const pair = z.tuple([size, size]).readonly();
const sides = z.tuple([offset, offset, offset, offset]).readonly();
const nothing = z.strictObject({});
const number = z.enum(["float32", "int16", "int32"]);
const refine = z
  .strictObject({
    quantum: z.number().positive().max(1),
    shift: z.number().int().min(1).max(mostShift),
    halvings: z.number().int().min(0).max(mostHalvings),
  })
  .refine(({ shift, halvings }) => halvings % shift === 0, "halvings is a multiple of shift")
  .refine(({ quantum }) => parts(quantum) !== null, "quantum is 1/n, n a whole number up to 4096")
  .optional();

export const attributeSchemas: { readonly [O in Op]: z.ZodType<NodeAttributes[O]> } = {
  input: z.strictObject({ shape }),
  conv: z.strictObject({ stride: pair, padding: sides, dilation: pair, groups: size }),
  linear: nothing,
  "batch-norm": z.strictObject({ epsilon: z.number().min(0) }),
  relu: z.strictObject({ layer: z.string().min(1), max: z.number().positive().nullable() }),
  add: nothing,
  pool: z.strictObject({ kind: z.enum(["average", "max"]), kernel: pair, stride: pair, padding: sides }),
  concat: nothing,
  pad: z.strictObject({ before: offsets, after: offsets }),
  slice: z.strictObject({ start: offsets, stop: shape, step: shape }),
  affine: nothing,
  flatten: nothing,
  shortcut: z.strictObject({ kind: z.enum(["A", "avg"]), channels: size }),
  neuron: z.strictObject({
    layer: z.string().min(1),
    lo: z.number().int().max(0).min(-largestSpike),
    hi: z.number().int().min(1).max(largestSpike),
    reset: z.enum(["subtract", "zero"]),
    number,
    refine,
    rate: z.number().min(0).max(1).optional(),
  }),
  output: z.strictObject({ number, refine }),
};

/** What is wrong with a node's attributes: `path: message` each; empty where nothing is. */
export function checkAttributes(op: Op, attributes: unknown): readonly string[] {
  const parsed = attributeSchemas[op].safeParse(attributes);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => `${issue.path.join(".") || "attributes"}: ${issue.message}`);
}
