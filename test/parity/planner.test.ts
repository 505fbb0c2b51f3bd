/** What the planner makes of rates: the choice follows them, spikes do not, and networks without any are planned as ever. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type GraphNode, isOp } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { defaultRate } from "#src/simulator/wasm/expected-spikes.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes } from "./compare-backends.js";
import { makeResidualSnn, residualImages } from "./make-residual-snn.js";

const network = await makeResidualSnn(1, 0.1, "int16");

const withRate = (rate: number): Snn => ({
  ...network,
  graph: network.graph.rewrite(
    (node): GraphNode =>
      isOp(node, "neuron") ? { ...node, attributes: { ...node.attributes, rate } } : node,
  ),
});

const explain = async (snn: Snn) => {
  const simulator = await wasmBackend.prepare(snn);
  return simulator.explain().filter(({ rate }) => rate !== null);
};

test("the model reckons with a layer's rate, and with the default where the network tells none", async () => {
  const [none, rare, dense] = [
    await explain(network),
    await explain(withRate(0.002)),
    await explain(withRate(0.3)),
  ];
  assert.ok(none.length > 3);
  for (const [at, layer] of none.entries()) {
    assert.equal(layer.rate, defaultRate, layer.layer);
    assert.equal(rare[at]?.rate, 0.002, layer.layer);
    assert.equal(dense[at]?.rate, 0.3, layer.layer);
    const [few, some, many] = [rare[at], layer, dense[at]].map((each) => each?.modelledMicroseconds ?? 0);
    assert.ok(
      (few ?? 0) < (some ?? 0) && (some ?? 0) < (many ?? 0),
      `${layer.layer}: ${few}, ${some}, ${many}`,
    );
  }
  assert.notDeepEqual(
    rare.map(({ kernel }) => kernel),
    dense.map(({ kernel }) => kernel),
  );
});

test("a rate changes no spike", async () => {
  const images = residualImages(1);
  const request = { images, n: 1, steps: 8, snapshots: [8], readout: "mean", delay: 0 } as const;
  for (const rate of [0.002, 0.3]) {
    await assertSameSpikes(wasmBackend, withRate(rate), request, `rate ${rate}`);
  }
});
