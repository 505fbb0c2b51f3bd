/**
 * Installs and builds what is missing or out of date; does nothing otherwise.
 * Plain JavaScript on Node's own modules, since it runs before anything is installed.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { matchesLock } from "./match-lock.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** Runs a program in the repository and ends this one where it fails. */
export function runOrExit(program, args, options = {}) {
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: "inherit", ...options });
  if (error) console.error(`${program}: ${error.message}`);
  if (status !== 0) process.exit(status ?? (signal === "SIGINT" ? 130 : 143));
}

function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? listFiles(join(folder, entry.name)) : [join(folder, entry.name)],
    );
}

function hashFiles(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file.slice(root.length)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

/** Runs `work` unless `stamp` already holds the hash of `files`. */
function whenStale(stamp, files, outputs, work) {
  const hash = hashFiles(files);
  const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === hash && outputs.every(existsSync);
  if (fresh) return;
  work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

/** Whether `npm ci`, called by hand, has installed what the lock file asks for. */
function isInstalled() {
  const read = (name) => JSON.parse(readFileSync(join(root, name), "utf8"));
  try {
    const installed = read("node_modules/.package-lock.json");
    const isWhole = Object.keys(installed.packages).every((path) => existsSync(join(root, path)));
    return isWhole && matchesLock(read("package.json"), read("package-lock.json"), installed);
  } catch {
    return false;
  }
}

/** `npm ci` where node_modules does not match the lock file. */
export function install() {
  const lock = join(root, "package-lock.json");
  whenStale(join(root, "node_modules/.respike-installed"), [lock, join(root, "package.json")], [], () => {
    if (isInstalled()) return;
    console.error("installing dependencies (npm ci) …");
    runOrExit(npm, ["ci", "--no-audit", "--no-fund"], { shell: process.platform === "win32" });
  });
}

/** Writes what `assembly/<name>` generates and compiles it with its asconfig.json to `dist/kernels/<name>.wasm`. */
function buildKernels() {
  const assembly = join(root, "assembly");
  const names = existsSync(assembly)
    ? readdirSync(assembly).filter((name) => existsSync(join(assembly, name, "asconfig.json")))
    : [];
  for (const name of names) {
    const folder = join(assembly, name);
    const output = join(root, "dist/kernels", `${name}.wasm`);
    const written = join(folder, "generated");
    const sources = listFiles(folder).filter((file) => dirname(file) !== written);
    whenStale(join(root, "dist/kernels", `.${name}.stamp`), sources, [output], () => {
      console.error(`compiling assembly/${name} …`);
      mkdirSync(dirname(output), { recursive: true });
      const generator = join(folder, "generators/write-kernels.mjs");
      if (existsSync(generator)) runOrExit(process.execPath, [generator]);
      const entry = join(folder, "index.ts");
      const config = join(folder, "asconfig.json");
      runOrExit(process.execPath, [
        join(root, "node_modules/assemblyscript/bin/asc.js"),
        entry,
        "--config",
        config,
        "--outFile",
        output,
      ]);
    });
  }
}

/** Deletes what was compiled from sources that are gone, so that no old test runs. */
function pruneOutputs(folder, sources) {
  for (const file of listFiles(folder).filter((name) => /\.(js|d\.ts)$/.test(name))) {
    const source = join(sources, file.slice(folder.length).replace(/\.(js|d\.ts)$/, ".ts"));
    if (!existsSync(source)) rmSync(file);
  }
}

/** Type-checks and compiles the package, its tests, benches and scripts. */
function buildTypeScript() {
  const sources = ["src", "test", "bench", "scripts"].flatMap((folder) => listFiles(join(root, folder)));
  const inputs = [
    ...sources.filter((file) => file.endsWith(".ts")),
    join(root, "tsconfig.json"),
    join(root, "tsconfig.dev.json"),
  ];
  whenStale(
    join(root, "dist/.typescript.stamp"),
    inputs,
    [join(root, "dist/index.js"), join(root, "dist-dev/test")],
    () => {
      console.error("compiling TypeScript …");
      const tsc = join(root, "node_modules/typescript/bin/tsc");
      runOrExit(process.execPath, [tsc, "-b", "tsconfig.dev.json"]);
      pruneOutputs(join(root, "dist"), join(root, "src"));
      pruneOutputs(join(root, "dist-dev"), root);
    },
  );
}

export function build() {
  buildKernels();
  buildTypeScript();
}

/** Compiled test files below the named folders of the build. */
export function listTests(...folders) {
  return folders
    .flatMap((folder) => listFiles(join(root, folder)))
    .filter((file) => file.endsWith(".test.js") && statSync(file).isFile());
}
