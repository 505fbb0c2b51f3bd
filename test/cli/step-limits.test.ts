/** T above what a layer's number format allows is refused with exit 2 by every verb that takes T, before any work. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { encodeNpy } from "#src/datasets/npy.js";
import type { Snn } from "#src/graph/snn.js";
import { stepLimits } from "#src/graph/step-limits.js";
import { evaluate } from "#src/library/evaluate.js";
import { run } from "#src/library/run.js";
import { convertTiny } from "../conversion/convert-tiny.js";
import { noise, tinyResNet, upTo } from "../conversion/tiny-networks.js";

const limits = [
  ["int16", stepLimits.int16],
  ["int32", stepLimits.int32],
  ["float32", stepLimits.float32],
] as const;

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "respike-limits-"));
  const n = 20;
  await writeFile(join(folder, "i.npy"), encodeNpy([n, 3, 8, 8], noise.read(upTo(n)) as Uint8Array));
  await writeFile(join(folder, "l.npy"), encodeNpy([n], new Uint8Array(n)));
  await writeFile(join(folder, "one.npy"), encodeNpy([3, 8, 8], noise.read(upTo(1)) as Uint8Array));
});
after(() => rm(folder, { recursive: true, force: true }));

const says = (T: number, limit: number) => (error: { exitCode?: number; message?: string }) =>
  error.exitCode === 2 && `${error.message}`.includes(`${T}`) && `${error.message}`.includes(`${limit}`);

for (const [number, limit] of limits) {
  const T = limit + 1;
  test(`${number}: convert refuses T = ${T}, and takes T = ${limit}`, async () => {
    await assert.rejects(convertTiny(tinyResNet("A"), { number, T }), says(T, limit));
    const { snn } = await convertTiny(tinyResNet("A"), { number, T: limit });
    assert.equal(snn.options.T, limit);
  });

  test(`${number}: run and evaluate, with early exit too, refuse T = ${T}`, async () => {
    const { snn } = await convertTiny(tinyResNet("A"), { number, T: 8 });
    const data = `${join(folder, "i.npy")},${join(folder, "l.npy")}`;
    for (const backend of ["wasm", "reference"] as const) {
      await assert.rejects(run(snn, join(folder, "one.npy"), { T, backend }), says(T, limit));
      await assert.rejects(evaluate(snn, { data, T, backend, threads: 1 }), says(T, limit));
      await assert.rejects(evaluate(snn, { data, T, backend, threads: 1, earlyExit: 0.9 }), says(T, limit));
    }
    const made: Snn = { ...snn, options: { ...snn.options, T } };
    await assert.rejects(evaluate(made, { data, threads: 1 }), says(T, limit), "a T that was saved");
  });
}
