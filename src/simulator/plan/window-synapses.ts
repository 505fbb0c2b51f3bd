/**
 * Synapse groups as regular windows: one dense weight per kernel position and pair of channels.
 *
 * Knows: when routing and weighted node together are a strided window over the source.
 * May not know: memory layouts, kernels.
 */
import type { Pair, Shape } from "../../graph/node-types.js";
import type { SynapseGroup } from "./snn-plan.js";

/**
 * Target (c′, Y, X) hears source (c, Y·stride + offset + ky·dilation, …) through weights[ky,kx,c,c′]; source rows and
 * columns outside the source do not exist.
 */
export interface WindowSynapses {
  readonly source: string;
  readonly sourceShape: Shape;
  readonly targetShape: Shape;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly offset: Pair;
  readonly dilation: Pair;
  /** [kh][kw][source channels][target channels] */
  readonly weights: Float64Array;
}

/** More weights than this are not laid out densely. */
const largestWindow = 2 ** 25;

type AxisMaps = readonly [Int32Array, Int32Array, Int32Array];

/** The group as a regular window, or null where it is none. */
export function windowOf(group: SynapseGroup): WindowSynapses | null {
  const input = separateMap(group.inputMap, group.inputShape, group.sourceShape);
  const target = separateMap(group.targetMap, group.targetShape, group.outputShape);
  if (input === null || target === null) return null;
  const shape = kernelShape(group);
  const vertical = regularAxis(
    axisTable(group, 0, input[1], target[1], shape.kernel[0]),
    group.sourceShape[1],
  );
  const horizontal = regularAxis(
    axisTable(group, 1, input[2], target[2], shape.kernel[1]),
    group.sourceShape[2],
  );
  if (vertical === null || horizontal === null) return null;
  const size = shape.kernel[0] * shape.kernel[1] * group.sourceShape[0] * group.targetShape[0];
  if (size > largestWindow) return null;
  return {
    source: group.source,
    sourceShape: group.sourceShape,
    targetShape: group.targetShape,
    kernel: shape.kernel,
    stride: [vertical.stride, horizontal.stride],
    offset: [vertical.offset, horizontal.offset],
    dilation: [vertical.dilation, horizontal.dilation],
    weights: denseWeights(group, shape, input[0], target[0]),
  };
}

interface KernelShape {
  readonly kernel: Pair;
  readonly groups: number;
  readonly perGroup: number;
}

function kernelShape({ node, inputShape }: SynapseGroup): KernelShape {
  if (node.op === "affine") return { kernel: [1, 1], groups: inputShape[0], perGroup: 1 };
  if (node.op === "linear")
    return { kernel: [inputShape[1], inputShape[2]], groups: 1, perGroup: inputShape[0] };
  const [, perGroup = 1, height = 1, width = 1] = node.tensors.weight?.shape ?? [];
  return { kernel: [height, width], groups: node.attributes.groups, perGroup };
}

/**
 * A map of elements as a product of maps of channels, rows and columns (−1 for none), or null where it is none.
 *
 * @param map element of `shape` → element of `onto`, or −1
 */
function separateMap(map: Int32Array, shape: Shape, onto: Shape): AxisMaps | null {
  const axes: AxisMaps = [
    new Int32Array(shape[0]).fill(-1),
    new Int32Array(shape[1]).fill(-1),
    new Int32Array(shape[2]).fill(-1),
  ];
  for (let index = 0; index < map.length; index++) {
    const to = map[index] as number;
    if (to < 0) continue;
    axes[0][Math.floor(index / (shape[1] * shape[2]))] = Math.floor(to / (onto[1] * onto[2]));
    axes[1][Math.floor(index / shape[2]) % shape[1]] = Math.floor(to / onto[2]) % onto[1];
    axes[2][index % shape[2]] = to % onto[2];
  }
  let index = 0;
  for (const c of axes[0]) {
    for (const y of axes[1]) {
      for (const x of axes[2]) {
        const expected = c < 0 || y < 0 || x < 0 ? -1 : (c * onto[1] + y) * onto[2] + x;
        if (expected !== map[index++]) return null;
      }
    }
  }
  return axes;
}

/** Source position that target position Y hears at kernel position k, −1 for none: table[Y][k]. */
function axisTable(
  group: SynapseGroup,
  axis: 0 | 1,
  input: Int32Array,
  target: Int32Array,
  kernel: number,
): Int32Array[] {
  const { node } = group;
  const [stride, padding, dilation] =
    node.op === "conv"
      ? [node.attributes.stride[axis], node.attributes.padding[axis], node.attributes.dilation[axis]]
      : [1, 0, 1];
  return Array.from(target, (out) =>
    new Int32Array(kernel).map((_, k) =>
      out < 0 ? -1 : (input[out * stride - padding + k * dilation] ?? -1),
    ),
  );
}

/** position = Y·stride + offset + k·dilation wherever that lies in 0…extent−1, and −1 elsewhere. */
function regularAxis(
  table: readonly Int32Array[],
  extent: number,
): { readonly stride: number; readonly offset: number; readonly dilation: number } | null {
  const known = (y: number, k: number) => table[y]?.[k] ?? -1;
  const kernel = table[0]?.length ?? 0;
  let [stride, dilation, offset] = [0, 0, Number.NaN];
  for (let y = 0; y < table.length; y++) {
    for (let k = 0; k < kernel; k++) {
      const at = known(y, k);
      if (at < 0) continue;
      if (stride === 0 && known(y + 1, k) >= 0) stride = known(y + 1, k) - at;
      if (dilation === 0 && known(y, k + 1) >= 0) dilation = known(y, k + 1) - at;
    }
  }
  stride ||= 1;
  dilation ||= 1;
  for (let y = 0; y < table.length && Number.isNaN(offset); y++) {
    for (let k = 0; k < kernel && Number.isNaN(offset); k++) {
      if (known(y, k) >= 0) offset = known(y, k) - y * stride - k * dilation;
    }
  }
  if (Number.isNaN(offset)) return null;
  for (let y = 0; y < table.length; y++) {
    for (let k = 0; k < kernel; k++) {
      const at = y * stride + offset + k * dilation;
      if (known(y, k) !== (at >= 0 && at < extent ? at : -1)) return null;
    }
  }
  return { stride, offset, dilation };
}

/** Weights from source channels to target channels; a source that feeds one target twice counts with the sum. */
function denseWeights(
  { node, sourceShape, outputShape, targetShape }: SynapseGroup,
  { kernel, groups, perGroup }: KernelShape,
  input: Int32Array,
  target: Int32Array,
): Float64Array {
  const [sources, targets] = [sourceShape[0], targetShape[0]];
  const weights = new Float64Array(kernel[0] * kernel[1] * sources * targets);
  const data = (node.op === "affine" ? node.tensors.scale : node.tensors.weight)?.data as ArrayLike<number>;
  const area = kernel[0] * kernel[1];
  const outputsPerGroup = outputShape[0] / groups;
  for (let c = 0; c < targets; c++) {
    const o = target[c] as number;
    if (o < 0) continue;
    const firstInput = Math.floor(o / outputsPerGroup) * perGroup;
    for (let i = 0; i < perGroup; i++) {
      const source = input[firstInput + i] as number;
      if (source < 0) continue;
      for (let k = 0; k < area; k++) {
        const at = (k * sources + source) * targets + c;
        weights[at] = (weights[at] as number) + (data[(o * perGroup + i) * area + k] as number);
      }
    }
  }
  return weights;
}
