/**
 * One node backwards: from links that leave its output elements to links that leave its input elements.
 *
 * Knows: windows, routing and which weights are 0. May not know: where paths begin and end, spikes.
 *
 * Given F(e), the number of targets that element e of the node's output is joined to, gives the same for
 * each element of an input: Σ F(e) over the output elements e that hear it, zero weights left out where
 * `effective`. Padding, borders and strides are exact.
 */
import { countElements } from "../core/tensor.js";
import { type GraphNode, isOp, type NodeOf, type Pair, type Shape } from "../graph/node-types.js";

export interface BackwardStep {
  readonly node: GraphNode;
  /** F of the output elements, [C,H,W] of `output`; read only. */
  readonly links: Float64Array;
  readonly output: Shape;
  /** Shapes of all inputs. */
  readonly inputs: readonly Shape[];
  /** Leave out weights equal to 0. */
  readonly effective: boolean;
}

/** @returns links of the elements of input `which`, a new array */
export function spreadBack(step: BackwardStep, which: number): Float64Array {
  const { node, links } = step;
  const shape = step.inputs[which] as Shape;
  if (isOp(node, "conv")) return throughConv(node, step, shape);
  if (isOp(node, "linear")) return throughLinear(node, step, shape);
  if (isOp(node, "affine", "batch-norm")) return throughScale(node, step, shape);
  if (isOp(node, "pool")) return throughPool(node.attributes, step, shape);
  if (isOp(node, "shortcut")) return throughShortcut(node, step, shape);
  if (isOp(node, "pad", "slice", "concat")) return throughRouting(node, step, which);
  return links.slice();
}

/** Output positions of a window that hear input position `at` through kernel position `k`; −1 for none. */
function windowOutput(
  at: number,
  k: number,
  stride: number,
  before: number,
  dilation: number,
  extent: number,
): number {
  const shifted = at + before - k * dilation;
  if (shifted < 0 || shifted % stride !== 0) return -1;
  const output = shifted / stride;
  return output < extent ? output : -1;
}

type Window = {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly before: Pair;
  readonly dilation: Pair;
};

/** Calls `visit(input position, output position, kernel position)` for every link of one channel's plane. */
function forEachWindowLink(
  [, height, width]: Shape,
  [, outHeight, outWidth]: Shape,
  { kernel, stride, before, dilation }: Window,
  visit: (input: number, output: number, k: number) => void,
): void {
  for (let y = 0; y < height; y++) {
    for (let ky = 0; ky < kernel[0]; ky++) {
      const oy = windowOutput(y, ky, stride[0], before[0], dilation[0], outHeight);
      if (oy < 0) continue;
      for (let x = 0; x < width; x++) {
        for (let kx = 0; kx < kernel[1]; kx++) {
          const ox = windowOutput(x, kx, stride[1], before[1], dilation[1], outWidth);
          if (ox >= 0) visit(y * width + x, oy * outWidth + ox, ky * kernel[1] + kx);
        }
      }
    }
  }
}

/** Window of one channel's plane: for each tap of an axis and each input position the output position, −1 for none. */
interface Hearers {
  readonly rows: readonly Int32Array[];
  readonly columns: readonly Int32Array[];
  readonly outWidth: number;
}

function listHearers(
  [, height, width]: Shape,
  [, outHeight, outWidth]: Shape,
  { kernel, stride, before, dilation }: Window,
): Hearers {
  const axis = (which: 0 | 1, size: number, extent: number) =>
    Array.from({ length: kernel[which] }, (_, k) =>
      Int32Array.from({ length: size }, (__, at) =>
        windowOutput(at, k, stride[which], before[which], dilation[which], extent),
      ),
    );
  return { rows: axis(0, height, outHeight), columns: axis(1, width, outWidth), outWidth };
}

/** result[input position] += Σ over taps of links[output position] × counts[tap] */
function addPlane(
  { rows, columns, outWidth }: Hearers,
  links: Float64Array,
  counts: Float64Array,
  result: Float64Array,
): void {
  for (const [ky, outputRows] of rows.entries()) {
    for (const [kx, outputColumns] of columns.entries()) {
      const count = counts[ky * columns.length + kx] as number;
      if (count === 0) continue;
      const width = outputColumns.length;
      for (let y = 0; y < outputRows.length; y++) {
        const row = (outputRows[y] as number) * outWidth;
        if (row < 0) continue;
        for (let x = 0; x < width; x++) {
          const column = outputColumns[x] as number;
          if (column >= 0)
            result[y * width + x] =
              (result[y * width + x] as number) + count * (links[row + column] as number);
        }
      }
    }
  }
}

function throughConv(node: NodeOf<"conv">, step: BackwardStep, input: Shape): Float64Array {
  const weight = node.tensors.weight?.data as ArrayLike<number>;
  const [outputs = 1, perGroup = 1, kh = 1, kw = 1] = node.tensors.weight?.shape ?? [];
  const { groups, stride, padding, dilation } = node.attributes;
  const perGroupOut = outputs / groups;
  const window: Window = { kernel: [kh, kw], stride, before: [padding[0], padding[1]], dilation };
  const [inArea, outArea, taps] = [input[1] * input[2], step.output[1] * step.output[2], kh * kw];
  const hears = listHearers(input, step.output, window);
  const result = new Float64Array(countElements(input));
  for (let group = 0; group < groups; group++) {
    const first = group * perGroupOut;
    // Output channels with the same links are counted together: almost always all of them.
    for (const channels of alikeChannels(step.links, first, perGroupOut, outArea)) {
      const plane = step.links.subarray(
        (channels[0] as number) * outArea,
        ((channels[0] as number) + 1) * outArea,
      );
      const counts = countWeights(weight, channels, perGroup, taps, step.effective);
      for (let i = 0; i < perGroup; i++) {
        const from = (group * perGroup + i) * inArea;
        addPlane(
          hears,
          plane,
          counts.subarray(i * taps, (i + 1) * taps),
          result.subarray(from, from + inArea),
        );
      }
    }
  }
  return result;
}

/** Channels first…first+count−1 in classes of equal planes. */
function alikeChannels(links: Float64Array, first: number, count: number, area: number): number[][] {
  const classes: number[][] = [];
  for (let c = first; c < first + count; c++) {
    const found = classes.find(([other = 0]) => {
      for (let at = 0; at < area; at++) if (links[c * area + at] !== links[other * area + at]) return false;
      return true;
    });
    if (found === undefined) classes.push([c]);
    else found.push(c);
  }
  return classes;
}

/** How many of the output channels hear input i through tap k: [i][k]. */
function countWeights(
  weight: ArrayLike<number>,
  channels: readonly number[],
  perGroup: number,
  taps: number,
  effective: boolean,
): Float64Array {
  const counts = new Float64Array(perGroup * taps);
  for (const channel of channels) {
    for (let at = 0; at < counts.length; at++) {
      if (!effective || weight[channel * counts.length + at] !== 0) counts[at] = (counts[at] as number) + 1;
    }
  }
  return counts;
}

function throughLinear(node: NodeOf<"linear">, step: BackwardStep, input: Shape): Float64Array {
  const weight = node.tensors.weight?.data as ArrayLike<number>;
  const result = new Float64Array(countElements(input));
  for (let o = 0; o < step.links.length; o++) {
    for (let i = 0; i < result.length; i++) {
      if (step.effective && weight[o * result.length + i] === 0) continue;
      result[i] = (result[i] as number) + (step.links[o] as number);
    }
  }
  return result;
}

function throughScale(node: GraphNode, { links, effective }: BackwardStep, input: Shape): Float64Array {
  const scale = (node.tensors.scale ?? node.tensors.gamma)?.data as ArrayLike<number>;
  const area = input[1] * input[2];
  return links.map((count, at) => (effective && scale[Math.floor(at / area)] === 0 ? 0 : count));
}

/** Average: every window adds its links. Maximum (of currents): an element is summed up once, whichever windows see it. */
function throughPool(
  attributes: NodeOf<"pool">["attributes"],
  { links, output }: Pick<BackwardStep, "links" | "output">,
  input: Shape,
): Float64Array {
  const { kernel, stride, padding, kind } = attributes;
  const window: Window = { kernel, stride, before: [padding[0], padding[1]], dilation: [1, 1] };
  const [inArea, outArea] = [input[1] * input[2], output[1] * output[2]];
  const result = new Float64Array(countElements(input));
  forEachWindowLink(input, output, window, (at, to) => {
    for (let c = 0; c < input[0]; c++) {
      const count = links[c * outArea + to] as number;
      const index = c * inArea + at;
      const before = result[index] as number;
      result[index] = kind === "max" ? Math.max(before, count) : before + count;
    }
  });
  return result;
}

/** Option A as every second pixel, `avg` as a 2×2 average pool; the zero channels join nothing. */
function throughShortcut(node: NodeOf<"shortcut">, step: BackwardStep, input: Shape): Float64Array {
  const [, height, width] = step.output;
  const skipped = ((node.attributes.channels - input[0]) / 2) * height * width;
  const links = step.links.subarray(skipped, skipped + input[0] * height * width);
  const size: Pair = node.attributes.kind === "A" ? [1, 1] : [2, 2];
  return throughPool(
    { kind: "average", kernel: size, stride: [2, 2], padding: [0, 0, 0, 0] },
    { links, output: [input[0], height, width] },
    input,
  );
}

function throughRouting(
  node: Extract<GraphNode, { op: "pad" | "slice" | "concat" }>,
  step: BackwardStep,
  which: number,
): Float64Array {
  const input = step.inputs[which] as Shape;
  const [, height, width] = step.output;
  const result = new Float64Array(countElements(input));
  const place = routeOf(node, step, which);
  for (let c = 0, index = 0; c < input[0]; c++) {
    for (let y = 0; y < input[1]; y++) {
      for (let x = 0; x < input[2]; x++, index++) {
        const [oc, oy, ox] = [place(0, c), place(1, y), place(2, x)];
        if (oc >= 0 && oy >= 0 && ox >= 0)
          result[index] = step.links[(oc * height + oy) * width + ox] as number;
      }
    }
  }
  return result;
}

/** Where a coordinate of the input stands on the output's axis; −1 for nowhere. */
function routeOf(
  node: Extract<GraphNode, { op: "pad" | "slice" | "concat" }>,
  { inputs, output }: BackwardStep,
  which: number,
): (axis: 0 | 1 | 2, at: number) => number {
  if (node.op === "concat") {
    const before = inputs.slice(0, which).reduce((sum, shape) => sum + shape[0], 0);
    return (axis, at) => (axis === 0 ? before + at : at);
  }
  if (node.op === "pad") {
    return (axis, at) => {
      const to = at + node.attributes.before[axis];
      return to >= 0 && to < output[axis] ? to : -1;
    };
  }
  const { start, step } = node.attributes;
  return (axis, at) => {
    const to = (at - start[axis]) / step[axis];
    return Number.isInteger(to) && to >= 0 && to < output[axis] ? to : -1;
  };
}
