/**
 * scripts/counters decide and count as `evaluate` does, to the last spike.
 *
 * The kernel for graphics processors runs in Triton's interpreter, on a processor; the one for AMX tiles where the processor has them.
 * Needs python3 with PyTorch, and Triton or a C compiler; `RESPIKE_PYTHON` names another interpreter. Triton 3.6 interprets loops with
 * numpy below 2.4 alone.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { randomWord } from "#src/core/counter-random.js";
import { makeTensor, type Tensor } from "#src/core/tensor.js";
import { encodeNpy } from "#src/datasets/npy.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode } from "#src/graph/node-types.js";
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
  words: ["--threads", "3"],
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
    "option A, binary, the first three steps not read where there are more",
    ["A", 16],
    { preset: "binary", adjust: "bias+potential", T: 9, delay: 3 },
    [2, 3, 9],
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
    "32 and 64 channels, option A, signed, blocks of 7, 32 and 7 steps",
    ["A", 32],
    { preset: "signed", adjust: "bias+potential", T: 46 },
    [7, 46],
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
  for (const counter of counters)
    test(`${counter.script} counts what evaluate counts, exactly: ${name}`, async (t) => {
      if (counter.missing !== undefined) return t.skip(counter.missing);
      const { snn } = await convertTiny(tinyResNet(shortcut, 6, narrow, 7), options);
      await checkCounts(counter, makeFolder(t), snn, [8, 8], at);
    });
}

for (const counter of both) {
  test(`${counter.script} counts what evaluate counts, exactly: images of 12 rows and 20 columns`, async (t) => {
    if (counter.missing !== undefined) return t.skip(counter.missing);
    const options = { preset: "binary", adjust: "bias+potential", T: 4 } as const;
    const { snn } = await convertTiny(tinyResNet("A", 6, 16, 7), options);
    await checkCounts(counter, makeFolder(t), enlarge(snn, [12, 20]), [12, 20], [1, 4]);
  });

  test(`${counter.script} goes on behind the images that it knows, of the same count alone`, async (t) => {
    if (counter.missing !== undefined) return t.skip(counter.missing);
    const folder = makeFolder(t);
    const { snn } = await convertTiny(tinyResNet("A", 6, 16, 7), { preset: "signed", adjust: "bias", T: 3 });
    writeImages(folder, [8, 8]);
    const path = await save(snn, folder);
    const whole = count(counter, path, [3]);
    assert.equal(whole.status, 0, whole.stderr);
    const decisions = readCsv(join(whole.found, "predictions.csv"));
    const { of, at } = JSON.parse(readFileSync(join(whole.found, "counts.json"), "utf8"));
    const known = { spikes: 5e6, structural: 0, effective: 0, events: 0, event_operations: 0 };
    const progress = join(whole.found, "progress.json");
    const leave = (what: object) => {
      const done = { predictions: [[90], [91]], rightInFive: [0], sums: [known] };
      rmSync(join(whole.found, "counts.json"));
      writeFileSync(progress, JSON.stringify({ of: { ...of, ...what }, done }));
    };

    leave({});
    assert.equal(count(counter, path, [3]).status, 0);
    const pieced = readCsv(join(whole.found, "predictions.csv"));
    assert.deepEqual(
      pieced.slice(1, 3).map((line) => line[2]),
      ["90", "91"],
    );
    assert.deepEqual(pieced.slice(3), decisions.slice(3));
    const { spikes } = JSON.parse(readFileSync(join(whole.found, "counts.json"), "utf8")).at[0];
    assert.ok(
      spikes > 5e6 / n && spikes < 5e6 / n + at[0].spikes,
      `${spikes} spikes of known and new images`,
    );
    assert.ok(!existsSync(progress));

    leave({ n: 4 });
    assert.equal(count(counter, path, [3]).status, 0);
    assert.deepEqual(readCsv(join(whole.found, "predictions.csv")), decisions);
    assert.deepEqual(JSON.parse(readFileSync(join(whole.found, "counts.json"), "utf8")).at, at);
  });
}

type Side = readonly [height: number, width: number];

/** The same network for larger images; its output hears the first 4 × 4 pixels of the last layer, as before. */
function enlarge(snn: Snn, [height, width]: Side): Snn {
  const nodes = snn.graph.nodes.map((node): GraphNode => {
    if (node.op === "input")
      return { ...node, attributes: { ...node.attributes, shape: [3, height, width] } };
    if (node.op === "slice") {
      const stop = [node.attributes.stop[0], height, width] as const;
      return { ...node, attributes: { ...node.attributes, stop } };
    }
    if (node.op !== "linear") return node;
    const { dtype, shape, data } = node.tensors.weight as Tensor<"int16" | "int32">;
    const [classes, small] = shape as [number, number];
    const area = (height / 2) * (width / 2);
    const values = new Int32Array(((classes * small) / 16) * area);
    data.forEach((value, at) => {
      const [channel, y, x] = [Math.floor(at / 16), Math.floor((at % 16) / 4), at % 4];
      values[channel * area + (y * width) / 2 + x] = value;
    });
    const weight = makeTensor(
      dtype,
      [classes, (small / 16) * area],
      dtype === "int16" ? Int16Array.from(values) : values,
    );
    const tensors = { ...node.tensors, weight };
    return { ...node, tensors };
  });
  return { ...snn, graph: new Graph(nodes) };
}

/** Random images [n,3,height,width], each of another class, as both count them. */
function writeImages(folder: string, [height, width]: Side): void {
  const pixels = Uint8Array.from({ length: n * 3 * height * width }, (_, at) => randomWord(9, n, at) & 255);
  const labels = Uint8Array.from({ length: n }, (_, image) => image);
  writeFileSync(join(folder, "test-images.u8"), pixels);
  writeFileSync(join(folder, "test-labels.u8"), labels);
  writeFileSync(join(folder, "i.npy"), encodeNpy([n, 3, height, width], pixels));
  writeFileSync(join(folder, "l.npy"), encodeNpy([n], labels));
}

async function checkCounts(
  counter: Counter,
  folder: string,
  snn: Snn,
  side: Side,
  at: readonly number[],
): Promise<void> {
  writeImages(folder, side);
  const { status, stderr, path, found } = count(counter, await save(snn, folder), at);
  assert.equal(status, 0, stderr);
  const { n: images, at: counted } = readCounted(found, readFileSync(path), at) as Counted;
  const out = join(folder, "own");
  const data = `${join(folder, "i.npy")},${join(folder, "l.npy")}`;
  const T = at[at.length - 1] as number;
  const { result } = await evaluate(snn, { data, T, at, noAnn: true, threads: 1, out });

  assert.ok((result.snn.at.at(-1)?.spikes ?? 0) > 500, "spikes that say something");
  assert.deepEqual([images, counted.length, typeof counted[0]?.top5], [n, at.length, "number"]);
  for (const [k, own] of result.snn.at.entries())
    assert.deepEqual({ ...own, ...counted[k] }, own, `t = ${own.t}`);
  const withoutNetwork = (line: readonly string[]) => line.filter((_, column) => column !== 2);
  const decisions = readCsv(join(found, "predictions.csv"));
  assert.deepEqual(decisions, readCsv(join(out, "predictions.csv")).map(withoutNetwork));
  assert.throws(() => readCounted(found, new Uint8Array(1), at), /of another SNN: count it again/);
  assert.throws(() => readCounted(found, readFileSync(path), [1000]), /wanted 1000/);
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
