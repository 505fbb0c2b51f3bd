/**
 * Writes ONNX models (onnx.proto3, IR version 8) as bytes, without a protobuf library.
 *
 * Knows: the messages and field numbers of ONNX that a model of dense tensors needs.
 * May not know: what the operators compute, graphs of ours, files.
 *
 * @example
 * ```ts
 * const bytes = encodeOnnxModel({
 *   nodes: [makeNode("Gemm", ["x", "w"], ["y"], { transB: { int: 1 } })],
 *   initializers: [makeTensor("w", float32Tensor([10, 64], weights))],
 *   inputs: [makeValueInfo("x", "float32", ["N", 64])],
 *   outputs: [makeValueInfo("y", "float32", ["N", 10])],
 *   opsets: [{ domain: "", version: 17 }],
 * });
 * ```
 */
import { viewBytes } from "../core/sha256.js";

/** Element types and their numbers in `TensorProto.DataType`. */
const onnxTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
} as const;

export type OnnxType = keyof typeof onnxTypes;

/** A tensor as ONNX stores it; `core/tensor.ts` tensors fit. Bools are bytes 0 or 1. */
export interface OnnxTensorValue {
  readonly dtype: OnnxType;
  readonly shape: readonly number[];
  /** Row-major, little-endian; read only. */
  readonly data: ArrayBufferView;
}

/** The kind is said, for 1 may be an int or a float. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly tensor: OnnxTensorValue };

export interface OnnxNode {
  readonly opType: string;
  /** Names of values; "" leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  readonly domain: string;
  readonly name: string;
}

export interface OnnxTensor extends OnnxTensorValue {
  readonly name: string;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: OnnxType;
  /** A number fixes an extent, a string names one that may vary, as "N". */
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Domain "" is ONNX itself; "com.microsoft" and "ai.onnx.preview.training" are others. */
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly name?: string;
}

/** A node; its name is that of its first output. `domain` defaults to ONNX itself. */
export function makeNode(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
  domain = "",
): OnnxNode {
  return { opType, inputs, outputs, attributes, domain, name: outputs.find((each) => each !== "") ?? opType };
}

/** A named tensor (an initializer); shares the value's data. */
export function makeTensor(name: string, value: OnnxTensorValue): OnnxTensor {
  return { name, dtype: value.dtype, shape: value.shape, data: value.data };
}

/** The name, type and shape of an input or output. */
export function makeValueInfo(
  name: string,
  dtype: OnnxType,
  shape: readonly (number | string)[],
): OnnxValueInfo {
  return { name, dtype, shape };
}

/** An int64 tensor of one axis, as `Reshape`, `Pad` and `Slice` take it. */
export function int64Vector(name: string, values: readonly number[]): OnnxTensor {
  return makeTensor(name, {
    dtype: "int64",
    shape: [values.length],
    data: BigInt64Array.from(values, (value) => BigInt(value)),
  });
}

/** The model's bytes, a `ModelProto`. */
export function encodeOnnxModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const graph = joinBytes([
    ...model.nodes.map((node) => blockField(1, encodeNode(node))),
    textField(2, model.name ?? "respike"),
    ...model.initializers.map((tensor) => blockField(5, encodeTensor(tensor, tensor.name))),
    ...model.inputs.map((info) => blockField(11, encodeValueInfo(info))),
    ...model.outputs.map((info) => blockField(12, encodeValueInfo(info))),
  ]);
  return joinBytes([
    intField(1, 8),
    textField(2, "respike"),
    blockField(7, graph),
    ...model.opsets.map(({ domain, version }) =>
      blockField(8, joinBytes([textField(1, domain), intField(2, version)])),
    ),
  ]);
}

function encodeNode(node: OnnxNode): Uint8Array {
  return joinBytes([
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(3, node.name),
    textField(4, node.opType),
    ...Object.entries(node.attributes).map(([name, value]) => blockField(5, encodeAttribute(name, value))),
    textField(7, node.domain),
  ]);
}

function encodeAttribute(name: string, value: OnnxAttribute): Uint8Array {
  const fields = (type: number, ...parts: Uint8Array[]) =>
    joinBytes([textField(1, name), ...parts, intField(20, type)]);
  if ("float" in value) return fields(1, floatField(2, value.float));
  if ("int" in value) return fields(2, intField(3, value.int));
  if ("string" in value) return fields(3, textField(4, value.string));
  if ("tensor" in value) return fields(4, blockField(5, encodeTensor(value.tensor, "")));
  if ("floats" in value) return fields(6, ...value.floats.map((each) => floatField(7, each)));
  return fields(7, ...value.ints.map((each) => intField(8, each)));
}

function encodeTensor(tensor: OnnxTensorValue, name: string): Uint8Array {
  return joinBytes([
    ...tensor.shape.map((size) => intField(1, size)),
    intField(2, onnxTypes[tensor.dtype]),
    textField(8, name),
    blockField(9, viewBytes(tensor.data)),
  ]);
}

function encodeValueInfo(info: OnnxValueInfo): Uint8Array {
  const axes = info.shape.map((size) =>
    blockField(1, typeof size === "number" ? intField(1, size) : textField(2, size)),
  );
  const tensorType = joinBytes([intField(1, onnxTypes[info.dtype]), blockField(2, joinBytes(axes))]);
  return joinBytes([textField(1, info.name), blockField(2, blockField(1, tensorType))]);
}

/** Base-128, least significant first; negative numbers as 64-bit two's complement. */
function encodeVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

function intField(field: number, value: number): Uint8Array {
  return Uint8Array.from([...encodeVarint(field << 3), ...encodeVarint(value)]);
}

function floatField(field: number, value: number): Uint8Array {
  return joinBytes([Uint8Array.from(encodeVarint((field << 3) | 5)), viewBytes(Float32Array.of(value))]);
}

function textField(field: number, text: string): Uint8Array {
  return blockField(field, new TextEncoder().encode(text));
}

function blockField(field: number, body: Uint8Array): Uint8Array {
  return joinBytes([
    Uint8Array.from([...encodeVarint((field << 3) | 2), ...encodeVarint(body.length)]),
    body,
  ]);
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
