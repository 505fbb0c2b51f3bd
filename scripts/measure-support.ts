/**
 * What the measuring scripts share: where models lie, which networks there are, tables, files.
 *
 * Knows: the folder of trained networks (RESPIKE_SHARED, else ../shared beside the repository), their
 * preprocessing and published accuracy. May not know: what is measured.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWholeFile } from "#src/node/write-whole-file.js";

/** Folder of trained networks and data that tests and measurements use. */
export const sharedFolder = process.env.RESPIKE_SHARED ?? "../shared";

/** A trained network whose accuracy its authors (or whoever shared it) stated. */
export interface PublishedNetwork {
  readonly file: string;
  readonly data: "cifar10" | "cifar100";
  readonly preprocess: string;
  /** Percent of the 10,000 test images. */
  readonly accuracy: number;
  /** Number of weighted layers on the longest way: what an image costs, about. */
  readonly depth: number;
}

const network = (
  file: string,
  preprocess: string,
  accuracy: number,
  depth: number,
  data: PublishedNetwork["data"] = "cifar10",
): PublishedNetwork => ({ file, data, preprocess, accuracy, depth });

export const publishedNetworks: readonly PublishedNetwork[] = [
  network("cifar10-resnet20.th", "imagenet", 91.73, 20),
  network("cifar10-plainnet20.pth", "cifar10", 90.16, 20),
  network("cifar10-avgresnet20.pth", "cifar10", 92.1, 20),
  network("cifar100-resnet32.safetensors", "cifar100", 69.53, 32, "cifar100"),
  network("cifar10-resnet32.th", "imagenet", 92.63, 32),
  network("cifar10-resnet44.th", "imagenet", 93.1, 44),
  network("cifar10-resnet56.th", "imagenet", 93.39, 56),
  network("cifar10-plainnet56.pth", "cifar10", 86.0, 56),
  network("cifar10-avgresnet56.pth", "cifar10", 93.45, 56),
  network("cifar10-resnet110.safetensors", "imagenet", 93.68, 110),
];

export function modelPath(file: string): string {
  return join(sharedFolder, "models", file);
}

/** A Markdown table; the first column is text, the others are numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? "---" : "--:"))), ...rows.map(line)].join(
    "\n",
  );
}

/** Points with a proper minus. */
export function signed(value: number, digits = 2): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** What an earlier call wrote, or undefined: long measurements go on where they stopped. */
export function readEarlier<T>(path: string): T | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as T) : undefined;
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWholeFile(path, `${JSON.stringify(value, null, 1)}\n`, { force: true });
}

/** First `n` of a set, as indices. */
export function firstIndices(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, index) => index);
}
