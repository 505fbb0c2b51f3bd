/**
 * Two neighbouring affine nodes as one: pool and linear, scale and weights.
 *
 * Knows: weights of pools and scales, in float64. May not know: neurons.
 */
import { refuseInput } from "../core/respike-error.js";
import { float32Tensor } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import { nodeProblem } from "../graph/node-rules.js";
import { type GraphNode, isOp, type NodeOf } from "../graph/node-types.js";
import { carryBackward, carryForward, isPassing } from "./channel-routes.js";
import { isWeighted, scaleWeights, type WeightedNode } from "./scale-weights.js";
import { readNumbers } from "./tensor-values.js";

function soleReader(graph: Graph, id: string): GraphNode | undefined {
  const readers = graph.consumers(id);
  return readers.length === 1 ? readers[0] : undefined;
}

/** One average pool into the linear node that reads it alone, directly or flattened; null where there is none. */
export function absorbPool(graph: Graph): Graph | null {
  for (const pool of graph.nodes) {
    if (!isOp(pool, "pool") || pool.attributes.kind !== "average") continue;
    const reader = soleReader(graph, pool.id);
    if (reader === undefined) continue;
    const linear = isOp(reader, "flatten") ? soleReader(graph, reader.id) : reader;
    if (linear === undefined || !isOp(linear, "linear")) continue;
    const merged = spreadOverPool(graph, pool, linear);
    const gone = new Set([pool.id, ...(reader === linear ? [] : [reader.id])]);
    return graph.rewrite((node) => (gone.has(node.id) ? [] : node.id === linear.id ? merged : node));
  }
  return null;
}

/** weight′[o, (c,y,x)] = Σ over the windows (c,Y,X) with (y,x) in them: weight[o, (c,Y,X)] / pixels of the window. */
function spreadOverPool(graph: Graph, pool: NodeOf<"pool">, linear: NodeOf<"linear">): GraphNode {
  const [channels, height, width] = graph.shape(pool.inputs[0] as string);
  const [, outHeight, outWidth] = graph.shape(pool.id);
  const { kernel, stride, padding } = pool.attributes;
  const weight = readNumbers(linear, "weight");
  const outputs = linear.tensors.weight?.shape[0] ?? 1;
  const result = new Float64Array(outputs * channels * height * width);
  const range = (at: number, axis: 0 | 1, size: number) => {
    const start = at * stride[axis] - padding[axis];
    return [Math.max(0, start), Math.min(size, start + kernel[axis])] as const;
  };
  for (let plane = 0; plane < outputs * channels; plane++) {
    for (let Y = 0; Y < outHeight; Y++) {
      const [top, bottom] = range(Y, 0, height);
      for (let X = 0; X < outWidth; X++) {
        const [left, right] = range(X, 1, width);
        const share =
          (weight[(plane * outHeight + Y) * outWidth + X] as number) / ((bottom - top) * (right - left));
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) {
            const at = (plane * height + y) * width + x;
            result[at] = (result[at] as number) + share;
          }
        }
      }
    }
  }
  const shape = [outputs, channels * height * width];
  const tensors = { ...linear.tensors, weight: float32Tensor(shape, Float32Array.from(result)) };
  return { ...linear, inputs: pool.inputs, tensors };
}

/** An average pool as a depthwise convolution; other nodes as they are. */
export function poolToConv(graph: Graph, node: GraphNode): GraphNode {
  if (!isOp(node, "pool") || node.attributes.kind !== "average") return node;
  const { kernel, stride, padding } = node.attributes;
  if (padding.some((side) => side > 0)) {
    throw refuseInput({
      ...nodeProblem(node, "average pools have no padding", `[${padding}]`, "pad before pooling"),
      code: "not-convertible",
    });
  }
  const [channels] = graph.shape(node.id);
  const area = kernel[0] * kernel[1];
  const weight = float32Tensor([channels, 1, ...kernel], new Float32Array(channels * area).fill(1 / area));
  const attributes = { stride, padding, dilation: [1, 1] as const, groups: channels };
  return { id: node.id, op: "conv", inputs: node.inputs, attributes, tensors: { weight } };
}

/**
 * One scale into the weighted node before or after it, through routing that nobody else reads; null
 * where there is none. A scale keeps its name where the node beside it is a pool turned conv.
 */
export function absorbScale(graph: Graph): Graph | null {
  for (const node of graph.nodes) {
    if (!isOp(node, "affine")) continue;
    const scale = readNumbers(node, "scale");
    const found = weightedAfter(graph, node, scale) ?? weightedBefore(graph, node, scale);
    if (found === undefined) continue;
    const [from] = node.inputs as [string];
    return graph.rewrite(
      (each) => (each.id === node.id ? [] : each.id === found.id ? found : each),
      new Map([[node.id, from]]),
    );
  }
  return null;
}

function weightedAfter(graph: Graph, node: GraphNode, scale: Float64Array): GraphNode | undefined {
  const reader = soleReader(graph, node.id);
  if (reader === undefined) return undefined;
  if (isWeighted(reader)) return scaleWeights(reader, graph.shape(node.id), { input: scale });
  if (!isPassing(reader) || isOp(reader, "concat", "pool")) return undefined;
  return weightedAfter(graph, reader, carryForward(graph, reader, [scale]));
}

function weightedBefore(graph: Graph, node: GraphNode, scale: Float64Array): GraphNode | undefined {
  const before = graph.node(node.inputs[0] as string);
  if (soleReader(graph, before.id) === undefined) return undefined;
  if (isWeighted(before)) {
    const shape = graph.shape((before as WeightedNode).inputs[0] as string);
    return scaleWeights(before, shape, { output: scale });
  }
  if (!isPassing(before) || isOp(before, "concat", "pool")) return undefined;
  return weightedBefore(graph, before, carryBackward(graph, before, 0, scale));
}
