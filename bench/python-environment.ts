/**
 * A Python environment of our own for a peer, in the cache folder, made once for each requirements file.
 *
 * Knows: venv and pip. May not know: what is installed, why.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hashText } from "#src/core/sha256.js";
import { resolveCacheFolder } from "#src/node/cache-folder.js";

export interface PythonEnvironment {
  readonly python: string;
  /** A folder that programs may keep their own caches in. */
  readonly folder: string;
}

/** The environment, or why there is none: no Python, no network, no such package for this platform. */
export function makePythonEnvironment(name: string, requirements: string): PythonEnvironment | string {
  const pinned = readFileSync(requirements, "utf8");
  const folder = join(resolveCacheFolder(), "python", `${name}-${hashText(pinned).slice(0, 12)}`);
  const windows = process.platform === "win32";
  const python = join(folder, windows ? "Scripts/python.exe" : "bin/python");
  const stamp = join(folder, ".complete");
  if (existsSync(stamp)) return { python, folder };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  console.error(`making a Python environment for ${name} (a long download the first time) …`);
  const made = run(windows ? "python" : "python3", ["-m", "venv", folder]);
  const problem = made ?? run(python, ["-m", "pip", "install", "--quiet", "-r", requirements]);
  if (problem !== null) {
    rmSync(folder, { recursive: true, force: true });
    return problem;
  }
  writeFileSync(stamp, "");
  return { python, folder };
}

/** The last lines of what went wrong, or null. */
function run(program: string, words: readonly string[]): string | null {
  const { status, error, stderr } = spawnSync(program, words, { encoding: "utf8" });
  if (error !== undefined) return `${program}: ${error.message}`;
  if (status === 0) return null;
  return `${program} ${words.slice(0, 3).join(" ")} …: ${stderr.trim().split("\n").slice(-4).join(" / ")}`;
}
