/**
 * The image's constant current by integers of 16 bits, where weights and sums fit: the same numbers as constant-currents.ts has.
 *
 * Knows: bounds of the sums, CurrentWindow with weights of 16 bits (assembly/spiking/short-currents.ts). May not know: steps, slots.
 */
import type { NumberFormat } from "../../../graph/node-types.js";
import type { WindowSynapses } from "../../plan/window-synapses.js";
import type { MemoryArena } from "../memory/memory-arena.js";
import { weightsFit16 } from "../planning/kernel-windows.js";
import type { KernelExports } from "./kernel-module.js";

/** A pixel in fixed point is 2¹⁰·high + low. */
const lowBits = 10;
/** Sums under way stay below this. */
const largestSum = 2 ** 31 - 2 ** 16;

export class ShortCurrents {
  readonly #raw: number;
  readonly #pixels: number;
  readonly #shared: number;
  readonly #window: number;
  /** Largest |pixel| in fixed point for which no sum overflows. */
  readonly #largestPixel: number;

  /** @param window one that `findShortWindow` gave */
  constructor(
    window: WindowSynapses,
    private readonly imageLength: number,
    shared: Float64Array,
    private readonly module: KernelExports,
    private readonly arena: MemoryArena,
  ) {
    const even = imageLength + (imageLength & 1);
    this.#raw = arena.allocate(even * 4);
    arena.floats(this.#raw, even).fill(0);
    this.#pixels = arena.allocate(even * 4);
    this.#shared = arena.allocate(shared.length * 4);
    arena.words(this.#shared, shared.length).set(shared);
    this.#window = writeWindow(window, this.#pixels, arena);
    const high = Math.min(32_767, Math.floor(largestSum / largestWeightSum(window)));
    this.#largestPixel = high * 2 ** lowBits - 1;
  }

  /** As ConstantCurrents.write; null, and nothing is written, where a pixel is too large. */
  write(image: Float32Array, address: number): number | null {
    const { arena, module, imageLength } = this;
    arena.floats(this.#raw, imageLength).set(image);
    const even = imageLength + (imageLength & 1);
    const largest = module.fixShortPixels(this.#raw, even, this.#pixels);
    if (!(largest <= this.#largestPixel)) return null;
    return module.addShortCurrents(this.#window, this.#shared, address);
  }
}

interface Drive {
  readonly number: NumberFormat;
  readonly windows: readonly WindowSynapses[];
  readonly irregular: readonly unknown[];
}

/** The one window of an image drive whose sums are integers of 16 bits times 16 bits; undefined where it is none. */
export function findShortWindow({ windows, irregular, number }: Drive): WindowSynapses | undefined {
  const [window] = windows;
  if (window === undefined || windows.length > 1 || irregular.length > 0 || number === "float32")
    return undefined;
  const isSideBySide = window.kernel[1] === 1 || window.dilation[1] === 1;
  const fitsLow = largestWeightSum(window) * 2 ** lowBits < largestSum;
  return isSideBySide && fitsLow && weightsFit16(window) ? window : undefined;
}

/** Largest Σ|weight| of an output. */
function largestWeightSum({ weights, targetShape }: WindowSynapses): number {
  const sums = new Float64Array(targetShape[0]);
  for (let i = 0; i < weights.length; i++) {
    const target = i % sums.length;
    sums[target] = (sums[target] as number) + Math.abs(weights[i] as number);
  }
  return sums.reduce((most, sum) => Math.max(most, sum), 1);
}

function writeWindow(window: WindowSynapses, pixels: number, arena: MemoryArena): number {
  const { kernel, stride, offset, dilation, sourceShape, targetShape } = window;
  const [targets, height, width] = targetShape;
  const blocks = Math.ceil(targets / 16);
  const packed = packPairs(window, blocks);
  const weights = arena.allocate(packed.length * 2);
  arena.shorts(weights, packed.length).set(packed);
  const span = (width - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1;
  // low and high parts; a pair may reach beyond the last
  const held = arena.allocate(kernel[0] * span * sourceShape[0] * 4 + 64);
  const geometry = [...sourceShape, ...kernel, ...stride, ...offset, ...dilation, height, width, blocks];
  return arena.writeWords([pixels, ...geometry, weights, held, 0]);
}

/** int16 [block][ky][pairs of taps][16][2], a zero behind an odd last tap. */
function packPairs(
  { kernel, sourceShape, targetShape, weights }: WindowSynapses,
  blocks: number,
): Int16Array {
  const targets = targetShape[0];
  const taps = kernel[1] * sourceShape[0];
  const pairs = Math.ceil(taps / 2);
  const packed = new Int16Array(blocks * kernel[0] * pairs * 32);
  for (let i = 0; i < weights.length; i++) {
    const [row, target] = [Math.floor(i / targets), i % targets];
    const [ky, tap] = [Math.floor(row / taps), row % taps];
    const pair = ((target >> 4) * kernel[0] + ky) * pairs + (tap >> 1);
    packed[pair * 32 + (target & 15) * 2 + (tap & 1)] = weights[i] as number;
  }
  return packed;
}
