/**
 * Small random networks and batches for tests.
 *
 * Knows: node shapes. May not know: gradients.
 */
import { randomNormal } from "#src/core/counter-random.js";
import { countElements, float32Tensor, type Tensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, NodeAttributes, Shape } from "#src/graph/node-types.js";

let draw = 0;

/** Normal values, other ones at each call, the same in each run. */
export function randomTensor(shape: readonly number[], mean = 0, deviation = 1): Tensor<"float32"> {
  const values = Array.from(
    { length: countElements(shape) },
    () => mean + deviation * randomNormal(11, draw++),
  );
  return float32Tensor(shape, values);
}

type Window = Partial<NodeAttributes["conv"]>;

export function inputNode(shape: Shape): GraphNode {
  return { id: "input", op: "input", inputs: [], attributes: { shape }, tensors: {} };
}

export function convNode(
  id: string,
  from: string,
  weightShape: readonly number[],
  { stride = [1, 1], padding = [0, 0, 0, 0] }: Window = {},
  bias = false,
): GraphNode {
  return {
    id,
    op: "conv",
    inputs: [from],
    attributes: { stride, padding, dilation: [1, 1], groups: 1 },
    tensors: {
      weight: randomTensor(weightShape, 0, 0.5),
      ...(bias ? { bias: randomTensor([weightShape[0] as number]) } : {}),
    },
  };
}

export function batchNormNode(id: string, from: string, channels: number): GraphNode {
  return {
    id,
    op: "batch-norm",
    inputs: [from],
    attributes: { epsilon: 1e-3 },
    tensors: {
      gamma: randomTensor([channels], 1, 0.3),
      beta: randomTensor([channels]),
      mean: randomTensor([channels]),
      variance: float32Tensor(
        [channels],
        randomTensor([channels]).data.map((value) => 0.5 + value ** 2),
      ),
    },
  };
}

export function reluNode(id: string, from: string, max: number | null = null): GraphNode {
  return { id, op: "relu", inputs: [from], attributes: { layer: id, max }, tensors: {} };
}

export function addNode(id: string, ...inputs: string[]): GraphNode {
  return { id, op: "add", inputs, attributes: {}, tensors: {} };
}

export function poolNode(
  id: string,
  from: string,
  kernel: readonly [number, number],
  stride: readonly [number, number],
): GraphNode {
  return {
    id,
    op: "pool",
    inputs: [from],
    attributes: { kind: "average", kernel, stride, padding: [0, 0, 0, 0] },
    tensors: {},
  };
}

export function shortcutNode(id: string, from: string, kind: "A" | "avg", channels: number): GraphNode {
  return { id, op: "shortcut", inputs: [from], attributes: { kind, channels }, tensors: {} };
}

/** The nodes, then a linear of three classes behind the last of them. */
export function withHead(nodes: readonly GraphNode[]): Graph {
  const body = new Graph(nodes);
  const last = body.output.id;
  const head: GraphNode = {
    id: "head",
    op: "linear",
    inputs: [last],
    attributes: {},
    tensors: {
      weight: randomTensor([3, countElements(body.shape(last))], 0, 0.5),
      bias: randomTensor([3]),
    },
  };
  return new Graph([...nodes, head]);
}

export interface TinyBatch {
  readonly n: number;
  readonly images: Float32Array;
  /** Softened, each row summing to 1. */
  readonly targets: Float32Array;
}

export function randomBatch(graph: Graph, n: number): TinyBatch {
  const { shape } = graph.input.attributes;
  const targets = Float32Array.from({ length: n * 3 }, (_, at) =>
    at % 3 === Math.floor(at / 3) % 3 ? 0.8 : 0.1,
  );
  return { n, images: randomTensor([n, ...shape]).data, targets };
}
