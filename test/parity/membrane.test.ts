/** A membrane that would leave 32 bits is refused by the WebAssembly backend; one that just fits has the reference's counts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode } from "#src/graph/node-types.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, totalSpikes } from "./compare-backends.js";
import { wrapGraph } from "./make-random-snn.js";

const steps = 65_000;

/** One neuron with a constant current, and two outputs that it drives. */
function makeOneNeuron(threshold: number, current: number) {
  const one = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const;
  const whole = (values: number[], shape = [values.length]) =>
    makeTensor("int32", shape, Int32Array.from(values));
  const short = (values: number[], shape: number[]) => makeTensor("int16", shape, Int16Array.from(values));
  const nodes: GraphNode[] = [
    { id: "image", op: "input", inputs: [], attributes: { shape: [1, 1, 1] }, tensors: {} },
    {
      id: "conv",
      op: "conv",
      inputs: ["image"],
      attributes: one,
      tensors: { weight: short([1], [1, 1, 1, 1]) },
    },
    {
      id: "neuron",
      op: "neuron",
      inputs: ["conv"],
      attributes: { layer: "neuron", lo: 0, hi: 1, reset: "subtract", number: "int16" },
      tensors: { threshold: whole([threshold]), v0: whole([0]), current: whole([current]) },
    },
    { id: "flat", op: "flatten", inputs: ["neuron"], attributes: {}, tensors: {} },
    { id: "fc", op: "linear", inputs: ["flat"], attributes: {}, tensors: { weight: short([1, 2], [2, 1]) } },
    {
      id: "output",
      op: "output",
      inputs: ["fc"],
      attributes: { number: "int16" },
      tensors: { scale: makeTensor("float32", [2], new Float32Array([1, 1])), current: whole([0, 0]) },
    },
  ];
  return wrapGraph(new Graph(nodes));
}

const request: SimulationRequest = {
  images: new Float32Array(1),
  n: 1,
  steps,
  snapshots: [steps],
  readout: "mean",
  delay: 0,
};

test("the largest θ and currents of int16 fit T = 65,000", async () => {
  for (const current of [32_767, -32_767]) {
    const result = await assertSameSpikes(
      wasmBackend,
      makeOneNeuron(32_767, current),
      request,
      `I = ${current}`,
    );
    assert.equal(totalSpikes(result), current > 0 ? steps : 0);
  }
});

test("V − θ below −2³¹ is refused, not wrapped around to a spike", async () => {
  for (const [threshold, current] of [
    [2 ** 29, -32_767],
    [2 ** 25, -32_767],
  ] as const) {
    const simulator = await wasmBackend.prepare(makeOneNeuron(threshold, current));
    assert.throws(() => simulator.run(request), /V\(0\) \+ T·\(largest current\) \+ θ stays below 2³¹/);
    simulator.free();
  }
});
