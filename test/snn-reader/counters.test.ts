/**
 * scripts/counters decide and count as `evaluate` does, to the last spike.
 *
 * The kernel for graphics processors runs in Triton's interpreter, on a processor; the one for AMX tiles where the processor has them.
 * Needs python3 with PyTorch, and Triton or a C compiler; `RESPIKE_PYTHON` names another interpreter.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { encodeNpy } from "#src/datasets/npy.js";
import type { Graph } from "#src/graph/graph.js";
import type { Snn } from "#src/graph/snn.js";
import { evaluate } from "#src/library/evaluate.js";
import { saveSnn } from "#src/library/snn-files.js";
import { type Counted, readCounted } from "../../scripts/read-counted.js";
import { convertTiny } from "../conversion/convert-tiny.js";
import { noise, tinyResNet, upTo } from "../conversion/tiny-networks.js";

const python = process.env.RESPIKE_PYTHON ?? "python3";
const has = (...command: readonly [string, ...string[]]) =>
  spawnSync(command[0], command.slice(1)).status === 0;
const hasTiles = existsSync("/proc/cpuinfo") && readFileSync("/proc/cpuinfo", "utf8").includes("amx_int8");
const n = 5;

interface Counter {
  readonly script: string;
  readonly words: readonly string[];
  /** Why it cannot run here. */
  readonly missing: string | undefined;
}

const onGpu: Counter = {
  script: "count_on_gpu.py",
  words: ["--device", "cpu", "--spikes-at-once", "40000"],
  missing: has(python, "-c", "import torch, triton")
    ? undefined
    : `${python} with PyTorch and Triton is not here: set RESPIKE_PYTHON`,
};
const onTiles: Counter = {
  script: "count_on_amx.py",
  words: ["--threads", "2"],
  missing: !hasTiles
    ? "this processor has no AMX tiles"
    : has(python, "-c", "import torch") && has(process.env.CC ?? "cc", "--version")
      ? undefined
      : `${python} with PyTorch and a C compiler are not here: set RESPIKE_PYTHON, CC`,
};
const both = [onGpu, onTiles];

const cases = [
  [
    both,
    "option A, binary, the first three steps not read",
    ["A", 16],
    { preset: "binary", adjust: "bias+potential", T: 9, delay: 3 },
    [2, 5, 9],
  ],
  [
    both,
    "projections, signed, V(0) of each neuron",
    ["B", 16],
    { preset: "signed", adjust: "bias+potential", adjustScope: "neuron", T: 9 },
    [1, 9],
  ],
  [
    [onTiles],
    "32 and 64 channels, option A, signed, an odd number of steps of the second block",
    ["A", 32],
    { preset: "signed", adjust: "bias+potential", T: 39 },
    [7, 39],
  ],
  [
    both,
    "32 and 64 channels, projections, binary",
    ["B", 32],
    { preset: "binary", adjust: "bias+potential", T: 12 },
    [12],
  ],
  [
    [onGpu],
    "option A, refining, int32",
    ["A", 16],
    { preset: "refine", adjust: "bias", number: "int32", T: 11 },
    [1, 4, 11],
  ],
  [
    [onGpu],
    "projections, refining by fourths",
    ["B", 16],
    { preset: "refine", adjust: "bias", shrink: 2, T: 6 },
    [2, 6],
  ],
] as const;

for (const [counters, name, [shortcut, narrow], options, at] of cases) {
  for (const counter of counters) testCounts(counter, name, tinyResNet(shortcut, 6, narrow, 7), options, at);
}

function testCounts(
  counter: Counter,
  name: string,
  graph: Graph,
  options: (typeof cases)[number][3],
  at: readonly number[],
): void {
  test(`${counter.script} counts what evaluate counts, exactly: ${name}`, async (t) => {
    if (counter.missing !== undefined) return t.skip(counter.missing);
    const folder = makeFolder(t);
    const { snn } = await convertTiny(graph, options);
    const pixels = noise.read(upTo(n, 40)) as Uint8Array;
    const labels = Uint8Array.from({ length: n }, (_, image) => image);
    writeFileSync(join(folder, "test-images.u8"), pixels);
    writeFileSync(join(folder, "test-labels.u8"), labels);
    writeFileSync(join(folder, "i.npy"), encodeNpy([n, 3, 8, 8], pixels));
    writeFileSync(join(folder, "l.npy"), encodeNpy([n], labels));

    const { status, stderr, path, found } = count(counter, await save(snn, folder), at);
    assert.equal(status, 0, stderr);
    const { n: images, at: counted } = readCounted(found, readFileSync(path), at) as Counted;
    const out = join(folder, "own");
    const data = `${join(folder, "i.npy")},${join(folder, "l.npy")}`;
    const T = at[at.length - 1];
    const { result } = await evaluate(snn, { data, T, at, noAnn: true, threads: 1, out });

    assert.ok((result.snn.at.at(-1)?.spikes ?? 0) > 500, "spikes that say something");
    assert.deepEqual([images, counted.length, typeof counted[0]?.top5], [n, at.length, "number"]);
    for (const [k, own] of result.snn.at.entries())
      assert.deepEqual({ ...own, ...counted[k] }, own, `t = ${own.t}`);
    const withoutNetwork = (line: readonly string[]) => line.filter((_, column) => column !== 2);
    const decisions = readCsv(join(found, "predictions.csv"));
    assert.deepEqual(decisions, readCsv(join(out, "predictions.csv")).map(withoutNetwork));
    assert.throws(() => readCounted(found, new Uint8Array(1), at), /of another SNN: count it again/);
    assert.throws(() => readCounted(found, readFileSync(path), [1]), /wanted 1/);
  });
}

const refused = [
  [both, "four channels", tinyResNet("A"), { T: 4 }, [4], /conv1: channels 4 is beyond/],
  [
    both,
    "bursts",
    tinyResNet("A", 6, 16),
    { T: 4, spikes: "burst:3" },
    [4],
    /conv1: alphabet \(0, 3\) is beyond/,
  ],
  [
    both,
    "float32",
    tinyResNet("A", 6, 16),
    { T: 4, number: "float32" },
    [4],
    /conv1: number 'float32' is beyond/,
  ],
  [both, "counts", tinyResNet("A", 6, 16), { T: 4, readout: "count", output: "neuron" }, [4], /is beyond/],
  [both, "too many steps", tinyResNet("A", 6, 16), { T: 4 }, [4001], /times \[4001\] is beyond/],
  [
    [onTiles],
    "refining",
    tinyResNet("A", 6, 16),
    { T: 4, preset: "refine", adjust: "bias" },
    [4],
    /options: refine .* is beyond/,
  ],
] as const;

for (const [counters, name, graph, options, at, says] of refused) {
  for (const counter of counters)
    test(`${counter.script} refuses by name what is beyond it: ${name}`, async (t) => {
      if (counter.missing !== undefined) return t.skip(counter.missing);
      const folder = makeFolder(t);
      const { snn } = await convertTiny(graph, options);
      writeFileSync(join(folder, "test-images.u8"), noise.read(upTo(1)) as Uint8Array);
      writeFileSync(join(folder, "test-labels.u8"), new Uint8Array(1));
      const { status, stderr } = count(counter, await save(snn, folder), at);
      assert.equal(status, 1);
      assert.match(stderr, says);
    });
}

function makeFolder(t: { after(done: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "respike-counter-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const readCsv = (path: string) =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));

async function save(snn: Snn, folder: string): Promise<string> {
  const path = join(folder, "small.snn.safetensors");
  await saveSnn(snn, path);
  return path;
}

/** Counts the images beside the network. */
function count({ script, words }: Counter, path: string, at: readonly number[]) {
  const data = dirname(path);
  const file = fileURLToPath(new URL(`../../../scripts/counters/${script}`, import.meta.url));
  const { status, stderr } = spawnSync(
    python,
    [file, "--data", data, "--out", join(data, "counted"), ...words, `${path}@${at.join()}`],
    { encoding: "utf8", env: { ...process.env, TRITON_INTERPRET: "1" } },
  );
  return { status, stderr, path, found: join(data, "counted", "small") };
}
