/**
 * The affine nodes of a synapse path, evaluated by their definitions on one step's values.
 *
 * Knows: routing, conv, linear, affine, add. May not know: neurons, time.
 *
 * A weighted node takes the elements of its input in ascending order, zeros left out, and adds weight × value to every
 * target; sums of float32 layers are rounded after each product and each addition.
 */
import type { Graph } from "../../graph/graph.js";
import type { GraphNode, NodeOf, Shape } from "../../graph/node-types.js";
import type { Rounding } from "./step-neuron.js";

export type NodeValues = Map<string, Float64Array>;

const sizeOf = (shape: Shape) => shape[0] * shape[1] * shape[2];

/** The value of an affine node from those of its inputs. */
export function spreadValues(
  graph: Graph,
  node: GraphNode,
  values: NodeValues,
  round: Rounding,
): Float64Array {
  const inputs = node.inputs.map((id) => values.get(id) as Float64Array);
  const shapes = node.inputs.map((id) => graph.shape(id));
  const [input, shape] = [inputs[0] as Float64Array, shapes[0] as Shape];
  const output = graph.shape(node.id);
  switch (node.op) {
    case "conv":
      return spreadConv(node, input, shape, output, round);
    case "linear":
      return spreadLinear(node, input, output, round);
    case "affine":
      return scaleChannels(node, input, shape, round);
    case "add":
      return input.map((first, i) =>
        inputs.slice(1).reduce((sum, value) => round(sum + (value[i] as number)), first),
      );
    case "flatten":
      return input;
    case "concat":
      return Float64Array.from(inputs.flatMap((value) => Array.from(value)));
    case "pad":
      return padValue(node, input, shape, output);
    case "slice":
      return sliceValue(node, input, shape, output);
    default:
      throw new RangeError(`${node.id} (${node.op}) is not affine`);
  }
}

/** Target (o, y, x) hears source (i, y·stride − top + ky·dilation, …) through weight[o, i − group's first, ky, kx]. */
function spreadConv(
  node: NodeOf<"conv">,
  input: Float64Array,
  [, height, width]: Shape,
  [outputs, outHeight, outWidth]: Shape,
  round: Rounding,
): Float64Array {
  const sums = new Float64Array(outputs * outHeight * outWidth);
  const weight = node.tensors.weight?.data as ArrayLike<number>;
  const [, perGroup = 1, kernelHeight = 1, kernelWidth = 1] = node.tensors.weight?.shape ?? [];
  const { stride, padding, dilation, groups } = node.attributes;
  const outputsPerGroup = outputs / groups;
  for (let at = 0; at < input.length; at++) {
    const value = input[at] as number;
    if (value === 0) continue;
    const channel = Math.floor(at / (height * width));
    const row = Math.floor(at / width) % height;
    const column = at % width;
    const group = Math.floor(channel / perGroup);
    for (let ky = 0; ky < kernelHeight; ky++) {
      const y = (row + padding[0] - ky * dilation[0]) / stride[0];
      if (!Number.isInteger(y) || y < 0 || y >= outHeight) continue;
      for (let kx = 0; kx < kernelWidth; kx++) {
        const x = (column + padding[1] - kx * dilation[1]) / stride[1];
        if (!Number.isInteger(x) || x < 0 || x >= outWidth) continue;
        for (let o = group * outputsPerGroup; o < (group + 1) * outputsPerGroup; o++) {
          const w =
            weight[((o * perGroup + channel - group * perGroup) * kernelHeight + ky) * kernelWidth + kx];
          const target = (o * outHeight + y) * outWidth + x;
          sums[target] = round((sums[target] as number) + round((w as number) * value));
        }
      }
    }
  }
  return sums;
}

function spreadLinear(
  node: NodeOf<"linear">,
  input: Float64Array,
  [outputs]: Shape,
  round: Rounding,
): Float64Array {
  const sums = new Float64Array(outputs);
  const weight = node.tensors.weight?.data as ArrayLike<number>;
  for (let i = 0; i < input.length; i++) {
    const value = input[i] as number;
    if (value === 0) continue;
    for (let o = 0; o < outputs; o++) {
      sums[o] = round((sums[o] as number) + round((weight[o * input.length + i] as number) * value));
    }
  }
  return sums;
}

function scaleChannels(
  node: NodeOf<"affine">,
  input: Float64Array,
  shape: Shape,
  round: Rounding,
): Float64Array {
  const scale = node.tensors.scale?.data as ArrayLike<number>;
  const area = shape[1] * shape[2];
  return input.map((value, i) => round((scale[Math.floor(i / area)] as number) * value));
}

function padValue(
  node: NodeOf<"pad">,
  input: Float64Array,
  [, height, width]: Shape,
  output: Shape,
): Float64Array {
  const [channel, top, left] = node.attributes.before;
  const padded = new Float64Array(sizeOf(output));
  for (let i = 0; i < input.length; i++) {
    const c = Math.floor(i / (height * width)) + channel;
    const y = (Math.floor(i / width) % height) + top;
    padded[(c * output[1] + y) * output[2] + (i % width) + left] = input[i] as number;
  }
  return padded;
}

function sliceValue(
  node: NodeOf<"slice">,
  input: Float64Array,
  [, height, width]: Shape,
  output: Shape,
): Float64Array {
  const { start, step } = node.attributes;
  return new Float64Array(sizeOf(output)).map((_, i) => {
    const c = start[0] + step[0] * Math.floor(i / (output[1] * output[2]));
    const y = start[1] + step[1] * (Math.floor(i / output[2]) % output[1]);
    const x = start[2] + step[2] * (i % output[2]);
    return input[(c * height + y) * width + x] as number;
  });
}
