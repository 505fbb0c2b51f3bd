/** The WebAssembly backend against the reference, on random networks of every canonical form. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NumberFormat } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { kernelNumbers } from "#src/simulator/wasm/memory/kernel-numbers.js";
import { makeWasmBackend, wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, countDifference, runBoth, totalSpikes } from "./compare-backends.js";
import { type LayerForm, layerForms, makeRandomImages, makeRandomSnn } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 20_240);

function requestOf(snn: Snn, each: number, change: Partial<SimulationRequest> = {}): SimulationRequest {
  const n = 1 + (each % 3);
  const steps = 70 + (each % 9);
  return {
    images: makeRandomImages(snn, n, each, change.poisson !== undefined),
    n,
    steps,
    snapshots: [1, 8, 33, 64, steps],
    readout: "mean",
    delay: each % 2 === 0 ? 0 : 5 + (each % 40),
    ...change,
  };
}

for (const number of ["int16", "int32"] as const) {
  for (const form of layerForms) {
    test(`${number}, ${form}: the same counts and outputs to the bit (seed ${seed})`, async () => {
      let spikes = 0;
      for (let each = 0; each < 4; each++) {
        const forms = each === 0 ? [form] : [form, "conv" as const, "identity" as const];
        const reset = each === 3 ? "zero" : "subtract";
        const snn = makeRandomSnn(seed + each, { number, forms, layers: 2 + each, reset });
        const request = requestOf(snn, each);
        spikes += totalSpikes(await assertSameSpikes(wasmBackend, snn, request, `seed ${seed + each}`));
      }
      assert.ok(spikes > 500, `only ${spikes} spikes`);
    });
  }

  test(`${number}: mixed forms, output neurons, count and count+softmax (seed ${seed})`, async () => {
    for (let each = 0; each < 12; each++) {
      const snn = makeRandomSnn(seed + 100 + each, { number, outputNeurons: true, layers: 6 });
      const readout = (["mean", "count", "count+softmax"] as const)[each % 3] ?? "mean";
      await assertSameSpikes(
        wasmBackend,
        snn,
        requestOf(snn, each, { readout }),
        `seed ${seed + 100 + each}`,
      );
    }
  });

  test(`${number}: a network without neuron layers has the same outputs (seed ${seed})`, async () => {
    const snn = makeRandomSnn(seed, { number, layers: 0 });
    const { layers, outputs } = await assertSameSpikes(wasmBackend, snn, requestOf(snn, 1), `seed ${seed}`);
    assert.deepEqual(layers, []);
    assert.ok(outputs.some((value) => value !== 0));
  });

  test(`${number}: poisson pixels (seed ${seed})`, async () => {
    for (let each = 0; each < 6; each++) {
      const snn = makeRandomSnn(seed + 200 + each, { number, layers: 4 });
      const imageIndices = [17, 4, 99].slice(0, 1 + (each % 3));
      const request = requestOf(snn, each, { poisson: { seed: 3, imageIndices } });
      await assertSameSpikes(wasmBackend, snn, request, `seed ${seed + 200 + each}`);
    }
  });
}

test(`channels of full blocks, as in residual networks (seed ${seed})`, async () => {
  for (let each = 0; each < 4; each++) {
    const forms = ["conv", "identity", "optionA", "average-shortcut", "projection"] as const;
    const snn = makeRandomSnn(seed + 300 + each, { channels: [16, 32, 64], forms, layers: 3 });
    await assertSameSpikes(wasmBackend, snn, requestOf(snn, each), `seed ${seed + 300 + each}`);
  }
});

test(`float32: counts differ by at most 1 % in sum, outputs by 2 % of the largest (seed ${seed})`, async () => {
  for (let each = 0; each < 12; each++) {
    const snn = makeRandomSnn(seed + 400 + each, { number: "float32", layers: 4 });
    const { expected, actual } = await runBoth(wasmBackend, snn, requestOf(snn, each));
    const difference = countDifference(expected, actual);
    assert.ok(difference <= 0.01, `seed ${seed + 400 + each}: ${difference}`);
    const largest = Math.max(...expected.outputs.map(Math.abs), 1e-9);
    const wrong = Math.max(
      ...expected.outputs.map((value, i) => Math.abs(value - (actual.outputs[i] as number))),
    );
    assert.ok(wrong <= 0.02 * largest, `seed ${seed + 400 + each}: outputs ${wrong} of ${largest}`);
  }
});

test("the planned kernels ran, and no others", async () => {
  const runKernels = async (number: NumberFormat, forms: readonly LayerForm[], channels: number) => {
    const snn = makeRandomSnn(20_240, { number, forms: ["conv", ...forms], layers: 6, channels: [channels] });
    const simulator = await wasmBackend.prepare(snn);
    simulator.run(requestOf(snn, 0));
    const ran = Object.entries(kernelNumbers).filter(([, kernel]) => simulator.countCalls(kernel) > 0);
    return [[...new Set(Object.values(simulator.kernels))].sort(), ran.map(([name]) => name).sort()];
  };
  assert.deepEqual(await runKernels("int16", ["identity"], 32), [
    ["constant int32", "events int16", "table-12 int16"],
    ["events", "fire16", "fireInt", "rows", "shortConstants"],
  ]);
  assert.deepEqual(await runKernels("int16", ["identity"], 20), [
    ["constant int32", "events int16"],
    ["events", "fire16", "fireInt", "shortConstants", "tables16"],
  ]);
  assert.deepEqual(await runKernels("float32", ["gate"], 16), [
    ["constant float32", "table-8 float32"],
    ["constants", "fireFloat", "gate", "tablesFloat"],
  ]);
  assert.deepEqual(await runKernels("int32", ["before"], 8), [
    ["constant int32", "events int32", "list int32"],
    ["eventsInt", "fireInt", "list", "shortConstants"],
  ]);
});

test(`a recycled result and a smaller request change no spike (seed ${seed})`, async () => {
  const snn = makeRandomSnn(seed + 3, { alphabet: { lo: -3, hi: 3 }, layers: 4 });
  const simulator = await wasmBackend.prepare(snn);
  const request = requestOf(snn, 2);
  const fresh = simulator.run(request);
  assert.ok(totalSpikes(fresh) > 0);
  const kept = structuredClone(fresh);
  const other = { ...request, images: request.images.map((x) => x / 2) };
  const halved = structuredClone(simulator.run(other));
  assert.deepEqual(simulator.run({ ...other, recycle: fresh }), halved);
  assert.notDeepEqual(halved, kept);
  const one = { ...request, n: 1, images: request.images.subarray(0, request.images.length / request.n) };
  const alone = simulator.run({ ...one, recycle: halved });
  assert.deepEqual(alone, (await wasmBackend.prepare(snn)).run(one));
  assert.deepEqual(simulator.run({ ...request, recycle: alone }), kept);
});

test("a batch gives each image the result it has alone; a second run repeats the first", async () => {
  const snn = makeRandomSnn(seed + 1, { number: "float32" });
  const simulator = await wasmBackend.prepare(snn);
  const request = requestOf(snn, 2);
  const whole = simulator.run(request);
  const pixels = request.images.length / 3;
  for (let i = 0; i < 3; i++) {
    const alone = simulator.run({
      ...request,
      n: 1,
      images: request.images.subarray(i * pixels, (i + 1) * pixels),
    });
    assert.deepEqual(
      alone.outputs,
      whole.outputs.subarray(i * alone.outputs.length, (i + 1) * alone.outputs.length),
    );
  }
  assert.deepEqual(simulator.run(request), whole);
});

test("simulations in time blocks give the same counts", async () => {
  const snn = makeRandomSnn(seed + 2, { forms: ["conv", "gate", "identity"], channels: [16], layers: 3 });
  const steps = 300;
  const request = { ...requestOf(snn, 1), steps, snapshots: [100, 201, steps], delay: 145 };
  await assertSameSpikes(makeWasmBackend(1), snn, request, "blocks of 64 steps");
  await assertSameSpikes(makeWasmBackend(2 ** 16), snn, request, "blocks of some images or steps");
});

test(`records: spikes, potentials, currents and output of every step to the bit (seed ${seed})`, async () => {
  for (let each = 0; each < 8; each++) {
    const reset = each === 7 ? "zero" : "subtract";
    const snn = makeRandomSnn(seed + 500 + each, { outputNeurons: each % 3 === 2, reset });
    const names = Object.keys((await wasmBackend.prepare(snn)).kernels);
    const layers = names.filter((_, index) => index % 2 === each % 2);
    const record = { layers, spikes: true, potentials: true, currents: true };
    const request = { ...requestOf(snn, each), record };
    await assertSameSpikes(wasmBackend, snn, request, `seed ${seed + 500 + each}`);
    const { expected, actual } = await runBoth(makeWasmBackend(2 ** 14), snn, request);
    assert.equal(actual.records?.length, request.n);
    assert.deepEqual(actual.records, expected.records, `seed ${seed + 500 + each}`);
  }
});
