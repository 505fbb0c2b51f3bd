/** Residual networks built by hand: float graphs of any depth, and one small spiking network with its float network. */
import { randomNormal, randomWord } from "#src/core/counter-random.js";
import { float32Tensor, makeTensor } from "#src/core/tensor.js";
import type { ImageSet } from "#src/datasets/dataset.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, NodeOf } from "#src/graph/node-types.js";
import { preprocessingPresets } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import type { SpikeAlphabet } from "#src/graph/spike-alphabet.js";

const conv = (
  id: string,
  from: string,
  weight: GraphNode["tensors"][string],
  stride: number,
): NodeOf<"conv"> => {
  const side = ((weight.shape[2] as number) - 1) / 2;
  const padding = [side, side, side, side] as const;
  const attributes = { stride: [stride, stride], padding, dilation: [1, 1], groups: 1 } as const;
  return { id, op: "conv", inputs: [from], attributes, tensors: { weight } };
};
const relu = (layer: string, from: string): NodeOf<"relu"> => ({
  id: `${layer}.relu`,
  op: "relu",
  inputs: [from],
  attributes: { layer, max: null },
  tensors: {},
});
const add = (id: string, inputs: readonly string[]): NodeOf<"add"> => ({
  id,
  op: "add",
  inputs,
  attributes: {},
  tensors: {},
});

/** CIFAR ResNet of 6·blocks + 2 layers with option-A shortcuts, folded; weights 1. */
export function buildResNet(blocks: number): Graph {
  const nodes: GraphNode[] = [
    { id: "image", op: "input", inputs: [], attributes: { shape: [3, 32, 32] }, tensors: {} },
  ];
  const ones = (outputs: number, inputs: number) =>
    float32Tensor([outputs, inputs, 3, 3], new Float32Array(outputs * inputs * 9).fill(1));
  nodes.push(conv("conv1", "image", ones(16, 3), 1), relu("conv1", "conv1"));
  let [tip, channels] = ["conv1.relu", 16];
  for (const [stage, outputs] of [16, 32, 64].entries()) {
    for (let block = 0; block < blocks; block++) {
      const name = `layer${stage + 1}.${block}`;
      const changes = outputs !== channels;
      nodes.push(conv(`${name}.conv1`, tip, ones(outputs, channels), changes ? 2 : 1));
      nodes.push(relu(`${name}.conv1`, `${name}.conv1`));
      nodes.push(conv(`${name}.conv2`, `${name}.conv1.relu`, ones(outputs, outputs), 1));
      let side = tip;
      if (changes) {
        side = `${name}.shortcut`;
        const attributes = { kind: "A", channels: outputs } as const;
        nodes.push({ id: side, op: "shortcut", inputs: [tip], attributes, tensors: {} });
      }
      nodes.push(add(`${name}.add`, [`${name}.conv2`, side]), relu(name, `${name}.add`));
      [tip, channels] = [`${name}.relu`, outputs];
    }
  }
  const attributes = { kind: "average", kernel: [8, 8], stride: [8, 8], padding: [0, 0, 0, 0] } as const;
  nodes.push({ id: "avgpool", op: "pool", inputs: [tip], attributes, tensors: {} });
  const weight = float32Tensor([10, 64], new Float32Array(640).fill(1));
  nodes.push({ id: "linear", op: "linear", inputs: ["avgpool"], attributes: {}, tensors: { weight } });
  return new Graph(nodes);
}

const theta = 600;

function whole(shape: readonly number[], seed: number, scale: number) {
  const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
    Math.round(scale * randomNormal(seed, i)),
  );
  return makeTensor("int16", shape, Int16Array.from(values));
}

const binary: SpikeAlphabet = { lo: 0, hi: 1 };

const neuron = (id: string, from: string, channels: number, { lo, hi } = binary): NodeOf<"neuron"> => ({
  id,
  op: "neuron",
  inputs: [from],
  attributes: { layer: id, lo, hi, reset: "subtract", number: "int16" },
  tensors: {
    threshold: makeTensor("int32", [1], Int32Array.of(theta)),
    v0: makeTensor("int32", [1], Int32Array.of(theta / 2)),
    current: makeTensor("int32", [channels], new Int32Array(channels)),
  },
});

/** [1,8,8] → 4 channels → a block of stride 2 with an option-A shortcut to 8 → 6 classes. λ = 1 everywhere. */
export function buildSmallSnn(alphabet = binary): Snn {
  const first = whole([4, 1, 3, 3], 1, 220);
  const second = whole([8, 4, 3, 3], 2, 170);
  const last = whole([6, 128], 3, 60);
  const scale = makeTensor("int16", [4], Int16Array.of(500, 500, 0, 500));
  const slice = { start: [0, 0, 0], stop: [4, 8, 8], step: [1, 2, 2] } as const;
  const pad = { before: [2, 0, 0], after: [2, 0, 0] } as const;
  const input: GraphNode = {
    id: "image",
    op: "input",
    inputs: [],
    attributes: { shape: [1, 8, 8] },
    tensors: {},
  };
  const side = (from: string): GraphNode[] => [
    { id: "slice", op: "slice", inputs: [from], attributes: slice, tensors: {} },
    { id: "scale", op: "affine", inputs: ["slice"], attributes: {}, tensors: { scale } },
    { id: "pad", op: "pad", inputs: ["scale"], attributes: pad, tensors: {} },
  ];
  const graph = new Graph([
    input,
    conv("c1", "image", first, 1),
    neuron("conv1", "c1", 4, alphabet),
    conv("c2", "conv1", second, 2),
    ...side("conv1"),
    add("sum", ["c2", "pad"]),
    neuron("layer1.0", "sum", 8, alphabet),
    { id: "flat", op: "flatten", inputs: ["layer1.0"], attributes: {}, tensors: {} },
    { id: "fc", op: "linear", inputs: ["flat"], attributes: {}, tensors: { weight: last } },
    { id: "output", op: "output", inputs: ["fc"], attributes: { number: "int16" }, tensors: {} },
  ]);
  const real = (tensor: ReturnType<typeof whole>) =>
    float32Tensor(
      tensor.shape,
      Float32Array.from(tensor.data as Int16Array, (w) => w / theta),
    );
  const network = new Graph([
    input,
    conv("c1", "image", real(first), 1),
    relu("conv1", "c1"),
    conv("c2", "conv1.relu", real(second), 2),
    ...side("conv1.relu").map((node) =>
      node.op === "affine" ? { ...node, tensors: { scale: real(scale as ReturnType<typeof whole>) } } : node,
    ),
    add("sum", ["c2", "pad"]),
    relu("layer1.0", "sum"),
    { id: "flat", op: "flatten", inputs: ["layer1.0.relu"], attributes: {}, tensors: {} },
    { id: "fc", op: "linear", inputs: ["flat"], attributes: {}, tensors: { weight: real(last) } },
  ]);
  return {
    graph,
    network,
    layers: ["conv1", "layer1.0"].map((name) => ({
      name,
      activation: `${name}.relu`,
      lambda: [1],
      kappa: 1,
    })),
    preprocessing: preprocessingPresets.unit as Snn["preprocessing"],
    options: { T: 20, readout: "mean", delay: 0 },
    provenance: {},
  };
}

export function smallImages(n: number): ImageSet {
  return {
    n,
    shape: [1, 8, 8],
    pixels: Uint8Array.from({ length: n * 64 }, (_, at) => randomWord(7, at) % 256),
    labels: Int32Array.from({ length: n }, (_, at) => randomWord(8, at) % 6),
  };
}
