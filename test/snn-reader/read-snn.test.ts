/**
 * The Python reader follows docs/snn-format.md alone and must count the same spikes as the reference simulator.
 *
 * Needs python3 with numpy; `RESPIKE_PYTHON` names another interpreter.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { randomNormal } from "#src/core/counter-random.js";
import { decodeSnn } from "#src/formats/snn/decode-snn.js";
import { encodeSnn } from "#src/formats/snn/encode-snn.js";
import { refinementOf } from "#src/graph/refinement.js";
import { referenceBackend } from "#src/simulator/reference/reference-backend.js";
import { makeSmallSnn, type SmallOptions } from "./small-snns.js";

const python = process.env.RESPIKE_PYTHON ?? "python3";
const hasNumpy = spawnSync(python, ["-c", "import numpy"]).status === 0;
const script = fileURLToPath(new URL("../../../test/snn-reader/read_snn.py", import.meta.url));

interface PythonRun {
  readonly layers: Readonly<Record<string, number[]>>;
  readonly gates: Readonly<Record<string, number[]>>;
  readonly output: number[];
  readonly prediction: number;
}

/** Format 1.0 of numpy's .npy: magic, version, header of a multiple of 64 bytes, little-endian data. */
function encodeNpy(shape: readonly number[], data: Float32Array): Uint8Array {
  const open = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = `${open.padEnd(64 * Math.ceil((open.length + 11) / 64) - 11)}\n`;
  const head = Uint8Array.of(
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    header.length & 255,
    header.length >> 8,
  );
  return Buffer.concat([
    head,
    Buffer.from(header),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
}

const cases: readonly (readonly [name: string, options: SmallOptions])[] = [
  ["int16", { number: "int16" }],
  ["int32, delay 5", { number: "int32", delay: 5 }],
  ["float32", { number: "float32" }],
  ["int16, signed bursts of 3", { number: "int16", lo: -3, hi: 3 }],
  ["int16, reset to zero", { number: "int16", reset: "zero" }],
  ["int16, refining, 8 halvings", { number: "int16", lo: -7, hi: 7, refine: refinementOf(7) }],
  [
    "int32, refining, 3 halvings",
    { number: "int32", lo: -3, hi: 3, refine: { quantum: 1 / 4, shift: 1, halvings: 3 } },
  ],
  ["int16, refining by fourths", { number: "int16", lo: -7, hi: 7, refine: refinementOf(7, 2) }],
];
const [n, steps] = [3, 24];

for (const [name, options] of cases) {
  test(`a reader in Python counts the reference's spikes exactly: ${name}`, async (t) => {
    if (!hasNumpy) return t.skip(`${python} with numpy is not here: set RESPIKE_PYTHON`);
    const folder = mkdtempSync(join(tmpdir(), "respike-snn-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const bytes = encodeSnn(makeSmallSnn(options));
    const images = Float32Array.from({ length: n * 72 }, (_, at) => randomNormal(3, at));
    writeFileSync(join(folder, "small.snn.safetensors"), bytes);
    writeFileSync(join(folder, "images.npy"), encodeNpy([n, 2, 6, 6], images));
    const run = spawnSync(
      python,
      [script, join(folder, "small.snn.safetensors"), join(folder, "images.npy"), String(steps)],
      { encoding: "utf8" },
    );
    assert.equal(run.status, 0, run.stderr);
    const found = JSON.parse(run.stdout) as PythonRun[];
    const simulator = await referenceBackend.prepare(decodeSnn(bytes));
    const delay = options.delay ?? 0;
    const readout = options.refine === undefined ? "mean" : "final";
    const wanted = simulator.run({ images, n, steps, snapshots: [steps], readout, delay });
    let spikes = 0;
    for (let image = 0; image < n; image++) {
      for (const [part, key] of [
        [wanted.layers, "layers"],
        [wanted.gates, "gates"],
      ] as const) {
        for (const { name: layer, shape, counts } of part) {
          const size = shape[0] * shape[1] * shape[2];
          const own = [...counts.subarray(image * size, (image + 1) * size)];
          assert.deepEqual(found[image]?.[key][layer], own, `${layer} of image ${image}`);
          spikes += own.reduce((sum, count) => sum + count, 0);
        }
      }
      const outputs = [...wanted.outputs.subarray(image * 5, image * 5 + 5)];
      for (const [k, value] of outputs.entries()) {
        assert.ok(
          Math.abs(value - (found[image]?.output[k] ?? Number.NaN)) < 1e-9,
          `output ${k} of image ${image}`,
        );
      }
      assert.equal(found[image]?.prediction, outputs.indexOf(Math.max(...outputs)));
    }
    assert.ok(spikes > 500, `${spikes} spikes say something`);
    simulator.free();
  });
}
