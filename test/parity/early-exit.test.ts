/** Early exit: the WebAssembly backend stops the same images at the same steps as the reference, which is checked against full runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Snn } from "#src/graph/snn.js";
import type { ExitRequest, SimulationRequest } from "#src/simulator/backend.js";
import { readMargin } from "#src/simulator/exit-margin.js";
import { referenceBackend } from "#src/simulator/reference/reference-backend.js";
import { makeWasmBackend, wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, runBoth } from "./compare-backends.js";
import { makeRandomImages, makeRandomSnn } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 20_240);
const steps = 60;
const times = [1, 2, 3, 5, 8, 13, 21, 34, 50];
const never: ExitRequest = { times, thresholds: times.map(() => Number.POSITIVE_INFINITY) };
const n = 5;

function requestOf(snn: Snn, each: number, change: Partial<SimulationRequest> = {}): SimulationRequest {
  return {
    images: makeRandomImages(snn, n, each, change.poisson !== undefined),
    n,
    steps,
    snapshots: [4, 8, 30, steps],
    readout: "mean",
    delay: each % 2 === 0 ? 0 : 6,
    ...change,
  };
}

const classesOf = (snn: Snn) => snn.graph.shape(snn.graph.output.id)[0];

/** Thresholds that some images pass early, some late, some never: the largest margins of early times, the median one of late times. */
async function chooseThresholds(snn: Snn, request: SimulationRequest): Promise<ExitRequest> {
  const simulator = await referenceBackend.prepare(snn);
  const { exitOutputs = new Float64Array(0) } = simulator.run({ ...request, exit: never });
  const classes = classesOf(snn);
  const thresholds = times.map((_, at) => {
    const margins = Array.from({ length: n }, (_, image) => {
      const from = (image * times.length + at) * classes;
      return readMargin(exitOutputs.subarray(from, from + classes));
    }).sort((a, b) => b - a);
    return (margins[Math.floor(at / 3)] as number) * (at % 3 === 2 ? 0.99 : 1);
  });
  return { times, thresholds };
}

for (const number of ["int16", "int32"] as const) {
  test(`${number}: the same exit steps, outputs and counts to the bit (seed ${seed})`, async () => {
    const stopped: number[] = [];
    for (let each = 0; each < 9; each++) {
      const outputNeurons = each % 3 === 1;
      const snn = makeRandomSnn(seed + each, { number, outputNeurons, layers: 3 + (each % 3) });
      const readouts = ["count", "count+softmax", "mean"] as const;
      const readout = outputNeurons ? readouts[Math.floor(each / 3) % 3] : "mean";
      const poisson = each % 4 === 3 ? { seed: 3, imageIndices: [17, 4, 99, 3, 8] } : undefined;
      const request = requestOf(snn, each, { readout: readout ?? "mean", poisson });
      const exit = await chooseThresholds(snn, request);
      const name = `seed ${seed + each}`;
      for (const backend of [wasmBackend, makeWasmBackend(1)]) {
        const expected = await assertSameSpikes(backend, snn, { ...request, exit }, name);
        const { actual } = await runBoth(backend, snn, { ...request, exit });
        assert.deepEqual(actual.exitSteps, expected.exitSteps, name);
        assert.deepEqual(actual.exitOutputs, expected.exitOutputs, name);
        stopped.push(...(expected.exitSteps ?? []));
      }
    }
    assert.ok(stopped.filter((t) => t < steps).length > 20, `stopped at ${stopped}`);
    assert.ok(stopped.includes(steps), "some images run to T");
    assert.ok(new Set(stopped).size > 4, `stopped at ${stopped}`);
  });
}

test(`an image stops at the first margin above its threshold, and says from then on what it said there (seed ${seed})`, async () => {
  for (const backend of [referenceBackend, wasmBackend]) {
    const snn = makeRandomSnn(seed + 1, { layers: 4 });
    const request = requestOf(snn, 1);
    const exit = await chooseThresholds(snn, request);
    const simulator = await backend.prepare(snn);
    const stopped = simulator.run({ ...request, exit });
    const observed = [...new Set([...times, ...request.snapshots])].sort((a, b) => a - b);
    const whole = simulator.run({ ...request, snapshots: observed });
    const classes = classesOf(snn);
    for (let image = 0; image < n; image++) {
      const outputsAt = (t: number) => {
        const from = (image * observed.length + observed.indexOf(t)) * classes;
        return whole.outputs.subarray(from, from + classes);
      };
      const at = times.findIndex((t, i) => readMargin(outputsAt(t)) > (exit.thresholds[i] as number));
      const last = times[at] ?? steps;
      assert.equal(stopped.exitSteps?.[image], last);
      for (const [snapshot, t] of request.snapshots.entries()) {
        const seen = Math.min(t, last);
        const from = (image * request.snapshots.length + snapshot) * classes;
        assert.deepEqual(stopped.outputs.subarray(from, from + classes), outputsAt(seen));
        for (const [index, { counts, shape }] of stopped.layers.entries()) {
          const size = shape[0] * shape[1] * shape[2];
          const own = (image * request.snapshots.length + snapshot) * size;
          const other = (image * observed.length + observed.indexOf(seen)) * size;
          const expected = whole.layers[index]?.counts.subarray(other, other + size);
          assert.deepEqual(counts.subarray(own, own + size), expected);
        }
      }
      for (const [i, t] of times.entries()) {
        const from = (image * times.length + i) * classes;
        const said = stopped.exitOutputs?.subarray(from, from + classes);
        assert.deepEqual(said, t <= last ? outputsAt(t) : new Float64Array(classes));
      }
    }
  }
});

test(`signed and burst spikes: the same exit steps, counts and Σ|s| to the bit (seed ${seed})`, async () => {
  const stopped: number[] = [];
  for (let each = 0; each < 8; each++) {
    const snn = makeRandomSnn(seed + 50 + each, { alphabet: "any", layers: 3 + (each % 3) });
    const request = requestOf(snn, each);
    const exit = await chooseThresholds(snn, request);
    const name = `seed ${seed + 50 + each}`;
    const expected = await assertSameSpikes(wasmBackend, snn, { ...request, exit }, name);
    const { actual } = await runBoth(wasmBackend, snn, { ...request, exit });
    assert.deepEqual(actual.exitSteps, expected.exitSteps, name);
    stopped.push(...(expected.exitSteps ?? []));
  }
  assert.ok(
    stopped.some((t) => t < steps),
    `stopped at ${stopped}`,
  );
});

test("a stopped image costs no further work: kernels are called less often, a stop at 1 far less", async () => {
  const snn = makeRandomSnn(seed + 2, { forms: ["conv", "identity"], channels: [16], layers: 3 });
  const countCalls = async (exit: ExitRequest) => {
    const simulator = await wasmBackend.prepare(snn);
    simulator.run({ ...requestOf(snn, 2), exit });
    return [0, 1, 2, 3, 5].reduce((sum, kernel) => sum + simulator.countCalls(kernel), 0);
  };
  const [all, one] = [await countCalls(never), await countCalls({ times, thresholds: times.map(() => -1) })];
  assert.ok(one > 0 && one * times.length <= all, `${one} calls, ${all} where nothing stops`);
});

test("exit requests that mean nothing are refused with exit 2", async () => {
  const snn = makeRandomSnn(seed);
  const request = requestOf(snn, 0);
  for (const backend of [referenceBackend, wasmBackend]) {
    const simulator = await backend.prepare(snn);
    for (const exit of [
      { times: [2, 2], thresholds: [1, 1] },
      { times: [0], thresholds: [1] },
      { times: [steps + 1], thresholds: [1] },
      { times: [2], thresholds: [] },
      { times: [2], thresholds: [Number.NaN] },
    ])
      assert.throws(() => simulator.run({ ...request, exit }), { exitCode: 2, code: "simulation-request" });
    const record = { layers: [], spikes: true, potentials: false, currents: false };
    assert.throws(() => simulator.run({ ...request, record, exit: never }), { exitCode: 2 });
  }
});
