/**
 * The kernels' memory, given out piece by piece and taken back as a whole.
 *
 * Knows: addresses and sizes. May not know: what lies there.
 */
import { exitCodes, RespikeError } from "../../../core/respike-error.js";

const pageBytes = 65_536;
const largestMemory = 2 ** 32 - pageBytes;

/** Addresses from the second page on; the first holds the module's own data. All pieces are multiples of 64 bytes. */
export class MemoryArena {
  #end = pageBytes;
  /** All of the memory, as long as it does not grow. */
  #all = new Int32Array(0);

  constructor(readonly memory: WebAssembly.Memory) {}

  /** A piece of `bytes`, not cleared. Views made before may be dead afterwards. */
  allocate(bytes: number): number {
    const start = this.#end;
    this.#end = start + Math.ceil(bytes / 64) * 64;
    const missing = this.#end - this.memory.buffer.byteLength;
    if (missing > 0) this.#grow(Math.ceil(missing / pageBytes));
    return start;
  }

  /** Everything from `mark` on is free again. */
  reset(mark: number = pageBytes): void {
    this.#end = mark;
  }

  get mark(): number {
    return this.#end;
  }

  #grow(pages: number): void {
    const value = `${this.#end} bytes`;
    try {
      if (this.#end > largestMemory) throw new RangeError("beyond 4 GiB");
      this.memory.grow(pages);
    } catch (cause) {
      const rule = "the simulation fits into memory";
      const next = "simulate fewer steps or a smaller network, or use fewer threads";
      throw new RespikeError(
        exitCodes.environment,
        { code: "out-of-memory", where: "simulator", rule, value, next },
        { cause },
      );
    }
  }

  words(address: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, length);
  }
  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }
  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }
  shorts(address: number, length: number): Int16Array {
    return new Int16Array(this.memory.buffer, address, length);
  }
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  /** Writes a few 32-bit words, without a view of their own: for what is written for every call. */
  setWords(address: number, values: readonly number[]): void {
    if (this.#all.buffer !== this.memory.buffer) this.#all = new Int32Array(this.memory.buffer);
    for (let i = 0; i < values.length; i++) this.#all[address / 4 + i] = values[i] as number;
  }

  /** Writes 32-bit words and returns their address. */
  writeWords(values: readonly number[]): number {
    const address = this.allocate(values.length * 4);
    this.words(address, values.length).set(values);
    return address;
  }
}
