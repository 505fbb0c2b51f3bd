/** Each family of current kernels, wherever it can run, against the reference: borders, strides, widths, 1…70 channels, all alphabets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Snn } from "#src/graph/snn.js";
import type { SpikeAlphabet } from "#src/graph/spike-alphabet.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { kernelNumbers } from "#src/simulator/wasm/memory/kernel-numbers.js";
import type { KernelFamily } from "#src/simulator/wasm/planning/plan-kernels.js";
import { defaultSpikeBudget } from "#src/simulator/wasm/running/network-room.js";
import { makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, totalSpikes } from "./compare-backends.js";
import { type LayerForm, makeRandomImages, makeRandomSnn } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 31_000);

const families: readonly [KernelFamily, keyof typeof kernelNumbers][] = [
  ["table-12", "rows"],
  ["events", "events"],
  ["scatter", "scatter"],
  ["table-8", "tables16"],
];
/** One block, several, not full ones; 3 and 7 blocks of outputs make groups of 2 + 1 and 4 + 2 + 1. */
const channelSets: readonly (readonly number[])[] = [
  [1, 3, 8, 15],
  [16, 17, 31],
  [32, 33, 48],
  [64, 65, 70],
  [16, 32, 64],
  [112, 20],
];
const alphabets: readonly SpikeAlphabet[] = [
  { lo: 0, hi: 1 },
  { lo: 0, hi: 5 },
  { lo: -3, hi: 3 },
  // planes of the negative alone, more than one
  { lo: -7, hi: 1 },
];

function requestOf(snn: Snn, each: number): SimulationRequest {
  const n = 1 + (each % 2);
  const steps = 35 + (each % 4);
  return {
    images: makeRandomImages(snn, n, each),
    n,
    steps,
    snapshots: [1, 8, 33, steps],
    readout: "mean",
    delay: 0,
  };
}

for (const [family, counter] of families) {
  test(`${family}: the same counts and outputs to the bit, and it ran (seed ${seed})`, async () => {
    let [calls, spikes, each] = [0, 0, 0];
    const backend = makeWasmBackend(defaultSpikeBudget, family);
    for (const channels of channelSets) {
      for (const alphabet of alphabets) {
        const forms: readonly LayerForm[] = [
          "conv",
          "stride",
          "identity",
          "projection",
          "pointwise",
          "asymmetric",
          "concat",
          "linear",
        ];
        const chosen = channels[0] === 112 ? (["conv", "stride", "pointwise"] as const) : forms;
        const snn = makeRandomSnn(seed + each, {
          alphabet,
          channels,
          forms: chosen,
          layers: channels[0] === 112 ? 2 : 4,
        });
        const place = `${family}, seed ${seed + each}`;
        const request = requestOf(snn, each);
        spikes += totalSpikes(await assertSameSpikes(backend, snn, request, place));
        const simulator = await backend.prepare(snn);
        simulator.run({ ...request, steps: 3, snapshots: [3] });
        calls += simulator.countCalls(kernelNumbers[counter]);
        each++;
      }
    }
    assert.ok(calls > 0, `${family} never ran`);
    assert.ok(spikes > 5_000, `only ${spikes} spikes`);
  });
}

for (const [family, counter] of [
  ["events", "eventsInt"],
  ["table-8", "tablesInt"],
] as const)
  test(`${family} with sums of 32 bits: the same counts and outputs to the bit, and it ran (seed ${seed})`, async () => {
    let [calls, spikes] = [0, 0];
    const backend = makeWasmBackend(defaultSpikeBudget, family);
    for (const [each, channels] of channelSets.entries()) {
      for (const alphabet of alphabets) {
        const forms = ["conv", "stride", "identity", "projection", "concat", "linear", "wide"] as const;
        const number = "int32";
        const snn = makeRandomSnn(seed + each, { alphabet, channels, number, forms, layers: 3 });
        const request = requestOf(snn, each);
        spikes += totalSpikes(await assertSameSpikes(backend, snn, request, `seed ${seed + each}`));
        const simulator = await backend.prepare(snn);
        simulator.run({ ...request, steps: 3, snapshots: [3] });
        calls += simulator.countCalls(kernelNumbers[counter]);
      }
    }
    assert.ok(calls > 0, `${family} int32 never ran`);
    assert.ok(spikes > 5_000, `only ${spikes} spikes`);
  });

test(`tables of 8 without words that hold no spike: the same counts and outputs to the bit, and they ran (seed ${seed})`, async () => {
  let [calls, spikes] = [0, 0];
  const backend = makeWasmBackend(defaultSpikeBudget, "table-8");
  for (const [each, alphabet] of alphabets.entries()) {
    for (const channels of [[16, 17, 31], [64]]) {
      const forms = ["conv", "stride", "identity", "wide"] as const;
      const snn = makeRandomSnn(seed + each, { alphabet, channels, forms, layers: 4 });
      const request = requestOf(snn, each);
      // pixels that spike in one step of three hundred
      const rare = {
        ...request,
        images: request.images.map((value) => Math.abs(value) / 300),
        poisson: { seed, imageIndices: Array.from({ length: request.n }, (_, i) => i) },
      };
      spikes += totalSpikes(await assertSameSpikes(backend, snn, rare, `seed ${seed + each}`));
      const simulator = await backend.prepare(snn);
      simulator.run(rare);
      calls += simulator.countCalls(kernelNumbers.sparseTables16);
    }
  }
  assert.ok(calls > 0, "no tile was sparse");
  assert.ok(spikes > 500, `only ${spikes} spikes`);
});

test(`events and scatter over windows of 5×5 and 7×7 (seed ${seed})`, async () => {
  for (const [family, side] of [
    ["events", 5],
    ["events", 7],
    ["scatter", 5],
    ["scatter", 7],
  ] as const) {
    const backend = makeWasmBackend(defaultSpikeBudget, family);
    const snn = makeRandomSnn(seed + side, { forms: ["conv", "wide"], channels: [3, 16, 20], layers: 4 });
    await assertSameSpikes(backend, snn, requestOf(snn, side), `seed ${seed + side}`);
  }
});
