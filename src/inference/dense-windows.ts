/**
 * The dense program of operators with windows and sums of products.
 *
 * Knows: conv, linear, pool and their kernels. May not know: graphs, the other operators.
 */
import type { NodeOf, Shape } from "../graph/node-types.js";
import {
  packGroupWeights,
  packWeights,
  paddedChannels,
  spreadChannels,
  strides,
  toFloat32,
} from "./dense-layout.js";
import type { DenseBuffer, DenseProgram, Place } from "./dense-program.js";

/** A value in the dense layout. */
export interface DenseValue {
  readonly shape: Shape;
  readonly buffer: DenseBuffer;
}

/** A new value that the step at hand writes. */
export function newValue(program: DenseProgram, shape: Shape): DenseValue {
  return { shape, buffer: program.buffer(strides(shape).size) };
}

/** Where a convolution's pixels and window segments stand in its padded input. */
interface WindowTables {
  readonly pixels: Place;
  readonly pixelCount: number;
  readonly segments: Place;
  readonly segmentCount: number;
  readonly segmentBytes: number;
}

/** The input with zeros around it, or the input itself where there are none to add. */
function padInput(program: DenseProgram, input: DenseValue, sides: readonly number[]): DenseValue {
  const [top = 0, left = 0, bottom = 0, right = 0] = sides;
  const [channels, height, width] = input.shape;
  if (top + left + bottom + right === 0) return input;
  const padded = newValue(program, [channels, height + top + bottom, width + left + right]);
  const from = strides(input.shape);
  const to = strides(padded.shape);
  const lanes = paddedChannels(channels);
  program.call((kernels) => {
    const { address } = padded.buffer;
    kernels.fillZero(address, to.size);
    const target = address + top * to.row + left * to.pixel;
    const source = input.buffer.address;
    kernels.copyBlock(source, from.row, from.pixel, 4, target, to.row, to.pixel, 4, height, width, lanes);
  });
  return padded;
}

/** @param joined whether a window row is one run of memory (no groups, no dilation along it) */
function windowTables(
  program: DenseProgram,
  node: NodeOf<"conv">,
  padded: Shape,
  [, outHeight, outWidth]: Shape,
  joined: boolean,
): WindowTables {
  const { stride, dilation } = node.attributes;
  const [, , kernelHeight = 1, kernelWidth = 1] = node.tensors.weight?.shape ?? [];
  const { pixel, row } = strides(padded);
  const [down, right] = [stride[0] * row, stride[1] * pixel];
  const [tapDown, tapRight] = [dilation[0] * row, dilation[1] * pixel];
  const pixelCount = outHeight * outWidth;
  const taps = joined ? 1 : kernelWidth;
  const segmentCount = kernelHeight * taps;
  const pixelAt = (at: number) => Math.floor(at / outWidth) * down + (at % outWidth) * right;
  const segmentAt = (at: number) => Math.floor(at / taps) * tapDown + (at % taps) * tapRight;
  return {
    pixels: program.table(`pixels ${outHeight}×${outWidth} by ${down}, ${right}`, pixelCount, pixelAt),
    pixelCount,
    segments: program.table(
      `taps ${kernelHeight}×${taps} by ${tapDown}, ${tapRight}`,
      segmentCount,
      segmentAt,
    ),
    segmentCount,
    segmentBytes: joined ? kernelWidth * pixel : pixel,
  };
}

/** What the kernels of a convolution have in common. */
interface Convolution {
  readonly program: DenseProgram;
  /** Padded. */
  readonly input: DenseBuffer;
  readonly tables: WindowTables;
  readonly weights: Float32Array;
  /** Of the weights: [O, I per group, h, w]. */
  readonly kernel: readonly [outputs: number, perGroup: number, height: number, width: number];
  readonly groups: number;
  readonly biases: Place;
  readonly output: DenseValue;
}

/** The convolution's kernel by its groups: one, depthwise, or any. */
export function planConv(
  program: DenseProgram,
  node: NodeOf<"conv">,
  [input]: readonly DenseValue[],
  shape: Shape,
): DenseValue {
  const { weight, bias } = node.tensors;
  if (input === undefined || weight === undefined) throw new RangeError(`${node.id} lacks input or weight`);
  const { groups, dilation, padding } = node.attributes;
  const [outputs = 0, perGroup = 0, height = 0, width = 0] = weight.shape;
  const padded = padInput(program, input, padding);
  const output = newValue(program, shape);
  const joined = groups === 1 && (dilation[1] === 1 || width === 1);
  const convolution: Convolution = {
    program,
    input: padded.buffer,
    tables: windowTables(program, node, padded.shape, shape, joined),
    weights: toFloat32(weight),
    kernel: [outputs, perGroup, height, width],
    groups,
    biases: program.constant(spreadChannels(bias === undefined ? [0] : toFloat32(bias), outputs)),
    output,
  };
  if (groups === 1) convolveAll(convolution);
  else if (perGroup === 1 && outputs === groups) convolveDepthwise(convolution);
  else convolveGroups(convolution);
  return output;
}

function convolveAll({ program, input, tables: t, weights, kernel, biases, output }: Convolution): void {
  const [outputs, ...taps] = kernel;
  const w = program.constant(packWeights(weights, outputs, taps));
  const lanes = paddedChannels(outputs);
  program.call((kernels) =>
    kernels.convolve(
      input.address,
      t.pixels.address,
      t.pixelCount,
      t.segments.address,
      t.segmentCount,
      t.segmentBytes,
      w.address,
      biases.address,
      output.buffer.address,
      strides(output.shape).pixel,
      lanes,
    ),
  );
}

function convolveDepthwise(convolution: Convolution): void {
  const { program, input, tables: t, weights, kernel, biases, output } = convolution;
  const [outputs, , height, width] = kernel;
  const w = program.constant(depthwiseWeights(weights, outputs, height, width));
  program.call((kernels) =>
    kernels.convolveDepthwise(
      input.address,
      t.pixels.address,
      t.pixelCount,
      t.segments.address,
      t.segmentCount,
      w.address,
      biases.address,
      output.buffer.address,
      strides(output.shape).pixel,
    ),
  );
}

function convolveGroups(convolution: Convolution): void {
  const { program, input, tables: t, weights, kernel, groups, biases, output } = convolution;
  const [outputs, perGroup, height, width] = kernel;
  const w = program.constant(packGroupWeights(weights, outputs, perGroup, height * width));
  const { size, pixel } = strides(output.shape);
  program.call((kernels) => {
    kernels.fillZero(output.buffer.address, size);
    kernels.convolveGroups(
      input.address,
      t.pixels.address,
      t.pixelCount,
      t.segments.address,
      t.segmentCount,
      groups,
      4 * perGroup,
      w.address,
      biases.address,
      output.buffer.address,
      pixel,
      outputs / groups,
    );
  });
}

/** Weights [C,1,h,w] → [h][w][P]. */
function depthwiseWeights(
  weights: Float32Array,
  channels: number,
  height: number,
  width: number,
): Float32Array {
  const lanes = paddedChannels(channels);
  const area = height * width;
  const result = new Float32Array(area * lanes);
  for (let c = 0; c < channels; c++) {
    for (let at = 0; at < area; at++) result[at * lanes + c] = weights[c * area + at] as number;
  }
  return result;
}

/** One window as large as the input. */
export function planLinear(
  program: DenseProgram,
  node: NodeOf<"linear">,
  [input]: readonly DenseValue[],
  shape: Shape,
): DenseValue {
  const { weight, bias } = node.tensors;
  if (input === undefined || weight === undefined) throw new RangeError(`${node.id} lacks input or weight`);
  const [outputs] = shape;
  const y = newValue(program, shape);
  const w = program.constant(packWeights(toFloat32(weight), outputs, input.shape));
  const biases = program.constant(spreadChannels(bias === undefined ? [0] : toFloat32(bias), outputs));
  const origin = program.table("origin", 1, () => 0);
  const { size } = strides(input.shape);
  const x = input.buffer;
  const lanes = paddedChannels(outputs);
  program.call((kernels) =>
    kernels.convolve(
      x.address,
      origin.address,
      1,
      origin.address,
      1,
      size,
      w.address,
      biases.address,
      y.buffer.address,
      4 * lanes,
      lanes,
    ),
  );
  return y;
}

/** Average or maximum over windows of the unpadded input. */
export function planWindow(
  program: DenseProgram,
  input: DenseValue,
  window: NodeOf<"pool">["attributes"],
  shape: Shape,
): DenseValue {
  const y = newValue(program, shape);
  const { kernel, stride, padding, kind } = window;
  const [, height, width] = input.shape;
  const { pixel } = strides(input.shape);
  const x = input.buffer;
  program.call((kernels) =>
    kernels.poolWindows(
      x.address,
      height,
      width,
      pixel,
      y.buffer.address,
      shape[1],
      shape[2],
      kernel[0],
      kernel[1],
      stride[0],
      stride[1],
      padding[0],
      padding[1],
      kind === "max" ? 1 : 0,
    ),
  );
  return y;
}

export function planPool(
  program: DenseProgram,
  node: NodeOf<"pool">,
  [input]: readonly DenseValue[],
  shape: Shape,
): DenseValue {
  if (input === undefined) throw new RangeError(`${node.id} lacks its input`);
  return planWindow(program, input, node.attributes, shape);
}
