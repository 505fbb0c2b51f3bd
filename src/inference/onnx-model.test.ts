/** The encoder of ONNX files, read by onnxruntime. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as ort from "onnxruntime-node";
import { float32Tensor } from "../core/tensor.js";
import { encodeOnnxModel, int64Vector, makeNode, makeTensor, makeValueInfo } from "./onnx-model.js";

test("a model with every kind of attribute runs in onnxruntime", async () => {
  const bytes = encodeOnnxModel({
    nodes: [
      makeNode("Conv", ["x", "w"], ["a"], { strides: { ints: [1, 1] }, auto_pad: { string: "VALID" } }),
      makeNode("LeakyRelu", ["a"], ["b"], { alpha: { float: 0.5 } }),
      makeNode("Constant", [], ["c"], { value: { tensor: float32Tensor([1], [10]) } }),
      makeNode("Add", ["b", "c"], ["d"]),
      makeNode("Flatten", ["d"], ["e"], { axis: { int: -3 } }),
      makeNode("Reshape", ["e", "shape"], ["f"]),
      makeNode("Where", ["mask", "f", "c"], ["y"]),
    ],
    initializers: [
      makeTensor("w", float32Tensor([1, 1, 1, 1], [2])),
      makeTensor("mask", { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) }),
      int64Vector("shape", [-1, 3]),
    ],
    inputs: [makeValueInfo("x", "float32", ["N", 1, 1, 3])],
    outputs: [makeValueInfo("y", "float32", ["N", 3])],
    opsets: [{ domain: "", version: 17 }],
  });
  const session = await ort.InferenceSession.create(bytes);
  const x = new ort.Tensor("float32", Float32Array.of(1, 2, -3), [1, 1, 1, 3]);
  const { y } = await session.run({ x });
  assert.ok(y !== undefined);
  assert.deepEqual([...(y.data as Float32Array)], [12, 10, 7]);
  assert.deepEqual(y.dims, [1, 3]);
  await session.release();
});
