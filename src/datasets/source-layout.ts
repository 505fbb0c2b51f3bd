/**
 * How a published data set lies in files: which files, and how they become two splits.
 *
 * Knows: file names and decoders. May not know: where files come from, the cache.
 */
import { refuseInput } from "../core/respike-error.js";
import type { DecodedSplit } from "./decoded-split.js";

/** The files found, by the layout's names for them. */
export type SourceFiles = ReadonlyMap<string, Uint8Array>;

export interface DecodedDataset {
  readonly train: DecodedSplit;
  readonly test: DecodedSplit;
}

export interface SourceLayout {
  /** For people: `IDX files`. */
  readonly title: string;
  /** File names without folders; each may also lie there as `NAME.gz`. */
  readonly files: readonly string[];
  /** What the archive that these files are published in is called, where they are. */
  readonly archive?: string | undefined;
  /** No file may be larger (unpacked): a hostile archive is not unpacked further. */
  readonly largestFile: number;
  readonly decode: (files: SourceFiles) => DecodedDataset;
}

/** One file of a layout; its absence is a defect of the caller. */
export function takeFile(files: SourceFiles, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new RangeError(`${name} was not read`);
  return bytes;
}

/** Name and bytes of each, in the order of the names. */
export function takeFiles(files: SourceFiles, names: readonly string[]): (readonly [string, Uint8Array])[] {
  return names.map((name) => [name, takeFile(files, name)] as const);
}

/**
 * The layout whose files are all there.
 *
 * @throws RespikeError (exit 3) that names what is missing from the layout that comes closest
 */
export function chooseLayout(
  layouts: readonly SourceLayout[],
  names: ReadonlySet<string>,
  where: string,
): SourceLayout {
  const candidates = layouts.map((layout) => ({
    layout,
    missing: layout.files.filter((file) => !names.has(file)),
  }));
  const whole = candidates.find(({ missing }) => missing.length === 0);
  if (whole !== undefined) return whole.layout;
  const best = [...candidates].sort(
    (a, b) => a.missing.length / a.layout.files.length - b.missing.length / b.layout.files.length,
  )[0];
  const known = layouts.map(({ title, files }) => `${title} (${files.join(", ")})`).join(", or ");
  throw refuseInput({
    code: "missing-files",
    where,
    rule: `holds all of ${known}`,
    value: `lacks ${best?.missing.join(", ") ?? "everything"}`,
    next: "name the folder or archive that holds them with --from, or leave --from out",
  });
}
