/** Small residual networks with random weights and batch norms, in the form that model files give. */

import type { ImageSource } from "#src/conversion/image-source.js";
import { randomNormal, randomUnit, randomWord } from "#src/core/counter-random.js";
import { float32Tensor } from "#src/core/tensor.js";
import type { ImageSet } from "#src/datasets/dataset.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, Shape } from "#src/graph/node-types.js";

export type Shortcut = "A" | "B" | "avg";

/** Random float32 tensor of mean 0. */
export function randomTensor(shape: readonly number[], seed: number, scale: number) {
  const size = shape.reduce((a, b) => a * b, 1);
  return float32Tensor(
    shape,
    Float32Array.from({ length: size }, (_, at) => scale * randomNormal(seed, at)),
  );
}

export function conv(
  id: string,
  from: string,
  shape: readonly [number, number, number, number],
  stride: number,
  seed: number,
): GraphNode {
  const side = (shape[2] - 1) / 2;
  return {
    id,
    op: "conv",
    inputs: [from],
    attributes: {
      stride: [stride, stride],
      padding: [side, side, side, side],
      dilation: [1, 1],
      groups: 1,
    },
    tensors: { weight: randomTensor(shape, seed, Math.sqrt(2 / (shape[1] * shape[2] * shape[3]))) },
  };
}

export function batchNorm(id: string, from: string, channels: number, seed: number, gain = 1): GraphNode {
  const make = (which: number, f: (unit: number) => number) =>
    float32Tensor(
      [channels],
      Float32Array.from({ length: channels }, (_, c) => f(randomUnit(seed, which, c))),
    );
  return {
    id,
    op: "batch-norm",
    inputs: [from],
    attributes: { epsilon: 1e-5 },
    tensors: {
      gamma: make(0, (u) => gain * (0.5 + u)),
      beta: make(1, (u) => gain * (u - 0.4)),
      mean: make(2, (u) => u - 0.5),
      variance: make(3, (u) => 0.5 + u),
    },
  };
}

export function relu(layer: string, from: string): GraphNode {
  return { id: `${layer}.relu`, op: "relu", inputs: [from], attributes: { layer, max: null }, tensors: {} };
}

export const input = (shape: Shape): GraphNode => ({
  id: "input",
  op: "input",
  inputs: [],
  attributes: { shape },
  tensors: {},
});

/**
 * Stem, one identity block, one block of stride 2 with the shortcut asked for, pool, linear.
 *
 * @param gain of the second block: far from 1, its λ is far from that of the layer before
 * @param narrow channels of the stem and the first block; the second has twice as many
 */
export function tinyResNet(shortcut: Shortcut, gain = 6, narrow = 4, classes = 5): Graph {
  const nodes: GraphNode[] = [
    input([3, 8, 8]),
    conv("conv1", "input", [narrow, 3, 3, 3], 1, 1),
    batchNorm("bn1", "conv1", narrow, 11),
    relu("conv1", "bn1"),
  ];
  const block = (name: string, from: string, channels: number, width: number, size: number) => {
    const stride = channels === width ? 1 : 2;
    nodes.push(
      conv(`${name}.conv1`, from, [width, channels, 3, 3], stride, size),
      batchNorm(`${name}.bn1`, `${name}.conv1`, width, size + 1),
      relu(`${name}.conv1`, `${name}.bn1`),
      conv(`${name}.conv2`, `${name}.conv1.relu`, [width, width, 3, 3], 1, size + 2),
      batchNorm(`${name}.bn2`, `${name}.conv2`, width, size + 3, gain),
    );
    let side = from;
    if (channels !== width && shortcut === "B") {
      nodes.push(
        conv(`${name}.downsample.0`, from, [width, channels, 1, 1], 2, size + 4),
        batchNorm(`${name}.downsample.1`, `${name}.downsample.0`, width, size + 5),
      );
      side = `${name}.downsample.1`;
    } else if (channels !== width) {
      side = `${name}.shortcut`;
      nodes.push({
        id: side,
        op: "shortcut",
        inputs: [from],
        attributes: { kind: shortcut as "A" | "avg", channels: width },
        tensors: {},
      });
    }
    nodes.push(
      { id: `${name}.add`, op: "add", inputs: [`${name}.bn2`, side], attributes: {}, tensors: {} },
      relu(name, `${name}.add`),
    );
  };
  block("layer1.0", "conv1.relu", narrow, narrow, 20);
  block("layer2.0", "layer1.0.relu", narrow, 2 * narrow, 30);
  nodes.push(
    {
      id: "avgpool",
      op: "pool",
      inputs: ["layer2.0.relu"],
      attributes: { kind: "average", kernel: [4, 4], stride: [4, 4], padding: [0, 0, 0, 0] },
      tensors: {},
    },
    {
      id: "linear",
      op: "linear",
      inputs: ["avgpool"],
      attributes: {},
      tensors: {
        weight: randomTensor([classes, 2 * narrow], 50, 0.5),
        bias: randomTensor([classes], 51, 0.5),
      },
    },
  );
  return new Graph(nodes);
}

/** conv → ReLU → max pool → conv → ReLU → flatten → linear; biases, no batch norm. */
export function tinyPoolNet(): Graph {
  const withBias = (node: GraphNode, channels: number, seed: number) =>
    ({
      ...node,
      tensors: { ...node.tensors, bias: randomTensor([channels], seed, 0.3) },
    }) as GraphNode;
  return new Graph([
    input([3, 8, 8]),
    withBias(conv("a", "input", [4, 3, 3, 3], 1, 1), 4, 2),
    relu("a", "a"),
    {
      id: "maxpool",
      op: "pool",
      inputs: ["a.relu"],
      attributes: { kind: "max", kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] },
      tensors: {},
    },
    withBias(conv("b", "maxpool", [6, 4, 3, 3], 1, 3), 6, 4),
    relu("b", "b"),
    { id: "flat", op: "flatten", inputs: ["b.relu"], attributes: {}, tensors: {} },
    {
      id: "fc",
      op: "linear",
      inputs: ["flat"],
      attributes: {},
      tensors: { weight: randomTensor([5, 96], 5, 0.2), bias: randomTensor([5], 6, 0.2) },
    },
  ]);
}

/** Images of random bytes [3,8,8]; any index is one. */
export const noise: ImageSource = {
  read: (indices) =>
    Uint8Array.from(
      { length: indices.length * 192 },
      (_, at) => randomWord(9, indices[Math.floor(at / 192)] as number, at % 192) & 255,
    ),
};

export const upTo = (n: number, from = 0) => Uint32Array.from({ length: n }, (_, at) => from + at);

/** The same 200 images as a training split, all of class 0. */
export const noiseSet: ImageSet = {
  n: 200,
  shape: [3, 8, 8],
  pixels: noise.read(upTo(200)) as Uint8Array,
  labels: new Int32Array(200),
};
