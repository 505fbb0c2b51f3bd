/** The dense backend's interface: what it gives, refuses and survives. The oracles stand in test/oracle. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomUnit } from "../core/counter-random.js";
import { RespikeError } from "../core/respike-error.js";
import { float32Tensor } from "../core/tensor.js";
import { Graph } from "../graph/graph.js";
import type { GraphNode, Shape } from "../graph/node-types.js";
import { denseBackend } from "./dense-backend.js";
import { growMemory } from "./dense-kernels.js";

function inputNode(shape: Shape): GraphNode {
  return { id: "input", op: "input", inputs: [], attributes: { shape }, tensors: {} };
}

function chain(...scales: readonly number[]): Graph {
  const nodes = scales.map(
    (scale, at): GraphNode => ({
      id: `scale${at}`,
      op: "affine",
      inputs: [at === 0 ? "input" : `scale${at - 1}`],
      attributes: {},
      tensors: { scale: float32Tensor([1], [scale]) },
    }),
  );
  return new Graph([inputNode([1, 1, 2]), ...nodes]);
}

test("a 2×2 convolution with padding, by hand", async () => {
  const conv: GraphNode = {
    id: "conv",
    op: "conv",
    inputs: ["input"],
    attributes: { stride: [1, 1], padding: [0, 0, 1, 1], dilation: [1, 1], groups: 1 },
    tensors: { weight: float32Tensor([1, 1, 2, 2], [1, 10, 100, 1000]), bias: float32Tensor([1], [0.5]) },
  };
  const network = await denseBackend.prepare(new Graph([inputNode([1, 2, 2]), conv]));
  const y = network.run(Float32Array.of(1, 2, 3, 4), 1, ["conv"]).get("conv");
  assert.deepEqual([...(y ?? [])], [4321.5, 402.5, 43.5, 4.5]);
});

test("only what is asked for is given, also of several nodes, the input and none", async () => {
  const network = await denseBackend.prepare(chain(2, 3, 5));
  const x = Float32Array.of(1, 2, 3, 4);
  assert.deepEqual([...network.run(x, 2, ["scale1", "input"])].sort(), [
    ["input", x],
    ["scale1", Float32Array.of(6, 12, 18, 24)],
  ]);
  assert.equal(network.run(x, 2, []).size, 0);
  assert.equal(network.run(new Float32Array(0), 0, ["scale2"]).get("scale2")?.length, 0);
});

test("NaN in an image comes out as NaN of that image alone", async () => {
  const relu: GraphNode = {
    id: "relu",
    op: "relu",
    inputs: ["scale0"],
    attributes: { layer: "a", max: 6 },
    tensors: {},
  };
  const network = await denseBackend.prepare(new Graph([...chain(2).nodes, relu]));
  const y = network.run(Float32Array.of(Number.NaN, 1, -1, 9), 2, ["relu"]).get("relu");
  assert.deepEqual([...(y ?? [])], [Number.NaN, 2, 0, 6]);
});

test("wrong sizes, unknown nodes and freed networks are named", async () => {
  const network = await denseBackend.prepare(chain(2));
  assert.throws(
    () => network.run(new Float32Array(3), 1, []),
    /1 images of \[1,1,2\] have 2 values, given 3/,
  );
  assert.throws(() => network.run(new Float32Array(2), 1, ["nobody"]), /no node 'nobody'/);
  network.free();
  assert.throws(() => network.run(new Float32Array(2), 1, []), /freed/);
});

test("a batch norm that divides by zero is refused with its channel", async () => {
  const tensors = Object.fromEntries(
    ["gamma", "beta", "mean", "variance"].map((name) => [
      name,
      float32Tensor([1], [name === "gamma" ? 1 : 0]),
    ]),
  );
  const norm: GraphNode = {
    id: "bn",
    op: "batch-norm",
    inputs: ["input"],
    attributes: { epsilon: 0 },
    tensors,
  };
  await assert.rejects(denseBackend.prepare(new Graph([inputNode([1, 1, 1]), norm])), (error) => {
    assert.ok(error instanceof RespikeError && error.exitCode === 3);
    assert.match(error.message, /bn \(batch-norm\): variance 0 of channel 0/);
    return true;
  });
});

test("memory that cannot be had ends with exit code 5", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  for (const bytes of [1e6, 2 ** 40]) {
    assert.throws(
      () => growMemory(memory, bytes),
      (error) => error instanceof RespikeError && error.exitCode === 5 && error.code === "out-of-memory",
    );
  }
});

test("kernels that are not there end with exit code 5", async () => {
  const wasmUrl = new URL("nowhere.wasm", import.meta.url);
  await assert.rejects(denseBackend.prepare(chain(1), { wasmUrl }), (error) => {
    return error instanceof RespikeError && error.exitCode === 5 && error.code === "file-missing";
  });
});

test("a convolution's sum has its one documented order, to the bit: bias, then rows, columns, channels", async () => {
  const [inputs, outputs, size] = [5, 11, 6] as const;
  const random = (seed: number, length: number) =>
    Float32Array.from({ length }, (_, at) => randomUnit(seed, at) - 0.5);
  const [x, w, b] = [random(1, inputs * size * size), random(2, outputs * inputs * 9), random(3, outputs)];
  const conv: GraphNode = {
    id: "conv",
    op: "conv",
    inputs: ["input"],
    attributes: { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 },
    tensors: { weight: float32Tensor([outputs, inputs, 3, 3], w), bias: float32Tensor([outputs], b) },
  };
  const at = (c: number, row: number, column: number) =>
    row < 0 || row >= size || column < 0 || column >= size ? 0 : (x[(c * size + row) * size + column] ?? 0);
  const expected = Float32Array.from({ length: outputs * size * size }, (_, index) => {
    const [o, row, column] = [Math.floor(index / size ** 2), Math.floor(index / size) % size, index % size];
    let sum = b[o] ?? 0;
    for (let tap = 0; tap < 9; tap++) {
      for (let c = 0; c < inputs; c++) {
        const value = at(c, row + Math.floor(tap / 3) - 1, column + (tap % 3) - 1);
        sum = Math.fround(sum + Math.fround(value * (w[(o * inputs + c) * 9 + tap] ?? 0)));
      }
    }
    return sum;
  });
  const network = await denseBackend.prepare(new Graph([inputNode([inputs, size, size]), conv]));
  assert.deepEqual(network.run(x, 1, ["conv"]).get("conv"), expected);
});

test("values too large for any memory end with exit code 5 before anything is allocated", async () => {
  const relu: GraphNode = {
    id: "relu",
    op: "relu",
    inputs: ["input"],
    attributes: { layer: "relu", max: null },
    tensors: {},
  };
  await assert.rejects(
    denseBackend.prepare(new Graph([inputNode([1, 1_000_000, 1_000_000]), relu])),
    (error) => error instanceof RespikeError && error.exitCode === 5 && error.code === "out-of-memory",
  );
});
