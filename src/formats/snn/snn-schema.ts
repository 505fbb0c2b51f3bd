/**
 * The JSON of a saved spiking network, as a schema.
 *
 * Knows: the fields of `__metadata__.respike`. May not know: tensors, shapes, the node rules.
 */
import { z } from "zod";
import { preprocessingSchema } from "../architectures/read-metadata.js";

export const snnSchemaName = "respike.snn/1";

const text = z.string().min(1).max(10_000);

const node = z.strictObject({
  id: text,
  op: text,
  inputs: z.array(text).max(10_000),
  attributes: z.record(z.string(), z.unknown()),
  /** The tensor's name in the node → its name in the file. */
  tensors: z.record(z.string(), text),
});

const nodes = z.array(node).min(1).max(100_000);

export const snnSchema = z.looseObject({
  schema: z.literal(snnSchemaName),
  nodes,
  network: nodes,
  layers: z
    .array(
      z.strictObject({
        name: text,
        activation: text,
        lambda: z.array(z.number().nonnegative()).min(1).max(1_000_000),
        kappa: z.number().positive(),
        bias: z.array(z.number()).max(1_000_000).optional(),
      }),
    )
    .max(100_000),
  preprocessing: preprocessingSchema,
  options: z.record(z.string(), z.unknown()),
  provenance: z.record(z.string(), z.unknown()),
  certificate: z.unknown().optional(),
});

export type StoredNode = z.infer<typeof node>;
export type StoredSnn = z.infer<typeof snnSchema>;
