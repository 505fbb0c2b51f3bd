/** Networks that refine on the WebAssembly backend against the reference: gains, forms, formats, time blocks, early exit, records. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refinementOf } from "#src/graph/refinement.js";
import type { Snn } from "#src/graph/snn.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { kernelNumbers } from "#src/simulator/wasm/memory/kernel-numbers.js";
import { makeWasmBackend, wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, countDifference, runBoth, totalSpikes } from "./compare-backends.js";
import { makeRandomImages, makeRandomSnn, type RandomSnnOptions, refiningForms } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 20_260);

const refining = (gain: number, change: Partial<RandomSnnOptions> = {}): RandomSnnOptions => ({
  alphabet: { lo: -gain, hi: gain },
  refine: refinementOf(gain, 1 + (gain % 3)),
  forms: refiningForms,
  ...change,
});

function requestOf(snn: Snn, each: number, change: Partial<SimulationRequest> = {}): SimulationRequest {
  const n = 1 + (each % 2);
  const steps = change.steps ?? 4 + (each % 9);
  const images = makeRandomImages(snn, n, each);
  const snapshots = [...new Set([1, 3, steps])].filter((t) => t <= steps);
  return { images, n, steps, snapshots, readout: "final", delay: 0, ...change };
}

test(`refine:N for N = 1 … 15: counts, Σ|s|, events and outputs to the bit in both integer formats (seed ${seed})`, async () => {
  let [spikes, taken] = [0, 0];
  for (const gain of [1, 2, 3, 5, 7, 8, 15]) {
    for (const [each, form] of refiningForms.entries()) {
      const number = (["int16", "int32", "integers"] as const)[(each + gain) % 3] ?? "int16";
      const forms = [form, "conv"] as const;
      const snn = makeRandomSnn(seed + each * 16 + gain, refining(gain, { number, forms, layers: 3 }));
      const place = `refine:${gain}, ${number}, ${form}, seed ${seed + each * 16 + gain}`;
      const result = await assertSameSpikes(wasmBackend, snn, requestOf(snn, each + gain), place);
      spikes += totalSpikes(result);
      for (const { magnitudes, events } of result.layers) {
        assert.ok(events !== undefined && magnitudes !== undefined);
        assert.ok(events.every((count, i) => count <= (magnitudes[i] as number)));
        taken += events.reduce((sum, count) => sum + count, 0);
      }
    }
  }
  assert.ok(spikes > 50_000 && taken > 20_000 && taken < spikes, `${spikes} spikes, ${taken} events`);
});

test(`wide layers of 16 and 32 channels, and sums and thresholds of all sizes (seed ${seed})`, async () => {
  for (let each = 0; each < 24; each++) {
    const theta = [40, 200, 1500, 3800][each % 4] ?? 200;
    const options = { number: "integers", theta, channels: [16, 32], layers: 4 } as const;
    const snn = makeRandomSnn(seed + 300 + each, refining([7, 3, 15][each % 3] ?? 7, options));
    await assertSameSpikes(wasmBackend, snn, requestOf(snn, each), `seed ${seed + 300 + each}, θ ${theta}`);
  }
});

test(`thresholds of 2¹⁵ and more, which float32 cannot divide by exactly, are climbed (seed ${seed})`, async () => {
  for (const [each, gain] of [1, 3, 7, 15].entries()) {
    const options = { number: "int32", theta: 60_000, channels: [16, 20], layers: 3 } as const;
    const snn = makeRandomSnn(seed + 350 + each, refining(gain, options));
    const request = requestOf(snn, each, { steps: 40 });
    const result = await assertSameSpikes(wasmBackend, snn, request, `seed ${seed + 350 + each}`);
    assert.ok(totalSpikes(result) > 0);
    const simulator = await wasmBackend.prepare(snn);
    simulator.run(request);
    assert.ok(simulator.countCalls(kernelNumbers.refineClimbed) > 0);
  }
});

test(`quanta that stay: a network whose neurons reach their values falls silent, and time blocks change nothing (seed ${seed})`, async () => {
  for (let each = 0; each < 6; each++) {
    const [shift = 1, halvings = 8] =
      [
        [1, 0],
        [1, 3],
        [2, 8],
      ][each % 3] ?? [];
    const refine = { quantum: 1 / 8, shift, halvings };
    const snn = makeRandomSnn(seed + 400 + each, refining(7, { refine, layers: 3, theta: 20_000 }));
    const steps = 140;
    const request = requestOf(snn, each, { steps, snapshots: [refine.halvings / shift + 1, 70, 100, steps] });
    const place = `seed ${seed + 400 + each}`;
    await assertSameSpikes(wasmBackend, snn, request, place);
    const { layers } = await assertSameSpikes(
      makeWasmBackend(1),
      snn,
      request,
      `${place}: blocks of 64 steps`,
    );
    for (const { name, shape, events } of layers) {
      const size = shape[0] * shape[1] * shape[2];
      const at = (snapshot: number) =>
        (events ?? new Int32Array(0)).subarray(snapshot * size, (snapshot + 1) * size);
      assert.deepEqual(at(3), at(2), `${place}: ${name} sends after step 100`);
    }
  }
});

test(`early exit and records (seed ${seed})`, async () => {
  for (let each = 0; each < 6; each++) {
    const snn = makeRandomSnn(seed + 500 + each, refining(7, { layers: 3 }));
    const exit = { times: [1, 2, 4], thresholds: [3, 1, 0.1] };
    await assertSameSpikes(
      wasmBackend,
      snn,
      { ...requestOf(snn, 1), exit },
      `exit, seed ${seed + 500 + each}`,
    );
    const layers = Object.keys((await wasmBackend.prepare(snn)).kernels);
    const record = { layers, spikes: true, potentials: true, currents: true };
    const { expected, actual } = await runBoth(wasmBackend, snn, { ...requestOf(snn, each), record });
    assert.deepEqual(actual.records, expected.records);
  }
});

test(`float32: counts differ by at most 1 % in sum (seed ${seed})`, async () => {
  for (let each = 0; each < 8; each++) {
    const snn = makeRandomSnn(
      seed + 600 + each,
      refining([7, 3][each % 2] ?? 7, { number: "float32", layers: 3 }),
    );
    const { expected, actual } = await runBoth(wasmBackend, snn, requestOf(snn, each));
    const difference = countDifference(expected, actual);
    assert.ok(difference <= 0.01, `seed ${seed + 600 + each}: ${difference}`);
  }
});

test("weighted sums of spikes and of events are those of the counts", async () => {
  const snn = makeRandomSnn(seed + 700, refining(7, { layers: 3 }));
  const request = requestOf(snn, 3);
  const simulator = await wasmBackend.prepare(snn);
  const plain = simulator.run(request);
  const weights = new Map(
    plain.layers.map(({ name, shape }) => {
      const size = shape[0] * shape[1] * shape[2];
      return [name, [new Float64Array(size).map((_, i) => i % 7), new Float64Array(size).fill(2)] as const];
    }),
  );
  const summed = simulator.run({ ...request, weights });
  const { n, snapshots } = request;
  for (const [index, { name, events, magnitudes, shape }] of plain.layers.entries()) {
    const size = shape[0] * shape[1] * shape[2];
    for (const [values, sums] of [
      [magnitudes, summed.layers[index]?.sums],
      [events, summed.layers[index]?.eventSums],
    ] as const) {
      assert.ok(values !== undefined && sums !== undefined);
      for (let place = 0; place < n * snapshots.length; place++) {
        const own: readonly number[] = [...values.subarray(place * size, (place + 1) * size)];
        const total = (weight: (i: number) => number): number =>
          own.reduce((sum, value, i) => sum + value * weight(i), 0);
        const wanted = [total(() => 1), total((i) => i % 7), total(() => 2)];
        assert.deepEqual([...sums.subarray(place * 3, place * 3 + 3)], wanted, `${name} ${place}`);
      }
    }
  }
});

test("the kernels that refine ran, and no other neuron kernels", async () => {
  const run = async (change: Partial<RandomSnnOptions>) => {
    const snn = makeRandomSnn(seed, refining(7, { forms: ["conv"], channels: [32], layers: 4, ...change }));
    const simulator = await wasmBackend.prepare(snn);
    simulator.run(requestOf(snn, 0));
    const ran = Object.entries(kernelNumbers).filter(([, kernel]) => simulator.countCalls(kernel) > 0);
    return ran.flatMap(([name]) => (name === "constants" || name === "shortConstants" ? [] : [name])).sort();
  };
  assert.deepEqual(await run({ number: "int16", theta: 60 }), [
    "events",
    "listedBytes",
    "refine",
    "slidingValues",
  ]);
  assert.deepEqual(await run({ number: "int32" }), ["eventsInt", "listedBytes", "refine"]);
  assert.deepEqual(await run({ number: "float32" }), ["refineFloat", "tablesFloat"]);
});
