/**
 * A network's loss on a batch in float64, by plain loops: the oracle of the training graph.
 *
 * Knows: the operators' formulas, batch statistics. May not know: gradients, ONNX.
 */
import type { Graph } from "#src/graph/graph.js";
import { isOp, type NodeOf, type Shape } from "#src/graph/node-types.js";

/** Values of a node for the whole batch, [N,C,H,W]. */
type Values = Float64Array;

/** Overrides of tensors, by node id and tensor name: `a.weight`. */
export type Tensors = ReadonlyMap<string, Float64Array>;

export interface Statistics {
  readonly mean: Float64Array;
  /** Biased. */
  readonly variance: Float64Array;
  /** Values a channel. */
  readonly count: number;
}

export interface Float64Run {
  readonly logits: Float64Array;
  readonly loss: number;
  readonly statistics: ReadonlyMap<string, Statistics>;
}

/** Rounding errors of y/c at the values of a first run. */
export class StraightThrough {
  readonly #errors = new Map<string, Float64Array>();

  constructor(readonly levels: number) {}

  errorsOf(id: string, inputs: Float64Array, ceiling: number): Float64Array {
    const kept = this.#errors.get(id);
    if (kept !== undefined) return kept;
    const errors = inputs.map((input) => {
      const counts = Math.floor((input * this.levels) / ceiling + 0.5);
      const quantised = Math.min(Math.max(counts, 0), this.levels) / this.levels;
      return quantised - Math.min(Math.max(input / ceiling, 0), 1);
    });
    this.#errors.set(id, errors);
    return errors;
  }
}

export function readTensors(graph: Graph): Map<string, Float64Array> {
  return new Map(
    graph.nodes.flatMap((node) =>
      Object.entries(node.tensors).map(([name, tensor]): [string, Float64Array] => [
        `${node.id}.${name}`,
        Float64Array.from(tensor.data as Float32Array),
      ]),
    ),
  );
}

/**
 * @param straightThrough replaces each ReLU with a ceiling by a quantised one; its rounding error is that of the first
 *   run, and a constant afterwards
 */
export function runFloat64(
  graph: Graph,
  tensors: Tensors,
  images: ArrayLike<number>,
  targets: ArrayLike<number>,
  batch: number,
  straightThrough?: StraightThrough,
): Float64Run {
  const values = new Map<string, Values>();
  const statistics = new Map<string, Statistics>();
  const take = (id: string) => values.get(id) as Values;
  const tensor = (id: string, name: string) => tensors.get(`${id}.${name}`);
  for (const node of graph.nodes) {
    const [first = ""] = node.inputs;
    if (isOp(node, "input")) values.set(node.id, Float64Array.from(images));
    else if (isOp(node, "conv")) values.set(node.id, convolve(graph, node, take(first), batch, tensor));
    else if (isOp(node, "batch-norm")) {
      const counted = countStatistics(take(first), batch, graph.shape(node.id));
      statistics.set(node.id, counted);
      values.set(node.id, normalise(node, take(first), graph.shape(node.id), counted, tensor));
    } else if (isOp(node, "relu")) {
      const ceiling = tensor(node.id, "ceiling")?.[0];
      const top = ceiling ?? node.attributes.max ?? Number.POSITIVE_INFINITY;
      const clipped = take(first).map((value) => Math.min(Math.max(value, 0), top));
      const errors = straightThrough?.errorsOf(node.id, take(first), top);
      values.set(
        node.id,
        errors === undefined ? clipped : clipped.map((value, at) => value + top * (errors[at] as number)),
      );
    } else if (isOp(node, "add")) {
      values.set(
        node.id,
        take(first).map((_, at) => node.inputs.reduce((sum, id) => sum + (take(id)[at] as number), 0)),
      );
    } else if (isOp(node, "pool")) {
      const { kernel, stride } = node.attributes;
      values.set(
        node.id,
        average(take(first), batch, graph.shape(first), graph.shape(node.id), kernel, stride, 0),
      );
    } else if (isOp(node, "shortcut")) {
      const side = node.attributes.kind === "A" ? 1 : 2;
      const before = (node.attributes.channels - graph.shape(first)[0]) / 2;
      values.set(
        node.id,
        average(take(first), batch, graph.shape(first), graph.shape(node.id), [side, side], [2, 2], before),
      );
    } else if (isOp(node, "linear")) values.set(node.id, multiply(graph, node, take(first), batch, tensor));
    else throw new Error(`no oracle for ${node.op}`);
  }
  const logits = take(graph.output.id);
  return { logits, loss: crossEntropy(logits, targets, batch), statistics };
}

type Lookup = (id: string, name: string) => Float64Array | undefined;

function convolve(graph: Graph, node: NodeOf<"conv">, x: Values, batch: number, tensor: Lookup): Values {
  const [inputs, height, width] = graph.shape(node.inputs[0] as string);
  const [outputs, rows, columns] = graph.shape(node.id);
  const [, , kh = 1, kw = 1] = node.tensors.weight?.shape ?? [];
  const { stride, padding } = node.attributes;
  const weight = tensor(node.id, "weight") as Float64Array;
  const bias = tensor(node.id, "bias");
  const y = new Float64Array(batch * outputs * rows * columns);
  for (let at = 0; at < y.length; at++) {
    const column = at % columns;
    const row = Math.floor(at / columns) % rows;
    const output = Math.floor(at / columns / rows) % outputs;
    const n = Math.floor(at / columns / rows / outputs);
    let sum = bias?.[output] ?? 0;
    for (let i = 0; i < inputs; i++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const [sy, sx] = [row * stride[0] + ky - padding[0], column * stride[1] + kx - padding[1]];
          if (sy < 0 || sx < 0 || sy >= height || sx >= width) continue;
          const value = x[((n * inputs + i) * height + sy) * width + sx] as number;
          sum += value * (weight[((output * inputs + i) * kh + ky) * kw + kx] as number);
        }
      }
    }
    y[at] = sum;
  }
  return y;
}

function countStatistics(x: Values, batch: number, [channels, height, width]: Shape): Statistics {
  const count = batch * height * width;
  const channelOf = (at: number) => Math.floor(at / height / width) % channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (const [at, value] of x.entries()) mean[channelOf(at)] = (mean[channelOf(at)] ?? 0) + value / count;
  for (const [at, value] of x.entries()) {
    const channel = channelOf(at);
    variance[channel] = (variance[channel] ?? 0) + (value - (mean[channel] as number)) ** 2 / count;
  }
  return { mean, variance, count };
}

function normalise(
  node: NodeOf<"batch-norm">,
  x: Values,
  [channels, height, width]: Shape,
  { mean, variance }: Statistics,
  tensor: Lookup,
): Values {
  const [gamma, beta] = [tensor(node.id, "gamma"), tensor(node.id, "beta")] as Float64Array[];
  return x.map((value, at) => {
    const c = Math.floor(at / height / width) % channels;
    const deviation = Math.sqrt((variance[c] as number) + node.attributes.epsilon);
    return ((gamma?.[c] as number) * (value - (mean[c] as number))) / deviation + (beta?.[c] as number);
  });
}

/** Means over windows, with `before` zero channels in front and as many zero channels behind as the shape says. */
function average(
  x: Values,
  batch: number,
  [inputs, height, width]: Shape,
  [outputs, rows, columns]: Shape,
  kernel: readonly number[],
  stride: readonly number[],
  before: number,
): Values {
  const [kh = 1, kw = 1] = kernel;
  const [sh = 1, sw = 1] = stride;
  const y = new Float64Array(batch * outputs * rows * columns);
  for (let at = 0; at < y.length; at++) {
    const [column, row] = [at % columns, Math.floor(at / columns) % rows];
    const channel = (Math.floor(at / columns / rows) % outputs) - before;
    const n = Math.floor(at / columns / rows / outputs);
    if (channel < 0 || channel >= inputs) continue;
    let sum = 0;
    for (let k = 0; k < kh * kw; k++) {
      const [sy, sx] = [row * sh + Math.floor(k / kw), column * sw + (k % kw)];
      sum += x[((n * inputs + channel) * height + sy) * width + sx] as number;
    }
    y[at] = sum / (kh * kw);
  }
  return y;
}

function multiply(graph: Graph, node: NodeOf<"linear">, x: Values, batch: number, tensor: Lookup): Values {
  const [outputs] = graph.shape(node.id);
  const size = x.length / batch;
  const weight = tensor(node.id, "weight") as Float64Array;
  const bias = tensor(node.id, "bias");
  return Float64Array.from({ length: batch * outputs }, (_, at) => {
    const [n, output] = [Math.floor(at / outputs), at % outputs];
    let sum = bias?.[output] ?? 0;
    for (let i = 0; i < size; i++) sum += (x[n * size + i] as number) * (weight[output * size + i] as number);
    return sum;
  });
}

function crossEntropy(logits: Float64Array, targets: ArrayLike<number>, batch: number): number {
  const classes = logits.length / batch;
  let loss = 0;
  for (let n = 0; n < batch; n++) {
    const row = logits.subarray(n * classes, (n + 1) * classes);
    const logSum = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
    for (const [k, value] of row.entries()) {
      loss -= ((targets[n * classes + k] as number) * (value - logSum)) / batch;
    }
  }
  return loss;
}

/**
 * ∂loss/∂tensor by central differences, for every tensor in `names` (`a.weight`).
 *
 * @param most values of a tensor, spread over it; the others are NaN
 */
export function differentiate(
  graph: Graph,
  images: ArrayLike<number>,
  targets: ArrayLike<number>,
  batch: number,
  names: readonly string[],
  straightThrough?: StraightThrough,
  most = Number.POSITIVE_INFINITY,
): Map<string, Float64Array> {
  const tensors = readTensors(graph);
  const reach = 1e-6;
  if (straightThrough !== undefined) runFloat64(graph, tensors, images, targets, batch, straightThrough);
  return new Map(
    names.map((name) => {
      const values = tensors.get(name) as Float64Array;
      const places = spreadPlaces(values.length, most);
      const gradient = values.map((value, at) => {
        if (!places.has(at)) return Number.NaN;
        const lossAt = (moved: number) => {
          values[at] = moved;
          return runFloat64(graph, tensors, images, targets, batch, straightThrough).loss;
        };
        const slope = (lossAt(value + reach) - lossAt(value - reach)) / (2 * reach);
        values[at] = value;
        return slope;
      });
      return [name, gradient];
    }),
  );
}

/** By the golden ratio, so that no period of the tensor's shape is met. */
function spreadPlaces(length: number, most: number): Set<number> {
  if (length <= most) return new Set(Array.from({ length }, (_, at) => at));
  return new Set(Array.from({ length: most }, (_, k) => Math.floor((((k + 1) * 0.6180339887) % 1) * length)));
}
