/** Requests that name the layers whose counts they want: the rest is as if all were, and others' counts are empty; both backends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refinementOf } from "#src/graph/refinement.js";
import { referenceBackend } from "#src/simulator/reference/reference-backend.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { makeRandomImages, makeRandomSnn, type RandomSnnOptions, refiningForms } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 51_000);
const alphabets: readonly Partial<RandomSnnOptions>[] = [
  { alphabet: { lo: 0, hi: 1 } },
  { alphabet: { lo: -1, hi: 1 } },
  { alphabet: { lo: -7, hi: 7 }, refine: refinementOf(7), forms: refiningForms },
];

for (const backend of [referenceBackend, wasmBackend]) {
  test(`${backend.name}: counts of the layers that were asked for, and the same outputs (seed ${seed})`, async () => {
    for (const [each, options] of alphabets.entries()) {
      const snn = makeRandomSnn(seed + each, { layers: 3, ...options });
      const simulator = await backend.prepare(snn);
      const readout = options.refine === undefined ? "mean" : "final";
      const images = makeRandomImages(snn, 2, each);
      const request = { images, n: 2, steps: 40, snapshots: [3, 40], readout, delay: 0 } as const;
      const all = simulator.run(request);
      const [wanted] = all.layers;
      assert.ok(wanted !== undefined);
      assert.ok(wanted.counts.some((count) => count !== 0));
      const none = simulator.run({ ...request, counted: [] });
      const one = simulator.run({ ...request, counted: [wanted.name], recycle: none });
      assert.deepEqual(none.outputs, all.outputs);
      assert.deepEqual(one.outputs, all.outputs);
      assert.deepEqual(one.layers[0], wanted);
      for (const { counts, magnitudes, events } of [...none.layers, ...one.layers.slice(1), ...one.gates]) {
        for (const values of [counts, magnitudes, events]) assert.equal(values?.length ?? 0, 0);
      }
      assert.deepEqual(simulator.run({ ...request, recycle: one }), all);
      assert.throws(() => simulator.run({ ...request, counted: [wanted.name, "nobody"] }), {
        where: "counted",
        value: "nobody",
        exitCode: 2,
      });
      simulator.free();
    }
  });
}
