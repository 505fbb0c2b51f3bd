/**
 * The image's constant current on a target, computed once an image.
 *
 * Knows: fixed point and rounding of image-input.ts, CurrentWindow of assembly/spiking/constant-currents.ts. May not know:
 * steps, slots.
 */
import type { NumberFormat, Shape } from "../../../graph/node-types.js";
import { roundCurrent } from "../../image-input.js";
import { forEachSynapse } from "../../plan/enumerate-synapses.js";
import type { SynapseGroup } from "../../plan/snn-plan.js";
import { type WindowSynapses, windowOf } from "../../plan/window-synapses.js";
import { blockedIndex, countBlocked } from "../memory/block-elements.js";
import type { MemoryArena } from "../memory/memory-arena.js";
import type { KernelExports } from "./kernel-module.js";
import { findShortWindow, ShortCurrents } from "./short-currents.js";

/** What the image drives a target with: windows, and what is none. */
export interface ImageDrive {
  readonly shape: Shape;
  readonly number: NumberFormat;
  readonly windows: readonly WindowSynapses[];
  readonly irregular: readonly SynapseGroup[];
}

/** @param shape of the target's currents, before a pool */
export function describeImageDrive(
  groups: readonly SynapseGroup[],
  shape: Shape,
  number: NumberFormat,
): ImageDrive {
  const found = groups.map((group) => ({ group, window: windowOf(group) }));
  return {
    shape,
    number,
    windows: found.flatMap(({ window }) => (window === null ? [] : [window])),
    irregular: found.flatMap(({ group, window }) => (window === null ? [group] : [])),
  };
}

/** An image drive in the kernels' memory. */
export class ConstantCurrents {
  readonly #pixels: number;
  readonly #raw: number;
  readonly #sums: number;
  readonly #shared: number;
  readonly #windows: readonly number[];
  /** The quicker way, where there is one. */
  readonly #short: ShortCurrents | undefined;

  /** @param shared constant currents that all images share, [block][y][x][16] */
  constructor(
    private readonly drive: ImageDrive,
    private readonly imageLength: number,
    shared: Float64Array,
    private readonly module: KernelExports,
    private readonly arena: MemoryArena,
  ) {
    const even = imageLength + (imageLength & 1);
    this.#raw = arena.allocate(even * 4);
    this.#pixels = arena.allocate(even * 8);
    this.#sums = arena.allocate(shared.length * 8);
    this.#shared = writeDoubles(arena, shared);
    this.#windows = drive.windows.map((window) => this.#writeWindow(window));
    const short = findShortWindow(drive);
    this.#short = short && new ShortCurrents(short, imageLength, shared, module, arena);
  }

  get #isFloat(): boolean {
    return this.drive.number === "float32";
  }

  #writeWindow(window: WindowSynapses): number {
    const { arena } = this;
    const [targets, height, width] = window.targetShape;
    const [sources, sourceHeight, sourceWidth] = window.sourceShape;
    const taps = window.weights.length / targets;
    const span = (width - 1) * window.stride[1] + (window.kernel[1] - 1) * window.dilation[1] + 1;
    const rowsHeard = window.kernel[0] * span;
    const blocks = Math.ceil(targets / 16);
    const weights = new Float64Array(blocks * taps * 16);
    for (let i = 0; i < window.weights.length; i++) {
      const [tap, target] = [Math.floor(i / targets), i % targets];
      weights[((target >> 4) * taps + tap) * 16 + (target & 15)] = window.weights[i] as number;
    }
    return arena.writeWords([
      this.#pixels,
      sources,
      sourceHeight,
      sourceWidth,
      ...window.kernel,
      ...window.stride,
      ...window.offset,
      ...window.dilation,
      height,
      width,
      blocks,
      writeDoubles(arena, weights),
      arena.allocate(rowsHeard * sources * 8),
      this.#sums,
    ]);
  }

  /** Σ over all groups, not rounded, at `#sums`. */
  #sum(image: Float32Array): void {
    const { arena, module, drive, imageLength } = this;
    arena.floats(this.#raw, imageLength).set(image);
    module.fixPixels(this.#raw, imageLength + (imageLength & 1), this.#pixels, this.#isFloat ? 1 : 0);
    const sums = arena.doubles(this.#sums, countBlocked(drive.shape)).fill(0);
    for (const window of this.#windows) module.addCurrents(window);
    const pixels = arena.doubles(this.#pixels, imageLength);
    for (const group of drive.irregular) {
      forEachSynapse(group, (source, target, weight) => {
        const at = blockedIndex(target, drive.shape);
        sums[at] = (sums[at] as number) + weight * (pixels[source] as number);
      });
    }
  }

  /**
   * Writes the image's rounded currents and those that all images share, int32 or float32 [block][y][x][16].
   *
   * @returns the largest magnitude of the image's part
   */
  write(image: Float32Array, address: number): number {
    const largest = this.#short?.write(image, address) ?? null;
    if (largest !== null) return largest;
    this.#sum(image);
    const count = countBlocked(this.drive.shape);
    return this.module.roundCurrents(this.#sums, this.#shared, count, address, this.#isFloat ? 1 : 0);
  }

  /** The image's rounded currents alone, [C,H,W]. */
  read(image: Float32Array): Float64Array {
    this.#sum(image);
    const { shape } = this.drive;
    const sums = this.arena.doubles(this.#sums, countBlocked(shape));
    return Float64Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, element) => {
      const sum = sums[blockedIndex(element, shape)] as number;
      return this.#isFloat ? Math.fround(sum) : roundCurrent(sum);
    });
  }
}

function writeDoubles(arena: MemoryArena, values: Float64Array): number {
  const address = arena.allocate(values.length * 8);
  arena.doubles(address, values.length).set(values);
  return address;
}
