/**
 * What a value is when nothing spikes and the image is zero: biases, carried through affine nodes.
 *
 * Knows: conv, linear, affine, pools, sums, routing, in float64. May not know: spikes, units.
 *
 * Most constants are one number a channel; behind zero padding a constant differs at the border and
 * is a map [C,H,W].
 */
import { refuseInput } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import { nodeProblem } from "../graph/node-rules.js";
import type { GraphNode, NodeOf, Shape } from "../graph/node-types.js";
import { isSource } from "../graph/spike-sources.js";
import { readNumbers } from "./tensor-values.js";

/** Values [C,H,W]; `isUniform` where each channel has one value everywhere. */
export interface ConstantPart {
  readonly shape: Shape;
  readonly values: Float64Array;
  readonly isUniform: boolean;
}

const sizeOf = (shape: Shape) => shape[0] * shape[1] * shape[2];

/** @throws RespikeError (exit 3) where a max pool would choose among different constants */
export function constantPart(
  graph: Graph,
  id: string,
  known = new Map<string, ConstantPart>(),
): ConstantPart {
  const before = known.get(id);
  if (before !== undefined) return before;
  const node = graph.node(id);
  const shape = graph.shape(id);
  const values = isSource(graph, node)
    ? new Float64Array(sizeOf(shape))
    : evaluate(
        graph,
        node,
        node.inputs.map((each) => constantPart(graph, each, known)),
      );
  const part = { shape, values, isUniform: isUniform(values, shape) };
  known.set(id, part);
  return part;
}

function isUniform(values: Float64Array, shape: Shape): boolean {
  const area = shape[1] * shape[2];
  return values.every((value, at) => value === values[at - (at % area)]);
}

function evaluate(graph: Graph, node: GraphNode, inputs: readonly ConstantPart[]): Float64Array {
  const shape = graph.shape(node.id);
  const [first] = inputs as readonly [ConstantPart];
  switch (node.op) {
    case "conv":
      return addBias(node, shape, convolve(node, first, shape));
    case "linear":
      return addBias(node, shape, multiply(node, first));
    case "affine": {
      const scale = readNumbers(node, "scale");
      const shift = node.tensors.shift === undefined ? undefined : readNumbers(node, "shift");
      const area = shape[1] * shape[2];
      return first.values.map((value, at) => {
        const c = Math.floor(at / area);
        return value * (scale[c] as number) + (shift?.[c] ?? 0);
      });
    }
    case "add":
      return first.values.map((_, at) => inputs.reduce((sum, { values }) => sum + (values[at] as number), 0));
    case "flatten":
      return first.values;
    case "slice":
    case "pad":
      return rearrange(node, first, shape);
    case "concat":
      return Float64Array.from(inputs.flatMap(({ values }) => Array.from(values)));
    case "pool":
      return pool(node, first, shape);
    default:
      throw new RangeError(`${node.id} (${node.op}) does not stand between neurons`);
  }
}

function addBias(node: NodeOf<"conv"> | NodeOf<"linear">, shape: Shape, values: Float64Array): Float64Array {
  if (node.tensors.bias === undefined) return values;
  const bias = readNumbers(node, "bias");
  const area = shape[1] * shape[2];
  return values.map((value, at) => value + (bias[Math.floor(at / area)] as number));
}

function multiply(node: NodeOf<"linear">, input: ConstantPart): Float64Array {
  const weight = readNumbers(node, "weight");
  const { length } = input.values;
  const result = new Float64Array(weight.length / length);
  if (input.values.every((value) => value === 0)) return result;
  return result.map((_, o) =>
    input.values.reduce((sum, value, i) => sum + value * (weight[o * length + i] as number), 0),
  );
}

function convolve(node: NodeOf<"conv">, input: ConstantPart, shape: Shape): Float64Array {
  const result = new Float64Array(sizeOf(shape));
  if (input.values.every((value) => value === 0)) return result;
  const weight = readNumbers(node, "weight");
  const { stride, padding, dilation, groups } = node.attributes;
  const [outputs = 1, perGroup = 1, kernelHeight = 1, kernelWidth = 1] = node.tensors.weight?.shape ?? [];
  const [, height, width] = input.shape;
  let at = 0;
  for (let o = 0; o < outputs; o++) {
    const firstInput = Math.floor(o / (outputs / groups)) * perGroup;
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++, at++) {
        for (let tap = 0; tap < perGroup * kernelHeight * kernelWidth; tap++) {
          const i = firstInput + Math.floor(tap / (kernelHeight * kernelWidth));
          const row =
            y * stride[0] - padding[0] + (Math.floor(tap / kernelWidth) % kernelHeight) * dilation[0];
          const column = x * stride[1] - padding[1] + (tap % kernelWidth) * dilation[1];
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          const value = input.values[(i * height + row) * width + column] as number;
          const w = weight[o * perGroup * kernelHeight * kernelWidth + tap] as number;
          result[at] = (result[at] as number) + value * w;
        }
      }
    }
  }
  return result;
}

function rearrange(node: NodeOf<"slice"> | NodeOf<"pad">, input: ConstantPart, shape: Shape): Float64Array {
  const [start, step] =
    node.op === "slice"
      ? [node.attributes.start, node.attributes.step]
      : [node.attributes.before.map((each) => -each), [1, 1, 1]];
  return new Float64Array(sizeOf(shape)).map((_, at) => {
    const place = [
      Math.floor(at / (shape[1] * shape[2])),
      Math.floor(at / shape[2]) % shape[1],
      at % shape[2],
    ];
    const from = place.map((each, axis) => (start[axis] as number) + each * (step[axis] as number));
    const inside = from.every((each, axis) => each >= 0 && each < (input.shape[axis] as number));
    const [c = 0, y = 0, x = 0] = from;
    return inside ? (input.values[(c * input.shape[1] + y) * input.shape[2] + x] as number) : 0;
  });
}

/** Pools of one value a channel give that value: padding counts neither in averages nor in maxima. */
function pool(node: NodeOf<"pool">, input: ConstantPart, shape: Shape): Float64Array {
  const [area, inputArea] = [shape[1] * shape[2], input.shape[1] * input.shape[2]];
  if (!input.isUniform) {
    throw refuseInput({
      ...nodeProblem(
        node,
        "a pool's constant current is one number a channel",
        "it differs at the border",
        "fold the bias before padding, or leave the padding out",
      ),
      code: "not-convertible",
    });
  }
  return new Float64Array(sizeOf(shape)).map(
    (_, at) => input.values[Math.floor(at / area) * inputArea] as number,
  );
}
