/** Random small spiking networks of every canonical form, for property tests; the seed decides everything. */
import { randomUnit } from "#src/core/counter-random.js";
import { countElements, makeTensor, type Tensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type {
  GraphNode,
  NumberFormat,
  Pair,
  Refinement,
  ResetRule,
  Shape,
  Sides,
} from "#src/graph/node-types.js";
import { type Preprocessing, preprocessingPresets } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import { parseAlphabet, type SpikeAlphabet } from "#src/graph/spike-alphabet.js";

export interface RandomSnnOptions {
  /** `integers` draws int16 or int32 layer by layer. */
  readonly number?: NumberFormat | "integers";
  /** Spike alphabet; [0, 1] by default. `any` draws one layer by layer. */
  readonly alphabet?: SpikeAlphabet | "any";
  /** `any` draws one layer by layer. */
  readonly reset?: ResetRule | "any";
  /** All layers refine; forms are then those without max pools. */
  readonly refine?: Refinement;
  readonly outputNeurons?: boolean;
  /** Neuron layers between input and output; 5 by default. */
  readonly layers?: number;
  /** Forms of layers to draw from; all but wide ones by default. */
  readonly forms?: readonly LayerForm[];
  /** Channels to draw from; small odd and even numbers by default. */
  readonly channels?: readonly number[];
  /** About the threshold of integer layers; 200 by default. Weights grow with it up to 1,000, so that they fit 16 bits. */
  readonly theta?: number;
}

export const layerForms = [
  "conv",
  "stride",
  "pointwise",
  "grouped",
  "identity",
  "optionA",
  "average-shortcut",
  "projection",
  "concat",
  "gate",
  "before",
  "average",
  "asymmetric",
  "linear",
  "wide",
] as const;
export type LayerForm = (typeof layerForms)[number];
const defaultForms = layerForms.filter((form) => form !== "wide");
/** Forms of networks that refine. */
export const refiningForms = layerForms.filter((form) => form !== "gate" && form !== "before");

const binary: SpikeAlphabet = { lo: 0, hi: 1 };

/** Alphabets with one plane and several, of one sign and both, filled by their planes and not; the largest. */
export const alphabets: readonly SpikeAlphabet[] = [
  ...[
    "binary",
    "burst:2",
    "burst:3",
    "burst:4",
    "burst:127",
    "signed",
    "signed-burst:2",
    "signed-burst:7",
  ].map((name) => parseAlphabet(name) ?? binary),
  { lo: -3, hi: 1 },
  { lo: -1, hi: 5 },
  { lo: -127, hi: 127 },
];

/** Draws from one stream of a seed. */
class Draw {
  #at = 0;
  constructor(readonly seed: number) {}
  unit(): number {
    return randomUnit(this.seed, this.#at++);
  }
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** Builds nodes one after the other; `tip` is the last source. */
class SnnBuilder {
  readonly nodes: GraphNode[] = [];
  readonly draw: Draw;
  tip = "image";
  shape: Shape;
  spiking = false;
  constructor(
    seed: number,
    readonly options: RandomSnnOptions,
  ) {
    this.draw = new Draw(seed);
    this.shape = [1 + this.draw.below(3), 5 + this.draw.below(5), 5 + this.draw.below(5)];
    this.add({ id: "image", op: "input", inputs: [], attributes: { shape: this.shape }, tensors: {} });
  }
  /** Of neurons' and the output's attributes. */
  get refinement(): { readonly refine?: Refinement } {
    return this.options.refine === undefined ? {} : { refine: this.options.refine };
  }
  /** Of the layer under way. */
  number: NumberFormat = "int16";
  /** Chooses the number format of the layer that comes. */
  beginLayer(): void {
    const { number = "int16" } = this.options;
    this.number = number === "integers" ? this.draw.of(["int16", "int32"] as const) : number;
  }
  get theta(): number {
    return this.number === "float32" ? 1 : (this.options.theta ?? 200);
  }
  add(node: GraphNode): string {
    this.nodes.push(node);
    return node.id;
  }
  /** Weights around ±θ·3/√fanIn, some of them 0. */
  weights(shape: readonly number[], fanIn: number): Tensor {
    const size = (3 * Math.min(this.theta, 1_000)) / Math.sqrt(fanIn);
    return this.tensor(shape, () => (this.draw.unit() < 0.1 ? 0 : (this.draw.unit() * 2 - 0.7) * size));
  }
  tensor(shape: readonly number[], value: () => number, wide = false): Tensor {
    const values = Array.from({ length: countElements(shape) }, value);
    if (this.number === "float32") return makeTensor("float32", shape, new Float32Array(values));
    const rounded = values.map(Math.round);
    if (wide || this.number === "int32") return makeTensor("int32", shape, Int32Array.from(rounded));
    return makeTensor("int16", shape, Int16Array.from(rounded));
  }
  conv(
    id: string,
    from: string,
    channels: number,
    outputs: number,
    kernel: Pair,
    change: Partial<ConvShape> = {},
  ): string {
    const { stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1], groups = 1 } = change;
    const perGroup = channels / groups;
    const weight = this.weights([outputs, perGroup, ...kernel], perGroup * kernel[0] * kernel[1]);
    return this.add({
      id,
      op: "conv",
      inputs: [from],
      attributes: { stride, padding, dilation, groups },
      tensors: { weight },
    });
  }
  /** The neuron layer after `from`, whose shape is `shape`; its parameters per tensor, channel or neuron. */
  neuron(id: string, from: string, shape: Shape): string {
    const { draw, theta } = this;
    const { alphabet = binary, reset = "subtract" } = this.options;
    const { lo, hi } = alphabet === "any" ? draw.of(alphabets) : alphabet;
    const shapes: readonly (readonly number[])[] = [[shape[0]], shape];
    const threshold = this.tensor(
      draw.unit() < 0.5 ? [1] : [shape[0]],
      () => theta * (0.6 + draw.unit()),
      true,
    );
    const v0 = this.tensor(draw.of([[1], ...shapes]), () => theta * draw.unit(), true);
    const current = this.tensor(draw.of(shapes), () => theta * (draw.unit() * 0.3 - 0.1), true);
    this.shape = shape;
    this.spiking = true;
    this.tip = this.add({
      id,
      op: "neuron",
      inputs: [from],
      attributes: {
        layer: id,
        lo,
        hi,
        reset: reset === "any" ? draw.of(["subtract", "zero"] as const) : reset,
        number: this.number,
        ...this.refinement,
      },
      tensors: { threshold, v0, current },
    });
    return id;
  }
  affine(id: string, from: string, channels: number): string {
    const scale = this.weights([channels], 4);
    return this.add({ id, op: "affine", inputs: [from], attributes: {}, tensors: { scale } });
  }
  node<O extends "add" | "concat" | "flatten">(op: O, id: string, inputs: readonly string[]): string {
    return this.add({ id, op, inputs, attributes: {}, tensors: {} } as GraphNode);
  }
}

interface ConvShape {
  stride: Pair;
  padding: Sides;
  dilation: Pair;
  groups: number;
}

const same: Sides = [1, 1, 1, 1];

/** conv → add(…, shortcut) → neuron with a shortcut from the same source. */
function addBlock(
  b: SnnBuilder,
  id: string,
  outputs: number,
  stride: Pair,
  shortcut: (from: string) => string,
): void {
  const [channels, height, width] = b.shape;
  const from = b.tip;
  const main = b.conv(`${id}.conv`, from, channels, outputs, [3, 3], { padding: same, stride });
  const side = shortcut(from);
  const shape: Shape = [outputs, Math.ceil(height / stride[0]), Math.ceil(width / stride[1])];
  b.neuron(id, b.node("add", `${id}.add`, [main, side]), shape);
}

type AddLayer = (b: SnnBuilder, id: string, outputs: number) => void;

const halves = (b: SnnBuilder): boolean => b.shape[1] >= 3 && b.shape[2] >= 3;

const addLayer: Readonly<Record<LayerForm, AddLayer>> = {
  conv: (b, id, outputs) => {
    const [channels, height, width] = b.shape;
    b.neuron(id, b.conv(`${id}.conv`, b.tip, channels, outputs, [3, 3], { padding: same }), [
      outputs,
      height,
      width,
    ]);
  },
  stride: (b, id, outputs) => {
    const [channels, height, width] = b.shape;
    const conv = b.conv(`${id}.conv`, b.tip, channels, outputs, [3, 3], { padding: same, stride: [2, 2] });
    b.neuron(id, conv, [outputs, Math.ceil(height / 2), Math.ceil(width / 2)]);
  },
  pointwise: (b, id, outputs) => {
    const [channels, height, width] = b.shape;
    b.neuron(id, b.conv(`${id}.conv`, b.tip, channels, outputs, [1, 1]), [outputs, height, width]);
  },
  grouped: (b, id, outputs) => {
    const [channels, height, width] = b.shape;
    const conv = b.conv(`${id}.conv`, b.tip, channels, channels * 2, [3, 3], {
      padding: same,
      groups: channels,
    });
    b.neuron(id, conv, [channels * 2, height, width]);
    addLayer.pointwise(b, `${id}.point`, outputs);
  },
  wide: (b, id, outputs) => {
    const [channels, height, width] = b.shape;
    const side = b.draw.of([5, 7] as const);
    const around = (side - 1) / 2;
    const padding: Sides = [around, around, around, around];
    b.neuron(id, b.conv(`${id}.conv`, b.tip, channels, outputs, [side, side], { padding }), [
      outputs,
      height,
      width,
    ]);
  },
  asymmetric: (b, id, outputs) => {
    if (b.shape[2] < 2) return addLayer.conv(b, id, outputs);
    const [channels, height, width] = b.shape;
    const conv = b.conv(`${id}.conv`, b.tip, channels, outputs, [2, 3], {
      padding: [0, 2, 1, 1],
      dilation: [1, 2],
      stride: [1, 1],
    });
    b.neuron(id, conv, [outputs, height, width - 1]);
  },
  identity: (b, id) =>
    addBlock(b, id, b.shape[0], [1, 1], (from) => b.affine(`${id}.scale`, from, b.shape[0])),
  optionA: (b, id) => {
    const [channels, height, width] = b.shape;
    addBlock(b, id, channels + 4, [2, 2], (from) => {
      const slice = b.add({
        id: `${id}.slice`,
        op: "slice",
        inputs: [from],
        attributes: { start: [0, 0, 0], stop: [channels, height, width], step: [1, 2, 2] },
        tensors: {},
      });
      return padChannels(b, id, b.affine(`${id}.scale`, slice, channels));
    });
  },
  "average-shortcut": (b, id, outputs) => {
    if (b.shape[1] % 2 === 1 || b.shape[2] % 2 === 1) return addLayer.conv(b, id, outputs);
    const [channels] = b.shape;
    addBlock(b, id, channels + 4, [2, 2], (from) =>
      padChannels(
        b,
        id,
        b.conv(`${id}.avg`, from, channels, channels, [2, 2], { stride: [2, 2], groups: channels }),
      ),
    );
  },
  projection: (b, id, outputs) => {
    const [channels] = b.shape;
    addBlock(b, id, outputs, [2, 2], (from) =>
      b.conv(`${id}.shortcut`, from, channels, outputs, [1, 1], { stride: [2, 2] }),
    );
  },
  concat: (b, id, outputs) => {
    const [from, [channels, height, width]] = [b.tip, b.shape];
    addLayer.conv(b, `${id}.a`, outputs);
    const joined = b.node("concat", `${id}.concat`, [b.tip, from]);
    const conv = b.conv(`${id}.conv`, joined, outputs + channels, outputs, [3, 3], { padding: same });
    b.neuron(id, conv, [outputs, height, width]);
  },
  gate: (b, id, outputs) => {
    if (!b.spiking || !halves(b)) return addLayer.conv(b, id, outputs);
    const [channels, height, width] = b.shape;
    const kernel: Pair = b.draw.of([
      [2, 2],
      [3, 3],
    ] as const);
    const side = kernel[0] === 3 ? 1 : 0;
    b.tip = b.add({
      id,
      op: "pool",
      inputs: [b.tip],
      attributes: { kind: "max", kernel, stride: [2, 2], padding: [side, side, side, side] },
      tensors: {},
    });
    const extent = (size: number) => Math.floor((size + 2 * side - kernel[0]) / 2) + 1;
    b.shape = [channels, extent(height), extent(width)];
    addLayer.conv(b, `${id}.after`, outputs);
  },
  before: (b, id, outputs) => {
    if (!halves(b)) return addLayer.conv(b, id, outputs);
    const [channels, height, width] = b.shape;
    const conv = b.conv(`${id}.conv`, b.tip, channels, outputs, [3, 3], { padding: same });
    const pool = b.add({
      id: `${id}.pool`,
      op: "pool",
      inputs: [conv],
      attributes: { kind: "max", kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] },
      tensors: {},
    });
    b.neuron(id, pool, [outputs, Math.floor(height / 2), Math.floor(width / 2)]);
  },
  average: (b, id) => {
    const [channels, height, width] = b.shape;
    const conv = b.conv(`${id}.avg`, b.tip, channels, channels, [height, width], { groups: channels });
    b.neuron(id, conv, [channels, 1, 1]);
  },
  linear: (b, id, outputs) => {
    const [channels, height, width] = b.shape;
    const flat = b.node("flatten", `${id}.flat`, [b.tip]);
    const weight = b.weights([outputs, channels * height * width], channels * height * width);
    const linear = b.add({
      id: `${id}.fc`,
      op: "linear",
      inputs: [flat],
      attributes: {},
      tensors: { weight },
    });
    b.neuron(id, linear, [outputs, 1, 1]);
  },
};

function padChannels(b: SnnBuilder, id: string, from: string): string {
  const attributes = { before: [2, 0, 0], after: [2, 0, 0] } as const;
  return b.add({ id: `${id}.pad`, op: "pad", inputs: [from], attributes, tensors: {} });
}

/** Wraps a spiking graph so that simulators take it; network, preprocessing and provenance mean nothing. */
export function wrapGraph(graph: Graph): Snn {
  return {
    graph,
    network: graph,
    layers: [],
    preprocessing: preprocessingPresets.unit as Preprocessing,
    options: {},
    provenance: {},
  };
}

/** A random network: the input, some layers, a linear output of 3 classes. */
export function makeRandomSnn(seed: number, options: RandomSnnOptions = {}): Snn {
  const b = new SnnBuilder(seed, options);
  const channels = options.channels ?? [1, 3, 4, 8, 9, 16, 20];
  for (let layer = 0; layer < (options.layers ?? 5); layer++) {
    b.beginLayer();
    addLayer[b.draw.of(options.forms ?? defaultForms)](b, `l${layer}`, b.draw.of(channels));
  }
  b.beginLayer();
  if (options.outputNeurons) {
    addLayer.linear(b, "classes", 3);
    b.add({ id: "output", op: "output", inputs: ["classes"], attributes: { number: b.number }, tensors: {} });
  } else {
    const [c, h, w] = b.shape;
    const flat = b.node("flatten", "flat", [b.tip]);
    const weight = b.weights([3, c * h * w], c * h * w);
    const fc = b.add({ id: "fc", op: "linear", inputs: [flat], attributes: {}, tensors: { weight } });
    const scale = makeTensor("float32", [3], new Float32Array([1, 0.5, 30].map((s) => (s * b.theta) / 20)));
    const current = b.tensor([3], () => b.theta * (b.draw.unit() - 0.5), true);
    b.add({
      id: "output",
      op: "output",
      inputs: [fc],
      attributes: { number: b.number, ...b.refinement },
      tensors: { scale, current },
    });
  }
  return wrapGraph(new Graph(b.nodes));
}

/** Random images of the network's input shape: values −1…2, or 0…1 with `unit`. */
export function makeRandomImages(snn: Snn, n: number, seed: number, unit = false): Float32Array {
  const size = countElements(snn.graph.input.attributes.shape);
  return Float32Array.from({ length: n * size }, (_, i) => {
    const u = randomUnit(seed, 7, i);
    return unit ? u : u * 3 - 1;
  });
}
