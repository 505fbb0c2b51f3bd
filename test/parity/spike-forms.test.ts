/**
 * Forms in which spikes that refine lie in memory (planes by sign, planes of two's complement, bytes) and the kernels that read
 * them: the WebAssembly backend against the reference.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refinementOf } from "#src/graph/refinement.js";
import type { Snn } from "#src/graph/snn.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { kernelNumbers } from "#src/simulator/wasm/memory/kernel-numbers.js";
import type { KernelFamily } from "#src/simulator/wasm/planning/plan-kernels.js";
import { defaultSpikeBudget } from "#src/simulator/wasm/running/network-room.js";
import { makeWasmBackend, wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, totalSpikes } from "./compare-backends.js";
import { makeRandomImages, makeRandomSnn, type RandomSnnOptions } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 42_000);
const forms = [
  "conv",
  "identity",
  "optionA",
  "stride",
  "pointwise",
  "projection",
  "asymmetric",
  "concat",
] as const;
const channelSets: readonly (readonly number[])[] = [[16], [32], [64], [16, 32, 64], [17, 32], [16, 112]];
/** 33 steps and more are two tiles. */
const lengths = [1, 2, 3, 5, 40];

const refining = (gain: number, change: Partial<RandomSnnOptions>): RandomSnnOptions => ({
  alphabet: { lo: -gain, hi: gain },
  refine: refinementOf(gain, 1 + (gain % 2)),
  forms,
  layers: 4,
  ...change,
});

function requestOf(snn: Snn, each: number): SimulationRequest {
  const steps = lengths[each % lengths.length] as number;
  const n = 1 + (each % 3);
  const images = makeRandomImages(snn, n, each);
  return { images, n, steps, snapshots: [steps], readout: "final", delay: 0 };
}

type Counter = keyof typeof kernelNumbers;
const families: readonly [KernelFamily, readonly Counter[]][] = [
  ["table-12", ["rows", "complement", "diagonal", "stackedWords"]],
  ["events", ["events", "eventsInt", "listedBytes", "slidingValues", "diagonal", "diagonalInt"]],
  ["table-8", ["tables16", "tablesInt", "diagonal", "diagonalInt"]],
  ["scatter", ["scatter", "diagonal"]],
];

for (const [family, counters] of families) {
  test(`${family}: counts, Σ|s|, events and outputs to the bit, and the kernels ran (seed ${seed})`, async () => {
    const backend = makeWasmBackend(defaultSpikeBudget, family);
    const calls = new Map<Counter, number>();
    let [each, spikes] = [0, 0];
    for (const gain of [1, 2, 3, 7, 15]) {
      for (const channels of channelSets) {
        const number = (["int16", "integers", "int32"] as const)[each % 3] ?? "int16";
        const theta = [60, 1_000, 40_000][each % 4] ?? 200;
        const snn = makeRandomSnn(seed + each, refining(gain, { channels, number, theta }));
        const place = `${family}, refine:${gain}, ${channels} channels, ${number}, seed ${seed + each}`;
        const request = requestOf(snn, each);
        spikes += totalSpikes(await assertSameSpikes(backend, snn, request, place));
        const simulator = await backend.prepare(snn);
        simulator.run(request);
        for (const name of counters)
          calls.set(name, (calls.get(name) ?? 0) + simulator.countCalls(kernelNumbers[name]));
        each++;
      }
    }
    for (const name of counters) assert.ok((calls.get(name) ?? 0) > 0, `${name} never ran`);
    assert.ok(spikes > 100_000, `only ${spikes} spikes`);
  });
}

test(`requests that keep spikes and requests that do not take turns, with the same counts (seed ${seed})`, async () => {
  for (const [each, channels] of channelSets.entries()) {
    const snn = makeRandomSnn(seed + 100 + each, refining(7, { channels }));
    const simulator = await wasmBackend.prepare(snn);
    const request = requestOf(snn, each);
    const keepSpikes = Object.keys(simulator.kernels).slice(0, 2);
    const [plain, kept, again] = [request, { ...request, keepSpikes }, request].map((asked) =>
      simulator.run(asked),
    );
    assert.ok(kept?.spikes !== undefined && kept.spikes.size === 2);
    assert.ok([...kept.spikes.values()].some((packed) => packed.some((word) => word !== 0)));
    for (const other of [kept, again]) {
      assert.deepEqual(other?.outputs, plain?.outputs);
      assert.deepEqual(
        other?.layers.map(({ counts }) => counts),
        plain?.layers.map(({ counts }) => counts),
      );
    }
  }
});
