/**
 * scripts/gpu/count_on_gpu.py decides and counts as `evaluate` does, to the last spike.
 *
 * Runs its kernel in Triton's interpreter, on a processor. Needs python3 with PyTorch and Triton; `RESPIKE_PYTHON` names another
 * interpreter.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { encodeNpy } from "#src/datasets/npy.js";
import type { Snn } from "#src/graph/snn.js";
import { evaluate } from "#src/library/evaluate.js";
import { saveSnn } from "#src/library/snn-files.js";
import { type Counted, readCounted } from "../../scripts/read-counted.js";
import { convertTiny } from "../conversion/convert-tiny.js";
import { noise, tinyResNet, upTo } from "../conversion/tiny-networks.js";

const python = process.env.RESPIKE_PYTHON ?? "python3";
const hasTriton = spawnSync(python, ["-c", "import torch, triton"]).status === 0;
const isMissing = `${python} with PyTorch and Triton is not here: set RESPIKE_PYTHON`;
const script = fileURLToPath(new URL("../../../scripts/gpu/count_on_gpu.py", import.meta.url));
const n = 5;

const cases = [
  [
    "option A, binary, the first three steps not read",
    "A",
    { preset: "binary", adjust: "bias+potential", T: 9, delay: 3 },
    [2, 5, 9],
  ],
  [
    "projections, signed, V(0) of each neuron",
    "B",
    { preset: "signed", adjust: "bias+potential", adjustScope: "neuron", T: 9 },
    [1, 9],
  ],
  [
    "option A, refining, int32",
    "A",
    { preset: "refine", adjust: "bias", number: "int32", T: 11 },
    [1, 4, 11],
  ],
  ["projections, refining by fourths", "B", { preset: "refine", adjust: "bias", shrink: 2, T: 6 }, [2, 6]],
] as const;

for (const [name, shortcut, options, at] of cases) {
  test(`a kernel for graphics processors counts what evaluate counts, exactly: ${name}`, async (t) => {
    if (!hasTriton) return t.skip(isMissing);
    const folder = makeFolder(t);
    const { snn } = await convertTiny(tinyResNet(shortcut, 6, 16, 7), options);
    const pixels = noise.read(upTo(n, 40)) as Uint8Array;
    const labels = Uint8Array.from({ length: n }, (_, image) => image);
    writeFileSync(join(folder, "test-images.u8"), pixels);
    writeFileSync(join(folder, "test-labels.u8"), labels);
    writeFileSync(join(folder, "i.npy"), encodeNpy([n, 3, 8, 8], pixels));
    writeFileSync(join(folder, "l.npy"), encodeNpy([n], labels));

    const { status, stderr, path, found } = await countOnGpu(snn, folder, at);
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
  ["four channels", tinyResNet("A"), { T: 4 }, [4], /conv1: channels 4 is beyond/],
  ["bursts", tinyResNet("A", 6, 16), { T: 4, spikes: "burst:3" }, [4], /conv1: alphabet \(0, 3\) is beyond/],
  ["float32", tinyResNet("A", 6, 16), { T: 4, number: "float32" }, [4], /conv1: number 'float32' is beyond/],
  ["counts", tinyResNet("A", 6, 16), { T: 4, readout: "count", output: "neuron" }, [4], /is beyond/],
  ["too many steps", tinyResNet("A", 6, 16), { T: 4 }, [4001], /times \[4001\] is beyond/],
] as const;

for (const [name, graph, options, at, says] of refused) {
  test(`a kernel for graphics processors refuses by name what is beyond it: ${name}`, async (t) => {
    if (!hasTriton) return t.skip(isMissing);
    const folder = makeFolder(t);
    const { snn } = await convertTiny(graph, options);
    writeFileSync(join(folder, "test-images.u8"), noise.read(upTo(1)) as Uint8Array);
    writeFileSync(join(folder, "test-labels.u8"), new Uint8Array(1));
    const { status, stderr } = await countOnGpu(snn, folder, at);
    assert.equal(status, 1);
    assert.match(stderr, says);
  });
}

function makeFolder(t: { after(done: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "respike-gpu-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const readCsv = (path: string) =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));

async function countOnGpu(snn: Snn, data: string, at: readonly number[]) {
  const path = join(data, "small.snn.safetensors");
  await saveSnn(snn, path);
  const words = ["--data", data, "--out", join(data, "gpu"), "--device", "cpu", "--spikes-at-once", "40000"];
  const env = { ...process.env, TRITON_INTERPRET: "1" };
  const { status, stderr } = spawnSync(python, [script, ...words, `${path}@${at.join()}`], {
    encoding: "utf8",
    env,
  });
  return { status, stderr, path, found: join(data, "gpu", "small") };
}
