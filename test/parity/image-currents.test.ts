/** The image's constant current by integers of 16 bits and by doubles: the WebAssembly backend against the reference. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refinementOf } from "#src/graph/refinement.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { kernelNumbers } from "#src/simulator/wasm/memory/kernel-numbers.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, totalSpikes } from "./compare-backends.js";
import { makeRandomImages, makeRandomSnn } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 51_000);

/** Pixels as they are; so large that 16 bits of weights would overflow 32-bit sums; and one alone that is. */
const sizes = [
  { name: "usual pixels", factor: 1, only: false, counter: "shortConstants" },
  { name: "pixels that are too large", factor: 2_000, only: false, counter: "constants" },
  { name: "one pixel that is too large", factor: 60_000, only: true, counter: "constants" },
] as const;

for (const { name, factor, only, counter } of sizes)
  test(`${name}: counts and outputs to the bit, and ${counter} ran (seed ${seed})`, async () => {
    let [calls, spikes] = [0, 0];
    for (let each = 0; each < 24; each++) {
      const form = (["conv", "stride", "asymmetric", "pointwise"] as const)[each % 4] ?? "conv";
      const channels = [[5], [16], [40]][each % 3] ?? [16];
      const refine = each % 2 === 0 ? { alphabet: { lo: -7, hi: 7 }, refine: refinementOf(7) } : {};
      const snn = makeRandomSnn(seed + each, {
        forms: [form],
        channels,
        layers: 2,
        theta: 20_000,
        ...refine,
      });
      const images = makeRandomImages(snn, 2, each);
      for (let i = 0; i < images.length; i += only ? images.length : 1)
        images[i] = (images[i] as number) * factor;
      const steps = 6;
      const readout = each % 2 === 0 ? "final" : "mean";
      const request: SimulationRequest = { images, n: 2, steps, snapshots: [2, steps], readout, delay: 0 };
      const place = `${name}, ${form}, ${channels} channels, seed ${seed + each}`;
      spikes += totalSpikes(await assertSameSpikes(wasmBackend, snn, request, place));
      const simulator = await wasmBackend.prepare(snn);
      simulator.run(request);
      calls += simulator.countCalls(kernelNumbers[counter]);
    }
    assert.ok(calls >= 24, `${calls} calls`);
    assert.ok(spikes > 1_000, `only ${spikes} spikes`);
  });
