/**
 * onnxruntime's channel-blocked layout, and the ways in and out of it.
 *
 * Knows: the order of values in a blocked tensor and in a blocked filter, the operators of the
 * domain `com.microsoft.nchwc`. May not know: gradients, networks.
 *
 * With B channels a block (16 with AVX-512, 8 with AVX2), a value of shape [N,C,H,W] lies as
 * [N,C/B,H,W,B], and a filter of shape [O,I,h,w] as [O/B,I/B,h,w,B(i),B(o)], or as
 * [O/B,I,h,w,B(o)] where I is not a multiple of B (the first layer). Shapes in the graph stay
 * those of the unblocked tensors: only the order of the values differs.
 */
import type { OnnxAttribute } from "../../inference/onnx-model.js";
import type { OnnxBuilder } from "../onnx-builder.js";
import type { FourExtents } from "../rules/conv-geometry.js";

export const blockedDomain = "com.microsoft.nchwc";

export interface ConvAttributes {
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  /** top, left, bottom, right */
  readonly padding?: readonly number[];
  readonly groups?: number;
}

export interface ConvOptions {
  /** [channels] */
  readonly bias?: string | undefined;
  /** a value of the result's shape that is added */
  readonly sum?: string | undefined;
  /** max(·, 0) of it all */
  readonly rectified?: boolean | undefined;
}

interface ConvCall {
  readonly value: string;
  readonly filter: string;
  readonly attributes: ConvAttributes;
  readonly options: ConvOptions;
}

export class BlockLayout {
  /** Filters by the weight that they came from. */
  readonly #filters = new Map<string, string>();
  /** What each convolution's result came from. */
  readonly #calls = new Map<string, ConvCall>();
  /** What each value with pixels put between each other came from. */
  readonly #woven = new Map<
    string,
    { readonly phases: string; readonly weave: (phases: string) => string }
  >();

  /** @param block B, channels a block */
  constructor(
    readonly builder: OnnxBuilder,
    readonly block: number,
  ) {}

  fits(channels: number): boolean {
    return channels % this.block === 0;
  }

  /** @param filter blocked */
  convolve(value: string, filter: string, attributes: ConvAttributes, options: ConvOptions = {}): string {
    const { kernel, stride = [1, 1], dilation = [1, 1], padding = [0, 0, 0, 0], groups = 1 } = attributes;
    const { bias, sum, rectified } = options;
    const rest = sum !== undefined ? [bias ?? "", sum] : bias !== undefined ? [bias] : [];
    const result = this.#emit("Conv", [value, filter, ...rest], {
      kernel_shape: { ints: kernel },
      strides: { ints: stride },
      dilations: { ints: dilation },
      pads: { ints: padding },
      group: { int: groups },
      ...(rectified === true ? { activation: { string: "Relu" } } : {}),
    });
    this.#calls.set(result, { value, filter, attributes, options });
    return result;
  }

  /** a + b, by the convolution that one of them is where nothing else has read it. */
  add(a: string, b: string): string {
    const [first, second] = [this.#woven.get(a), this.#woven.get(b)];
    if (first !== undefined && second !== undefined && !this.#isRead(a) && !this.#isRead(b)) {
      const { phases } = first;
      return this.weave(this.#addTo(second.phases, phases) ?? this.add(phases, second.phases), second.weave);
    }
    const sum = this.#isRead(b) ? undefined : this.#addTo(b, a);
    return sum ?? (this.#isRead(a) ? undefined : this.#addTo(a, b)) ?? this.builder.emit("Add", [a, b]);
  }

  /** A convolution's result plus another value, by the convolution. */
  #addTo(value: string, other: string): string | undefined {
    const call = this.#calls.get(value);
    if (call === undefined || call.options.sum !== undefined || call.options.rectified === true)
      return undefined;
    return this.convolve(call.value, call.filter, call.attributes, { ...call.options, sum: other });
  }

  /** max(x, 0), by the convolution that x is where nothing else has read it. */
  rectify(value: string): string {
    const call = this.#calls.get(value);
    if (call === undefined || this.#isRead(value)) return this.builder.emit("Relu", [value]);
    return this.convolve(call.value, call.filter, call.attributes, { ...call.options, rectified: true });
  }

  /** A value whose pixels are put in their places by `weave`; sums of two such are made before that. */
  weave(phases: string, weave: (phases: string) => string): string {
    const result = weave(phases);
    this.#woven.set(result, { phases, weave });
    return result;
  }

  #isRead(value: string): boolean {
    return this.builder.nodes.some(({ inputs }) => inputs.includes(value));
  }

  /** Every value times its channel's factor, plus its channel's offset, plus another value. */
  scale(value: string, factor: string, channels: number, options: ConvOptions = {}): string {
    const filter = this.builder.reshape(factor, [channels, 1, 1, 1]);
    return this.convolve(value, filter, { kernel: [1, 1], groups: channels }, options);
  }

  /** Means over (h,w): [N,C,1,1], where blocked and unblocked order are the same. */
  average(value: string): string {
    return this.#emit("GlobalAveragePool", [value], {});
  }

  /** Σ over (n,h,w), times a factor: [C]. */
  sumChannels(value: string, [batch, channels, height, width]: FourExtents, factor = 1): string {
    const means = this.builder.reshape(this.average(value), [batch, channels]);
    return this.#sumRows(means, batch, factor * height * width);
  }

  /** Σₙ of [N,C], times a factor: [C]. */
  #sumRows(value: string, batch: number, factor: number): string {
    const row = this.builder.constant([batch], new Array<number>(batch).fill(factor));
    return this.builder.emit("MatMul", [row, value]);
  }

  /**
   * Σ over (n,h,w) of the product of two values, times a factor: [C]. With images and channels as one axis, one value is
   * a depthwise window of the size of the map: no product is ever stored.
   */
  sumProducts(
    value: string,
    other: string,
    [batch, channels, height, width]: FourExtents,
    factor = 1,
  ): string {
    const { builder: b } = this;
    const both = batch * channels;
    const sums = this.convolve(
      b.reshape(value, [1, both, height, width]),
      b.reshape(other, [both, 1, height, width]),
      { kernel: [height, width], groups: both },
    );
    return this.#sumRows(b.reshape(sums, [batch, channels]), batch, factor);
  }

  /** A blocked value with zeros around every map, or fewer pixels, every stride-th of them. */
  copyPixels(
    value: string,
    channels: number,
    attributes: Pick<ConvAttributes, "padding" | "stride">,
  ): string {
    const ones = this.builder.constant([channels], new Array<number>(channels).fill(1));
    const filter = this.builder.reshape(ones, [channels, 1, 1, 1]);
    return this.convolve(value, filter, { kernel: [1, 1], groups: channels, ...attributes });
  }

  /** Blocked → [N,C,H,W] in row-major order. */
  unblock(value: string, channels: number): string {
    return this.#emit("ReorderOutput", [value], { channels: { int: channels } });
  }

  /** [N,C,H,W] in row-major order → blocked. */
  toBlocks(value: string): string {
    return this.#emit("ReorderInput", [value], {});
  }

  /** [N,H,W,C] in row-major order → blocked [N,C,H,W]. */
  lastToBlocks(value: string): string {
    return this.#emit("ReorderInput", [value], { channels_last: { int: 1 } });
  }

  /** A weight [O,I,h,w] in row-major order as a filter from I to O channels. */
  arrangeFilter(weight: string, extents: FourExtents): string {
    const { builder: b, block } = this;
    const [outputs, inputs, height, width] = extents;
    const taps = height * width;
    const known = this.#filters.get(weight);
    if (known !== undefined) return known;
    // [O/B,B(o),I·taps] → [O/B,I·taps,B(o)], then [O/B,I/B,B(i),taps,B(o)] → [O/B,I/B,taps,B(i),B(o)]
    const behind = this.toBlocks(b.reshape(weight, [outputs / block, block, 1, inputs * taps]));
    const pairs = (outputs * inputs) / block ** 2;
    const arranged =
      taps > 1 && this.fits(inputs)
        ? this.lastToBlocks(b.reshape(behind, [pairs, block, 1, taps * block]))
        : behind;
    const filter = b.reshape(arranged, extents);
    this.#filters.set(weight, filter);
    return filter;
  }

  /** Rows of [count, length] in another order, by several threads, as Transpose does not. */
  takeRows(value: string, order: readonly number[], length: number): string {
    const { builder: b } = this;
    const rows = b.reshape(value, [-1, length]);
    return b.emit("Gather", [rows, b.ints(order)], { axis: { int: 0 } });
  }

  /** The value of `shape` with its axes in another order, as `result`. */
  permute(
    value: string,
    shape: readonly number[],
    order: readonly number[],
    result: readonly number[],
  ): string {
    const { builder: b } = this;
    const permuted = b.emit("Transpose", [b.reshape(value, shape)], { perm: { ints: order } });
    return b.reshape(permuted, result);
  }

  #emit(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
  ): string {
    return this.builder.emit(opType, inputs, attributes, blockedDomain);
  }
}
