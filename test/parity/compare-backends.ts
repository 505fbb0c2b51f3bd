/** What every backend has to pass: the same counts and outputs as the reference. */
import assert from "node:assert/strict";
import type { Snn } from "#src/graph/snn.js";
import type { Backend, SimulationRequest, SimulationResult } from "#src/simulator/backend.js";
import { referenceBackend } from "#src/simulator/reference/reference-backend.js";

/** Runs both and asserts equality to the bit, of counts, gates and outputs; gives the reference's result. */
export async function assertSameSpikes(
  backend: Backend,
  snn: Snn,
  request: SimulationRequest,
  name: string,
): Promise<SimulationResult> {
  const asked = request.exit === undefined ? { ...request, potentials: true } : request;
  const { expected, actual } = await runBoth(backend, snn, asked);
  assert.deepEqual(
    actual.layers.map((layer) => [layer.name, layer.shape]),
    expected.layers.map((layer) => [layer.name, layer.shape]),
  );
  for (const [kind, list, other] of [
    ["layer", expected.layers, actual.layers],
    ["gate", expected.gates, actual.gates],
  ] as const) {
    for (const [index, layer] of list.entries()) {
      const counts = other[index]?.counts ?? new Int32Array(0);
      assert.equal(counts.length, layer.counts.length, `${name}: ${kind} ${layer.name}`);
      const wrong = layer.counts.findIndex((count, i) => count !== counts[i]);
      const place = `${name}: ${kind} ${layer.name} at ${wrong}: ${counts[wrong]}, reference ${layer.counts[wrong]}`;
      assert.equal(wrong, -1, place);
      assert.deepEqual(other[index]?.magnitudes, layer.magnitudes, `${name}: ${kind} ${layer.name}, Σ|s|`);
      assert.deepEqual(other[index]?.events, layer.events, `${name}: ${kind} ${layer.name}, events`);
      assert.deepEqual(other[index]?.potentials, layer.potentials, `${name}: ${kind} ${layer.name}, V(T)`);
    }
  }
  assert.deepEqual([...actual.outputs], [...expected.outputs], `${name}: outputs`);
  return expected;
}

export async function runBoth(
  backend: Backend,
  snn: Snn,
  request: SimulationRequest,
): Promise<{ expected: SimulationResult; actual: SimulationResult }> {
  const [reference, other] = [await referenceBackend.prepare(snn), await backend.prepare(snn)];
  const result = { expected: reference.run(request), actual: other.run(request) };
  other.free();
  return result;
}

/** Σ|ΔN|/ΣN over all layers at all snapshots. */
export function countDifference(expected: SimulationResult, actual: SimulationResult): number {
  let [difference, total] = [0, 0];
  for (const [index, layer] of expected.layers.entries()) {
    for (const [i, count] of layer.counts.entries()) {
      difference += Math.abs(count - (actual.layers[index]?.counts[i] as number));
      total += count;
    }
  }
  return total === 0 ? difference : difference / total;
}

/** Σ|s| over layers, images, neurons and snapshots. */
export function totalSpikes({ layers }: SimulationResult): number {
  return layers.reduce(
    (sum, { counts, magnitudes }) => (magnitudes ?? counts).reduce((all, count) => all + count, sum),
    0,
  );
}
