/** Calls the built command line as a user would, and makes small inputs for it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeNpy } from "#src/datasets/npy.js";

/** The repository; compiled tests lie in dist-dev/test/cli. */
export const root = resolve(fileURLToPath(new URL(".", import.meta.url)), "../../..");
export const model = join(root, "networks", "mnist-resnet8.safetensors");
const main = join(root, "dist", "cli", "main.js");

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Envelope {
  readonly schema: string;
  readonly ok: boolean;
  readonly version: string;
  readonly command: readonly string[];
  readonly warnings: readonly { code: string; where: string; message: string }[];
  readonly result: Readonly<Record<string, unknown>>;
  readonly timing: Readonly<Record<string, number>>;
  readonly errors: readonly { code: string; where: string; rule: string; value: string; next: string }[];
}

/** A folder of its own with 40 random digits-like images and their labels, and an own cache of statistics. */
export function makeWorkplace(): string {
  const folder = mkdtempSync(join(tmpdir(), "respike-cli-"));
  const n = 40;
  const pixels = new Uint8Array(n * 784);
  let state = 1;
  for (let i = 0; i < pixels.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pixels[i] = state >>> 24;
  }
  writeFileSync(join(folder, "i.npy"), encodeNpy([n, 1, 28, 28], pixels));
  writeFileSync(join(folder, "one.npy"), encodeNpy([1, 28, 28], pixels.slice(0, 784)));
  writeFileSync(
    join(folder, "l.npy"),
    encodeNpy(
      [n],
      Uint8Array.from({ length: n }, (_, at) => at % 10),
    ),
  );
  return folder;
}

/** @param program the command line of another checkout or package */
export function start(
  cwd: string,
  words: readonly string[],
  program: string = main,
): { child: ChildProcess; done: Promise<Finished> } {
  const env = { ...process.env, RESPIKE_CACHE: process.env.RESPIKE_CACHE ?? join(cwd, "cache") };
  const child = spawn(process.execPath, [program, ...words], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    err += chunk;
  });
  const done = new Promise<Finished>((finish) => {
    child.on("close", (code, signal) => finish({ code, signal, out, err }));
  });
  return { child, done };
}

export function call(cwd: string, ...words: string[]): Promise<Finished> {
  return start(cwd, words).done;
}

/** With `--json`; stdout must be one document. */
export async function callJson(
  cwd: string,
  ...words: string[]
): Promise<{ code: number | null; err: string; doc: Envelope }> {
  const { code, out, err } = await call(cwd, ...words, "--json");
  return { code, err, doc: JSON.parse(out) as Envelope };
}
