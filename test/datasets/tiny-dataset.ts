/** A data set of a few generated images in CIFAR's binary layout, its archive, and a web server for it. */
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { create } from "tar";
import { hashSplit } from "#src/datasets/decoded-split.js";
import type { DefaultSource, KnownDataset } from "#src/datasets/known-datasets.js";
import { parseCifarBinary } from "#src/datasets/parse-cifar-binary.js";
import type { SourceLayout } from "#src/datasets/source-layout.js";

const record = (label: number, seed: number) =>
  Uint8Array.of(label, ...Array.from({ length: 3072 }, (_, at) => (at * at + seed * 31 + (at >> 3)) % 256));

/** File name → bytes: four training images, two test images. */
export const tinyFiles: Readonly<Record<string, Uint8Array>> = {
  "train.bin": Uint8Array.from([0, 1, 2, 1].flatMap((label, at) => [...record(label, at)])),
  "test.bin": Uint8Array.from([2, 0].flatMap((label, at) => [...record(label, 10 + at)])),
};

const split = (name: string) => parseCifarBinary([[name, tinyFiles[name] as Uint8Array]], 1);

const tinyLayout: SourceLayout = {
  title: "tiny files",
  files: ["train.bin", "test.bin"],
  archive: "tiny.tgz",
  largestFile: 1e6,
  decode: (files) => ({
    train: parseCifarBinary([["train.bin", files.get("train.bin") as Uint8Array]], 1),
    test: parseCifarBinary([["test.bin", files.get("test.bin") as Uint8Array]], 1),
  }),
};

const known = (name: string) => {
  const { pixels, labels } = split(name);
  return { n: labels.length, setSha256: hashSplit(pixels, labels, labels.length).setSha256 };
};

export function tinyDataset(
  source: DefaultSource = { kind: "url", url: "http://127.0.0.1:1/none" },
): KnownDataset {
  return {
    name: "tiny",
    shape: [3, 32, 32],
    classNames: ["a", "b", "c"],
    splits: { train: known("train.bin"), test: known("test.bin") },
    source,
    sourceBytes: 20_000,
    layouts: [tinyLayout],
  };
}

/** A folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "respike-datasets-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The tiny files in a new folder `source` below `parent`. */
export async function writeTinyFolder(parent: string): Promise<string> {
  const folder = join(parent, "source");
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(tinyFiles)) await writeFile(join(folder, name), bytes);
  return folder;
}

/** The tiny files as `.tgz` below the folder that npm packs in, with `more` files beside them. */
export async function packTiny(
  parent: string,
  more: Readonly<Record<string, Uint8Array>> = {},
): Promise<Uint8Array> {
  const folder = join(parent, "pack", "package");
  await mkdir(folder, { recursive: true });
  const files = { ...tinyFiles, ...more };
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "tiny-data", version: "1.0.0" }));
  const path = join(parent, "tiny.tgz");
  await create({ gzip: true, file: path, cwd: join(parent, "pack") }, ["package"]);
  return new Uint8Array(await readFile(path));
}

/** A web server on this machine; closed after the test. @returns its address */
export async function serve(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** npm's settings of one test: these lines and a cache of its own, none of the machine's proxies. */
export async function useNpmrc(t: TestContext, lines: readonly string[]): Promise<void> {
  const folder = temporaryFolder(t);
  const all = [`cache=${join(folder, "npm-cache")}`, "fetch-retries=0", ...lines];
  await writeFile(join(folder, ".npmrc"), `${all.join("\n")}\n`);
  const set: Record<string, string | undefined> = { npm_config_userconfig: join(folder, ".npmrc") };
  for (const name of Object.keys(process.env)) {
    if (/^npm_config_/i.test(name) || /^(https?|no|all)_proxy$/i.test(name)) set[name] ??= undefined;
  }
  const before = Object.fromEntries(Object.keys(set).map((name) => [name, process.env[name]]));
  const apply = (values: Readonly<Record<string, string | undefined>>) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  apply(set);
  t.after(() => apply(before));
}
