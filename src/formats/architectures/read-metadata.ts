/**
 * What a weights file says of itself in its metadata.
 *
 * Knows: the key `respike` (JSON) that this project writes, and plain keys `arch`, `shortcut`, `mean`,
 * `std`, `range` that others write. May not know: tensors.
 */
import { z } from "zod";
import { type Problem, refuseInput, type Warning } from "../../core/respike-error.js";
import type { Preprocessing } from "../../graph/preprocessing.js";
import { fileProblem, quote } from "../refuse-file.js";

const numbers = z.array(z.number()).min(1).max(4096);

export const preprocessingSchema = z.strictObject({
  name: z.string().max(200),
  range: z.enum(["0..1", "0..255"]),
  mean: numbers,
  std: z.array(z.number().positive()).min(1).max(4096),
});

const size = z.number().int().min(1).max(65_536);
const activationSchema = z.union([
  z.strictObject({ kind: z.literal("clip") }),
  z.strictObject({ kind: z.literal("qcfs"), levels: z.number().int().min(1).max(1024) }),
]);
const schema = z.looseObject({
  arch: z.string().optional(),
  shortcut: z.enum(["A", "B", "P", "avg"]).optional(),
  preprocessing: preprocessingSchema.optional(),
  bnEpsilon: z.number().nonnegative().optional(),
  inputSize: z.tuple([size, size]).optional(),
  activation: activationSchema.optional(),
});

export interface ModelMetadata {
  readonly arch?: string | undefined;
  readonly shortcut?: string | undefined;
  readonly preprocessing: Preprocessing | null;
  readonly bnEpsilon?: number | undefined;
  readonly inputSize?: readonly [number, number] | undefined;
  /** What the network was trained with in place of ReLUs; its ceilings are tensors. */
  readonly activation?: z.infer<typeof activationSchema> | undefined;
  /** What was assumed in reading it, and what could not be used. */
  readonly said: readonly Pick<Warning, "code" | "message">[];
}

/** @throws RespikeError (exit 3) where metadata is there and malformed */
export function readMetadata(metadata: Readonly<Record<string, string>>, where: string): ModelMetadata {
  const { respike } = metadata;
  return respike === undefined ? readPlainKeys(metadata, where) : readOwnKey(respike, where);
}

function readOwnKey(text: string, where: string): ModelMetadata {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuseInput(fileProblem(`${where}, metadata 'respike'`, "it is JSON", quote(text)), cause);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }): Problem =>
        fileProblem(
          `${where}, metadata 'respike'`,
          "it has the fields of docs/formats.md",
          `${path.join(".")}: ${message}`,
        ),
    );
    throw refuseInput(problems);
  }
  const { preprocessing, ...rest } = parsed.data;
  return { ...rest, preprocessing: preprocessing ?? null, said: nameUnknown(Object.keys(parsed.data)) };
}

/** A misspelt field would otherwise be as good as left out. */
function nameUnknown(fields: readonly string[]): ModelMetadata["said"] {
  const unknown = fields.filter((field) => !Object.hasOwn(schema.shape, field));
  if (unknown.length === 0) return [];
  const shown = unknown.slice(0, 10).map(quote).join(", ");
  const more = unknown.length > 10 ? ` and ${unknown.length - 10} more` : "";
  const known = Object.keys(schema.shape).join(", ");
  const message = `fields of the metadata 'respike' that are not known were left aside: ${shown}${more} (known: ${known})`;
  return [{ code: "metadata-unknown", message }];
}

function readPlainKeys(metadata: Readonly<Record<string, string>>, where: string): ModelMetadata {
  const { arch, shortcut, mean, std, range } = metadata;
  const named = { arch, shortcut };
  if (mean === undefined || std === undefined) {
    return { ...named, preprocessing: null, said: nameMissing({ mean, std, range }) };
  }
  const list = (text: string) =>
    text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const parsed = preprocessingSchema.safeParse({
    name: "file",
    range: range ?? "0..1",
    mean: list(mean),
    std: list(std),
  });
  if (!parsed.success) {
    throw refuseInput(
      fileProblem(
        `${where}, metadata`,
        "mean and std are numbers with commas, range is 0..1 or 0..255",
        quote(`${mean} / ${std} / ${range}`),
      ),
    );
  }
  const message = "the file's mean and std are taken in units of 0..1; it does not say the range";
  const said = range === undefined ? [{ code: "range-assumed", message }] : [];
  return { ...named, preprocessing: parsed.data, said };
}

/** Mean, std or range without the others say nothing of the preprocessing. */
function nameMissing(keys: Readonly<Record<"mean" | "std" | "range", string | undefined>>) {
  const there = Object.entries(keys).flatMap(([key, text]) => (text === undefined ? [] : [key]));
  if (there.length === 0) return [];
  const missing = (["mean", "std"] as const).filter((key) => keys[key] === undefined);
  const message = `the file's metadata has ${there.join(" and ")} but no ${missing.join(" and no ")}: it was not taken as preprocessing`;
  return [{ code: "preprocessing-incomplete", message }];
}
