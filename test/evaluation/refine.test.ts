/** Networks that refine in results: events beside Σ|s|, rates in units of λ, the same for any backend and batch. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { countFanOuts } from "#src/evaluation/count-operations.js";
import { startChunkHandler } from "#src/evaluation/evaluate-chunk.js";
import { evaluateSnn } from "#src/evaluation/evaluate-snn.js";
import { type EvaluationOptions, planEvaluation } from "#src/evaluation/evaluation-plan.js";
import { writeCurve } from "#src/evaluation/result-tables.js";
import { type GraphNode, isOp } from "#src/graph/node-types.js";
import { preprocessPixels } from "#src/graph/preprocessing.js";
import { quantumAt, refinementOf } from "#src/graph/refinement.js";
import type { Snn } from "#src/graph/snn.js";
import { renderTable } from "#src/report/render-table.js";
import { referenceBackend } from "#src/simulator/reference/reference-backend.js";
import { buildSmallSnn, smallImages } from "./residual-networks.js";

const [n, T] = [7, 5];
const refine = refinementOf(7);
const runner = makeInlineRunner({ "evaluate-chunk": startChunkHandler });

function buildRefining(): Snn {
  const snn = buildSmallSnn({ lo: -7, hi: 7 });
  const graph = snn.graph.rewrite((node) =>
    isOp(node, "neuron", "output")
      ? ({ ...node, attributes: { ...node.attributes, refine } } as GraphNode)
      : node,
  );
  return { ...snn, graph, options: { ...snn.options, readout: "final" } };
}

const snn = buildRefining();

function evaluate(options: EvaluationOptions) {
  const plan = planEvaluation(snn, smallImages(n), "small", { T, at: [1, 3], hash: true, ...options });
  return evaluateSnn(plan, runner);
}

test("events, Σ|s|, their operations, rates, saturated and silent, from recorded spikes", async () => {
  const { result } = await evaluate({ backend: "reference" });
  assert.equal(result.snn.alphabet, "refine:7");
  const images = preprocessPixels(smallImages(n).pixels, 1, 64, snn.preprocessing);
  const simulator = await referenceBackend.prepare(snn);
  const record = { layers: ["conv1", "layer1.0"], spikes: true, potentials: false, currents: false };
  const raw = simulator.run({ images, n, steps: T, snapshots: [T], readout: "final", delay: 0, record });
  const fanOuts = countFanOuts(snn.graph, { effective: true });
  for (const [at, layer] of result.layers.entries()) {
    const links = fanOuts.get(layer.name) as Float64Array;
    const counts = raw.layers[at]?.counts ?? new Int32Array(0);
    let [spikes, events, sop, sopEvents] = [0, 0, 0, 0];
    for (const { layers } of raw.records ?? []) {
      for (const [i, s] of (layers.get(layer.name)?.spikes ?? new Int8Array(0)).entries()) {
        const reached = links[i % links.length] as number;
        spikes += Math.abs(s);
        events += Number(s !== 0);
        sop += Math.abs(s) * reached;
        sopEvents += Number(s !== 0) * reached;
      }
    }
    assert.ok(events > 0 && events < spikes);
    assert.deepEqual(
      [layer.spikes, layer.events, layer.sopEffective, layer.sopEvents],
      [spikes / n, events / n, sop / n, sopEvents / n],
    );
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    assert.ok(Math.abs(layer.rate - mean * quantumAt(refine, T)) < 1e-12);
    const most = 7 * (2 ** T - 1);
    assert.equal(layer.saturated, counts.filter((count) => count === most).length / counts.length);
    assert.equal(layer.silent, counts.filter((count) => count === 0).length / counts.length);
  }
});

test("the same for both backends and any batch, the hash of all counts too", async () => {
  const all = [
    await evaluate({ backend: "reference" }),
    await evaluate({ backend: "wasm" }),
    await evaluate({ backend: "wasm", batch: 2 }),
  ];
  const [first, ...others] = all.map(({ result: { run: _, ...result } }) => result);
  assert.ok(first?.spikeHash);
  for (const other of others) assert.deepEqual(other, first);
});

test("tables name the alphabet and show events", async () => {
  const { result } = await evaluate({});
  assert.match(renderTable(result), /refine:7 spikes.*operations.*events.*operations by events/);
  assert.match(renderTable(result), /multi-level/);
  assert.match(writeCurve(result).split("\n")[0] ?? "", /alphabet,events,sopEvents$/);
});

test("options that only rates have are refused before an image is run: exit 2", () => {
  const plan = (options: EvaluationOptions) => () =>
    planEvaluation(snn, smallImages(n), "small", { T, ...options });
  for (const options of [{ readout: "mean" }, { delay: 2 }, { input: "poisson" }] as const)
    assert.throws(plan(options), { exitCode: 2 }, JSON.stringify(options));
});
