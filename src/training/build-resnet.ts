/**
 * A fresh ResNet of 6n+2 layers for small images (He et al. 2016, section 4.2), with random weights.
 *
 * Knows: the architecture and its names, as the public CIFAR ResNets have them.
 * May not know: files, training.
 *
 * Stem 3×3, three stages of n blocks of two 3×3 convolutions each with batch norm, width
 * doubling and side halving from stage to stage, global average pool, linear. Shortcut P has a
 * 1×1 projection with batch norm in the first block of every stage, B only where the shape
 * changes; A and avg are without weights.
 */
import { randomNormal } from "../core/counter-random.js";
import { countElements, float32Tensor, type Tensor } from "../core/tensor.js";
import { Graph } from "../graph/graph.js";
import type { GraphNode, Shape } from "../graph/node-types.js";

export interface ResnetPlan {
  readonly input: Shape;
  readonly classes: number;
  /** n */
  readonly blocks: number;
  readonly width: number;
  /** `none` for a plain network, whose names are `conv0`, `bn0`, `convs.N`, `fc`. */
  readonly shortcut: "A" | "avg" | "B" | "P" | "none";
  readonly batchNormEpsilon: number;
  readonly seed: number;
}

export function buildResnet(plan: ResnetPlan): Graph {
  const builder = new ResnetBuilder(plan);
  let { height, channels } = { height: plan.input[1], channels: plan.width };
  const plain = plan.shortcut === "none";
  const stem = plain ? "conv0" : "conv1";
  let value = builder.convolve(stem, plain ? "bn0" : "bn1", "input", [plan.input[0], channels], 3, 1);
  value = builder.rectify(stem, value);
  for (let stage = 1; stage <= 3; stage++) {
    for (let block = 0; block < plan.blocks; block++) {
      const width = plan.width * 2 ** (stage - 1);
      const stride = stage > 1 && block === 0 ? 2 : 1;
      const projects = plan.shortcut === "P" && block === 0;
      const name = plain ? `convs.${(stage - 1) * plan.blocks + block}` : `layer${stage}.${block}`;
      value = builder.appendBlock(name, value, [channels, width], stride, projects);
      channels = width;
      height = Math.ceil(height / stride);
    }
  }
  return builder.finish(value, channels, [height, builder.width]);
}

class ResnetBuilder {
  readonly #nodes: GraphNode[];
  #draw = 0;

  constructor(readonly plan: ResnetPlan) {
    this.#nodes = [{ id: "input", op: "input", inputs: [], attributes: { shape: plan.input }, tensors: {} }];
  }

  /** Side of the map after three stages. */
  get width(): number {
    return Math.ceil(Math.ceil(this.plan.input[2] / 2) / 2);
  }

  /** Convolution and batch norm; He-normal weights over the fan-out. */
  convolve(
    id: string,
    normId: string,
    from: string,
    [inputs, outputs]: readonly [number, number],
    kernel: number,
    stride: number,
  ): string {
    const side = (kernel - 1) / 2;
    const deviation = Math.sqrt(2 / (outputs * kernel * kernel));
    this.#nodes.push({
      id,
      op: "conv",
      inputs: [from],
      attributes: {
        stride: [stride, stride],
        padding: [side, side, side, side],
        dilation: [1, 1],
        groups: 1,
      },
      tensors: { weight: this.#drawNormal([outputs, inputs, kernel, kernel], deviation) },
    });
    const fill = (value: number) => float32Tensor([outputs], new Float32Array(outputs).fill(value));
    this.#nodes.push({
      id: normId,
      op: "batch-norm",
      inputs: [id],
      attributes: { epsilon: this.plan.batchNormEpsilon },
      tensors: { gamma: fill(1), beta: fill(0), mean: fill(0), variance: fill(1) },
    });
    return normId;
  }

  rectify(layer: string, from: string): string {
    const id = `${layer}.relu`;
    this.#nodes.push({ id, op: "relu", inputs: [from], attributes: { layer, max: null }, tensors: {} });
    return id;
  }

  appendBlock(
    block: string,
    from: string,
    channels: readonly [number, number],
    stride: number,
    projects: boolean,
  ): string {
    const [, outputs] = channels;
    const first = this.convolve(`${block}.conv1`, `${block}.bn1`, from, channels, 3, stride);
    const middle = this.rectify(`${block}.conv1`, first);
    const main = this.convolve(`${block}.conv2`, `${block}.bn2`, middle, [outputs, outputs], 3, 1);
    if (this.plan.shortcut === "none") return this.rectify(`${block}.conv2`, main);
    const side = this.#appendShortcut(block, from, channels, stride, projects);
    const id = `${block}.add`;
    this.#nodes.push({ id, op: "add", inputs: [main, side], attributes: {}, tensors: {} });
    return this.rectify(block, id);
  }

  finish(from: string, channels: number, kernel: readonly [number, number]): Graph {
    const { classes } = this.plan;
    const pool = { kind: "average", kernel, stride: kernel, padding: [0, 0, 0, 0] } as const;
    this.#nodes.push({ id: "avgpool", op: "pool", inputs: [from], attributes: pool, tensors: {} });
    this.#nodes.push({
      id: this.plan.shortcut === "none" ? "fc" : "linear",
      op: "linear",
      inputs: ["avgpool"],
      attributes: {},
      tensors: {
        weight: this.#drawNormal([classes, channels], Math.sqrt(1 / channels)),
        bias: float32Tensor([classes], new Float32Array(classes)),
      },
    });
    return new Graph(this.#nodes);
  }

  #appendShortcut(
    block: string,
    from: string,
    channels: readonly [number, number],
    stride: number,
    projects: boolean,
  ): string {
    const { shortcut } = this.plan;
    if (!projects && stride === 1 && channels[0] === channels[1]) return from;
    if (shortcut === "P" || shortcut === "B") {
      return this.convolve(`${block}.shortcut.0`, `${block}.shortcut.1`, from, channels, 1, stride);
    }
    const id = `${block}.shortcut`;
    const attributes = { kind: shortcut === "avg" ? "avg" : "A", channels: channels[1] } as const;
    this.#nodes.push({ id, op: "shortcut", inputs: [from], attributes, tensors: {} });
    return id;
  }

  #drawNormal(shape: readonly number[], deviation: number): Tensor {
    const data = new Float32Array(countElements(shape));
    for (let at = 0; at < data.length; at++) {
      data[at] = deviation * randomNormal(this.plan.seed, this.#draw++);
    }
    return float32Tensor(shape, data);
  }
}
