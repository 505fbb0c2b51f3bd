/** Every spike alphabet on the WebAssembly backend against the reference: random networks, all forms, formats and resets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NumberFormat } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { isBinary, nameAlphabet, type SpikeAlphabet } from "#src/graph/spike-alphabet.js";
import type { SimulationRequest, SimulationResult } from "#src/simulator/backend.js";
import { kernelNumbers } from "#src/simulator/wasm/memory/kernel-numbers.js";
import { makeWasmBackend, wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, countDifference, runBoth, totalSpikes } from "./compare-backends.js";
import { alphabets, type LayerForm, layerForms, makeRandomImages, makeRandomSnn } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 20_240);
const levels = alphabets.filter((alphabet) => !isBinary(alphabet));

function requestOf(snn: Snn, each: number, change: Partial<SimulationRequest> = {}): SimulationRequest {
  const n = 1 + (each % 2);
  const steps = 40 + (each % 9);
  return {
    images: makeRandomImages(snn, n, each, change.poisson !== undefined),
    n,
    steps,
    snapshots: [1, 8, 33, steps],
    readout: "mean",
    delay: each % 2 === 0 ? 0 : 5 + (each % 20),
    ...change,
  };
}

/** How many spikes Σ|s| has more than N: twice what was taken back. */
function takenBack({ layers }: SimulationResult): number {
  return layers.reduce(
    (sum, { counts, magnitudes }) =>
      (magnitudes ?? counts).reduce((all, value, i) => all + value - (counts[i] as number), sum),
    0,
  );
}

for (const alphabet of levels) {
  test(`${nameAlphabet(alphabet)}: counts, Σ|s| and outputs to the bit in both integer formats (seed ${seed})`, async () => {
    let [spikes, back] = [0, 0];
    for (const number of ["int16", "int32"] as const) {
      for (const [each, form] of layerForms.entries()) {
        const reset = (each % 2 === 0) === (number === "int16") ? "subtract" : "zero";
        const forms = [form, "conv", "gate"] as const;
        const snn = makeRandomSnn(seed + each, { number, alphabet, reset, forms, layers: 3 });
        const place = `${number}, ${reset}, ${form}, seed ${seed + each}`;
        const result = await assertSameSpikes(wasmBackend, snn, requestOf(snn, each), place);
        spikes += totalSpikes(result);
        back += takenBack(result);
      }
    }
    assert.ok(spikes > 50_000, `only ${spikes} spikes`);
    assert.ok(alphabet.lo === 0 ? back === 0 : back > 500, `${back / 2} spikes taken back`);
  });
}

test(`alphabets, resets and integer formats drawn layer by layer, with output neurons and poisson pixels (seed ${seed})`, async () => {
  for (let each = 0; each < 40; each++) {
    const outputNeurons = each % 3 === 1;
    const channels = each % 4 === 0 ? [16, 32] : undefined;
    const options = { number: "integers", alphabet: "any", reset: "any", layers: 5, outputNeurons } as const;
    const snn = makeRandomSnn(seed + 100 + each, channels === undefined ? options : { ...options, channels });
    const readouts = ["mean", "count", "count+softmax"] as const;
    const readout = outputNeurons ? readouts[Math.floor(each / 3) % 3] : "mean";
    const poisson = each % 5 === 2 ? { seed: 3, imageIndices: [17, 4].slice(0, 1 + (each % 2)) } : undefined;
    const request = requestOf(snn, each, { readout: readout ?? "mean", poisson });
    await assertSameSpikes(wasmBackend, snn, request, `seed ${seed + 100 + each}`);
  }
});

test(`time blocks, early exit and records of every alphabet (seed ${seed})`, async () => {
  for (const [each, alphabet] of levels.entries()) {
    const snn = makeRandomSnn(seed + 200 + each, {
      alphabet,
      forms: ["conv", "gate", "identity"],
      layers: 3,
    });
    const name = `${nameAlphabet(alphabet)}, seed ${seed + 200 + each}`;
    const long = { ...requestOf(snn, each), steps: 150, snapshots: [100, 150], delay: 70 };
    await assertSameSpikes(makeWasmBackend(1), snn, long, `${name}: blocks of 64 steps`);
    const times = [3, 9, 20];
    const exit = { times, thresholds: [5, 1, 0.2] };
    await assertSameSpikes(wasmBackend, snn, { ...requestOf(snn, 1), exit }, `${name}: exit`);
    const layers = Object.keys((await wasmBackend.prepare(snn)).kernels);
    const record = { layers, spikes: true, potentials: true, currents: true };
    const { expected, actual } = await runBoth(wasmBackend, snn, { ...requestOf(snn, each), record });
    assert.deepEqual(actual.records, expected.records, name);
  }
});

test(`float32: counts differ by at most 1 % in sum (seed ${seed})`, async () => {
  for (const [each, alphabet] of [...levels, ...levels].entries()) {
    const reset = each < levels.length ? "subtract" : "zero";
    const options = { number: "float32", alphabet, reset, layers: 3 } as const;
    const snn = makeRandomSnn(seed + 300 + each, options);
    const { expected, actual } = await runBoth(wasmBackend, snn, requestOf(snn, each));
    const difference = countDifference(expected, actual);
    assert.ok(difference <= 0.01, `${nameAlphabet(alphabet)}, seed ${seed + 300 + each}: ${difference}`);
  }
});

test(`θ of all sizes: the neuron kernel for it ran, with the same spikes to the bit (seed ${seed})`, async () => {
  const ran = new Set<string>();
  for (const [each, alphabet] of levels.filter(({ hi }) => hi < 8).entries()) {
    for (const [theta, number] of [
      [200, "int16"],
      [9_000, "int16"],
      [20_000, "int16"],
      [60_000, "int32"],
    ] as const) {
      const forms = ["conv", "identity"] as const;
      const snn = makeRandomSnn(seed + 400 + each, { number, alphabet, theta, forms, layers: 3 });
      await assertSameSpikes(wasmBackend, snn, requestOf(snn, each), `${nameAlphabet(alphabet)}, θ ${theta}`);
      const simulator = await wasmBackend.prepare(snn);
      simulator.run(requestOf(snn, each));
      for (const [name, kernel] of Object.entries(kernelNumbers))
        if (simulator.countCalls(kernel) > 0) ran.add(name);
    }
  }
  const families = ["Bursts", "SignedBursts"].flatMap((name) => [`narrow${name}`, `wide${name}`]);
  for (const name of [...families, "narrowSigned", "bursts", "signed", "signedBursts"])
    assert.ok(ran.has(name), `${name} did not run, only ${[...ran]}`);
});

test("the neuron kernels of levels ran, and no binary ones", async () => {
  const runKernels = async (
    number: NumberFormat,
    alphabet: SpikeAlphabet,
    forms: readonly LayerForm[],
    reset: "subtract" | "zero" = "subtract",
  ) => {
    const snn = makeRandomSnn(20_240, {
      number,
      alphabet,
      reset,
      forms: ["conv", ...forms],
      layers: 6,
      channels: [32],
    });
    const simulator = await wasmBackend.prepare(snn);
    simulator.run(requestOf(snn, 0));
    const ran = Object.entries(kernelNumbers).filter(([, kernel]) => simulator.countCalls(kernel) > 0);
    // whether the image's currents are sums of integers that a kernel takes is not asked here
    return ran.flatMap(([name]) => (name === "constants" || name === "shortConstants" ? [] : [name])).sort();
  };
  const [burst, signed] = [
    { lo: 0, hi: 3 },
    { lo: -1, hi: 1 },
  ] as const;
  const currents = ["events", "tables16"];
  assert.deepEqual(await runKernels("int16", burst, ["identity"]), ["events", "narrowBursts", "tables16"]);
  assert.deepEqual(await runKernels("int16", burst, ["identity"], "zero"), ["bursts", ...currents]);
  assert.deepEqual(await runKernels("int16", signed, []), ["narrowSigned", "rows"]);
  assert.deepEqual(await runKernels("int32", signed, ["gate"], "zero"), [
    "eventsInt",
    "gateLevels",
    "signed",
  ]);
  assert.deepEqual(await runKernels("float32", signed, ["gate"]), ["anyFloat", "gateLevels", "tablesFloat"]);
  for (const alphabet of levels.filter(({ lo, hi }) => lo === -hi && hi > 1 && hi < 8)) {
    assert.deepEqual(await runKernels("int32", alphabet, [], "zero"), ["eventsInt", "signedBursts"]);
    assert.deepEqual(await runKernels("int32", alphabet, []), ["eventsInt", "narrowSignedBursts"]);
  }
  const other = { lo: -1, hi: 2 } as const;
  const manyPlanes = ["any16", "anyInt", "events", "slidingValues", "stackedWords"];
  assert.deepEqual(await runKernels("int16", other, ["identity"]), manyPlanes);
});
