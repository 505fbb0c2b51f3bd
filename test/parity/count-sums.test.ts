/** Weighted sums of counts that the WebAssembly backend takes in its own memory, against sums over the reference's counts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Snn } from "#src/graph/snn.js";
import type { LayerCounts, SimulationRequest, SourceWeights } from "#src/simulator/backend.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { runBoth } from "./compare-backends.js";
import { alphabets, makeRandomImages, makeRandomSnn } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 4_711);
const [n, steps] = [3, 40];
const snapshots = [7, 8, 25, steps];

/** Weights of up to 31 bits, zeros among them. */
function makeWeights(sources: readonly LayerCounts[]): SourceWeights {
  let state = seed >>> 0;
  const draw = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % 3 === 0 ? 0 : state >>> (1 + (state % 20));
  };
  return new Map(
    sources.map(({ name, shape: [c, h, w] }) => {
      const make = () => Int32Array.from({ length: c * h * w }, draw);
      return [name, [make(), make()] as const];
    }),
  );
}

function sumCounts(
  { counts, magnitudes }: LayerCounts,
  pair: readonly [ArrayLike<number>, ArrayLike<number>],
) {
  const sent = magnitudes ?? counts;
  const size = counts.length / n / snapshots.length;
  return Array.from({ length: n * snapshots.length }, (_, at) => {
    const own = [...sent.subarray(at * size, (at + 1) * size)];
    const weigh = (weights: ArrayLike<number>) =>
      own.reduce((sum, count, i) => sum + count * (weights[i] ?? 0), 0);
    return [own.reduce((sum, count) => sum + count, 0), weigh(pair[0]), weigh(pair[1])];
  }).flat();
}

/** [N][neurons] at T. */
function atEnd(counts: Int32Array | undefined): Int32Array | undefined {
  if (counts === undefined) return undefined;
  const size = counts.length / n / snapshots.length;
  return counts.filter((_, i) => Math.floor(i / size) % snapshots.length === snapshots.length - 1);
}

async function checkSums(snn: Snn, request: SimulationRequest, name: string): Promise<number> {
  const { expected, actual: without } = await runBoth(wasmBackend, snn, request);
  assert.equal(
    without.layers.some(({ sums }) => sums !== undefined),
    false,
  );
  const weights = makeWeights([...expected.layers, ...expected.gates]);
  const { actual } = await runBoth(wasmBackend, snn, { ...request, weights });
  assert.deepEqual(actual.outputs, expected.outputs, `${name}: outputs`);
  let total = 0;
  for (const [list, other] of [
    [expected.layers, actual.layers],
    [expected.gates, actual.gates],
  ] as const) {
    for (const [at, layer] of list.entries()) {
      const wanted = sumCounts(layer, weights.get(layer.name) ?? [[], []]);
      assert.deepEqual([...(other[at]?.sums ?? [])], wanted, `${name}: ${layer.name}`);
      for (const key of ["counts", "magnitudes"] as const) {
        assert.deepEqual(other[at]?.[key], atEnd(layer[key]), `${name}: ${key} of ${layer.name} at T`);
      }
      total += wanted.reduce((sum, value) => sum + value, 0);
    }
  }
  return total;
}

for (const spikes of alphabets) {
  test(`sums and counts at T equal the reference's to the bit, spikes ${JSON.stringify(spikes)} (seed ${seed})`, async () => {
    let total = 0;
    for (let each = 0; each < 6; each++) {
      const outputNeurons = each % 3 === 1;
      const snn = makeRandomSnn(seed + each, { alphabet: spikes, outputNeurons, layers: 3 });
      const readout = outputNeurons ? "count+softmax" : "mean";
      const request = {
        images: makeRandomImages(snn, n, each),
        n,
        steps,
        snapshots,
        readout,
        delay: each,
      } as const;
      total += await checkSums(snn, request, `seed ${seed + each}`);
    }
    assert.ok(total > 0, "something fired");
  });
}

test(`with early exit sums stay what they were when the image stopped (seed ${seed})`, async () => {
  const snn = makeRandomSnn(seed + 50, { layers: 3 });
  const times = [3, 7, 12, 30];
  const exit = { times, thresholds: times.map(() => 0) };
  const request = {
    images: makeRandomImages(snn, n, 1),
    n,
    steps,
    snapshots,
    readout: "mean",
    delay: 0,
    exit,
  } as const;
  assert.ok((await checkSums(snn, request, "early exit")) > 0);
});
