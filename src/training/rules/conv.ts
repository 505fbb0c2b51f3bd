/**
 * Convolution and its gradients, in ordinary ONNX operators.
 *
 *   y[n,o,p] = b[o] + Σ_{i,k} w[o,i,k]·x[n,i,s·p+k−pad]
 *   ∂x = the transposed convolution of ∂y; with stride 1 a convolution with w flipped, i and o swapped
 *   ∂w[o,i,k] = Σ_{n,p} ∂y[n,o,p]·x[n,i,s·p+k−pad]: one matrix product over (n,p) for each k
 *   ∂b[o] = Σ_{n,p} ∂y[n,o,p]
 *
 * Not yet: groups and dilation.
 */
import { refuseInput } from "../../core/respike-error.js";
import type { NodeOf, Shape } from "../../graph/node-types.js";
import type { OnnxBuilder } from "../onnx-builder.js";
import { type GradientRule, type LoweringContext, onlyInput } from "./gradient-rule.js";

interface ConvGeometry {
  readonly batch: number;
  readonly input: Shape;
  readonly output: Shape;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
}

export const convRule: GradientRule<"conv"> = {
  trained: ["weight", "bias"],
  tracked: [],
  lower(node, inputs, context) {
    refuseUnsupported(node);
    const { builder } = context;
    const x = onlyInput(inputs);
    const weight = context.tensor(node, "weight");
    const geometry = describeGeometry(node, context);
    const bias = node.tensors.bias === undefined ? [] : [context.tensor(node, "bias")];
    const value = builder.emit("Conv", [x, weight, ...bias], {
      strides: { ints: geometry.stride },
      pads: { ints: geometry.padding },
    });
    return {
      value,
      backward(gradient, [wanted]) {
        context.giveGradient(node, "weight", emitWeightGradient(builder, geometry, x, gradient));
        if (bias.length > 0) context.giveGradient(node, "bias", builder.sum(gradient, [0, 2, 3], false));
        return [wanted === true ? emitInputGradient(builder, geometry, weight, gradient) : null];
      },
    };
  },
};

function refuseUnsupported(node: NodeOf<"conv">): void {
  const { groups, dilation } = node.attributes;
  if (groups === 1 && dilation[0] === 1 && dilation[1] === 1) return;
  throw refuseInput({
    code: "cannot-train",
    where: `${node.id} (conv)`,
    rule: "convolutions that are trained have 1 group and dilation 1",
    value: `groups ${groups}, dilation ${dilation.join("×")}`,
    next: "train it elsewhere and load the result",
  });
}

function describeGeometry(node: NodeOf<"conv">, context: LoweringContext): ConvGeometry {
  const [, , height = 1, width = 1] = node.tensors.weight?.shape ?? [];
  return {
    batch: context.batch,
    input: context.shape(node.inputs[0] as string),
    output: context.shape(node.id),
    kernel: [height, width],
    stride: node.attributes.stride,
    padding: node.attributes.padding,
  };
}

function emitInputGradient(
  builder: OnnxBuilder,
  { kernel, stride, padding, input, output }: ConvGeometry,
  weight: string,
  gradient: string,
): string {
  const [top, left, bottom, right] = padding;
  const [kh, kw] = kernel;
  const fits = Math.max(top, bottom) < kh && Math.max(left, right) < kw;
  if (stride[0] === 1 && stride[1] === 1 && fits) {
    const flipped = builder.emit("Slice", [
      builder.emit("Transpose", [weight], { perm: { ints: [1, 0, 2, 3] } }),
      builder.ints([kh - 1, kw - 1]),
      builder.ints([-kh - 1, -kw - 1]),
      builder.ints([2, 3]),
      builder.ints([-1, -1]),
    ]);
    return builder.emit("Conv", [gradient, flipped], {
      pads: { ints: [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right] },
    });
  }
  const rest = (axis: 0 | 1, before: number, after: number) =>
    (input[axis + 1] as number) -
    (((output[axis + 1] as number) - 1) * stride[axis] + kernel[axis] - before - after);
  return builder.emit("ConvTranspose", [gradient, weight], {
    strides: { ints: stride },
    pads: { ints: padding },
    output_padding: { ints: [rest(0, top, bottom), rest(1, left, right)] },
  });
}

/**
 * With x as [I, N·Hx·Wx] (padded) and, for stride 1, ∂y laid out on the same padded rows, the window's
 * offset k is a shift along the flat axis; for other strides it is a strided slice.
 */
function emitWeightGradient(
  builder: OnnxBuilder,
  geometry: ConvGeometry,
  x: string,
  gradient: string,
): string {
  const [kh, kw] = geometry.kernel;
  const channelsFirst = { perm: { ints: [1, 0, 2, 3] } };
  const padded = builder.emit(
    "Transpose",
    [emitPad(builder, x, geometry.input[0], geometry.padding)],
    channelsFirst,
  );
  const flat = geometry.stride[0] === 1 && geometry.stride[1] === 1 && kh * kw > 1;
  const products = flat
    ? emitShiftedProducts(builder, geometry, padded, gradient)
    : emitStridedProducts(builder, geometry, padded, builder.emit("Transpose", [gradient], channelsFirst));
  const [outputs, inputs] = [geometry.output[0], geometry.input[0]];
  if (products.length === 1) return builder.reshape(products[0] as string, [outputs, inputs, kh, kw]);
  const stacked = builder.emit(
    "Concat",
    products.map((product) => builder.reshape(product, [outputs, inputs, 1])),
    { axis: { int: 2 } },
  );
  return builder.reshape(stacked, [outputs, inputs, kh, kw]);
}

/** Zeros around every map, by a convolution with ones, which takes half as long as Pad. */
function emitPad(
  builder: OnnxBuilder,
  value: string,
  channels: number,
  padding: ConvGeometry["padding"],
): string {
  if (padding.every((side) => side === 0)) return value;
  const ones = builder.constant([channels, 1, 1, 1], new Array<number>(channels).fill(1));
  return builder.emit("Conv", [value, ones], { group: { int: channels }, pads: { ints: padding } });
}

/** Stride 1: ∂y·xᵀ with x shifted by ky rows and kx columns along the flat axis. */
function emitShiftedProducts(
  builder: OnnxBuilder,
  { batch, input, output, kernel, padding }: ConvGeometry,
  padded: string,
  gradient: string,
): string[] {
  const [kh, kw] = kernel;
  const rows = input[1] + padding[0] + padding[2];
  const columns = input[2] + padding[1] + padding[3];
  const length = batch * rows * columns;
  const reach = (kh - 1) * columns + kw - 1;
  const spread = emitPad(builder, gradient, output[0], [0, 0, rows - output[1], columns - output[2]]);
  const dy = builder.emit("Slice", [
    builder.reshape(builder.emit("Transpose", [spread], { perm: { ints: [1, 0, 2, 3] } }), [
      output[0],
      length,
    ]),
    builder.ints([0]),
    builder.ints([length - reach]),
    builder.ints([1]),
  ]);
  const flat = builder.reshape(padded, [input[0], length]);
  return offsets(kernel).map(([ky, kx]) => {
    const shift = ky * columns + kx;
    const shifted = builder.emit("Slice", [
      flat,
      builder.ints([shift]),
      builder.ints([length - reach + shift]),
      builder.ints([1]),
    ]);
    return builder.emit("Gemm", [dy, shifted], { transB: { int: 1 } });
  });
}

function emitStridedProducts(
  builder: OnnxBuilder,
  { batch, input, output, kernel, stride }: ConvGeometry,
  padded: string,
  gradient: string,
): string[] {
  const positions = batch * output[1] * output[2];
  const dy = builder.reshape(gradient, [output[0], positions]);
  return offsets(kernel).map(([ky, kx]) => {
    const sliced = builder.emit("Slice", [
      padded,
      builder.ints([ky, kx]),
      builder.ints([ky + (output[1] - 1) * stride[0] + 1, kx + (output[2] - 1) * stride[1] + 1]),
      builder.ints([2, 3]),
      builder.ints(stride),
    ]);
    return builder.emit("Gemm", [dy, builder.reshape(sliced, [input[0], positions])], {
      transB: { int: 1 },
    });
  });
}

function offsets([kh, kw]: readonly [number, number]): (readonly [number, number])[] {
  return Array.from({ length: kh * kw }, (_, at) => [Math.floor(at / kw), at % kw] as const);
}
