/** What the planner makes of rates: the choice follows them, spikes do not, and networks without any are planned as ever. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type GraphNode, isOp, type NumberFormat } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { defaultRate } from "#src/simulator/wasm/planning/expected-spikes.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes } from "./compare-backends.js";
import { type LayerForm, makeRandomSnn } from "./make-random-snn.js";
import { makeResidualSnn, residualImages } from "./make-residual-snn.js";

const network = await makeResidualSnn(1, 0.1, "int16");

const withRate = (rate: number, snn: Snn = network): Snn => ({
  ...snn,
  graph: snn.graph.rewrite(
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

/** Two lists (a pool before their neurons) or convolutions; the first hears the image alone. */
const explainPlain = async (number: NumberFormat, form: LayerForm, rate: number) => {
  const snn = makeRandomSnn(3, { number, forms: [form], channels: [16], layers: 2 });
  return (await wasmBackend.prepare(withRate(rate, snn))).explain();
};

test("layers that only one kernel runs have a modelled time too, which follows the rate in lists alone", async () => {
  const families: string[] = [];
  for (const number of ["int32", "float32"] as const) {
    // sums of 32-bit integers choose between two
    for (const form of number === "int32" ? (["before"] as const) : (["conv", "before"] as const)) {
      const [few, many] = [await explainPlain(number, form, 0.01), await explainPlain(number, form, 0.2)];
      assert.equal(few.length, 2);
      for (const [at, { kernel, rate, modelledMicroseconds }] of few.entries()) {
        assert.equal(rate, at === 0 ? null : 0.01, kernel);
        assert.ok(modelledMicroseconds > 0, kernel);
        const more = (many[at]?.modelledMicroseconds ?? 0) - modelledMicroseconds;
        assert.ok(form === "before" && at === 1 ? more > 0 : more === 0, `${kernel}: ${more}`);
        families.push(kernel);
      }
    }
  }
  const wanted = ["list int32", "constant float32", "table-8 float32", "list float32"];
  assert.deepEqual([...new Set(families)].sort(), wanted.sort());
});

test("sums of 32-bit integers are taken from events where spikes are rare, from tables where they are not", async () => {
  for (const [rate, kernel] of [
    [0.01, "events int32"],
    [0.5, "table-8 int32"],
  ] as const) {
    const [first, second] = await explainPlain("int32", "conv", rate);
    assert.equal(first?.kernel, "constant int32");
    assert.equal(second?.kernel, kernel);
    assert.deepEqual(second?.candidates.map((each) => each.kernel).sort(), ["events int32", "table-8 int32"]);
  }
});

test("a rate changes no spike", async () => {
  const images = residualImages(1);
  const request = { images, n: 1, steps: 8, snapshots: [8], readout: "mean", delay: 0 } as const;
  for (const rate of [0.002, 0.3]) {
    await assertSameSpikes(wasmBackend, withRate(rate), request, `rate ${rate}`);
  }
});
