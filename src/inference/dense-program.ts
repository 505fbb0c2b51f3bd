/**
 * A dense program under construction: buffers, constants and kernel calls in order.
 *
 * Knows: lifetimes of buffers, where constants go. May not know: operators.
 *
 * Addresses are known only when the program is complete, so a step is a function of them.
 */
import { outOfMemory } from "./check-run.js";
import { type DenseKernels, growMemory, largestMemory } from "./dense-kernels.js";
import { planMemory } from "./plan-memory.js";

/** Something in kernel memory whose address is known once the program is laid out. */
export interface Place {
  address: number;
}

interface Buffer extends Place {
  readonly bytes: number;
  readonly from: number;
  to: number;
}

interface Constant extends Place {
  readonly data: Float32Array | Uint32Array;
}

/** One node's kernel calls. */
export interface DenseStep {
  readonly id: string;
  readonly run: () => void;
}

function makeTable(key: string, length: number, offsetAt: (index: number) => number): Uint32Array {
  try {
    const table = new Uint32Array(length);
    for (let at = 0; at < length; at++) table[at] = offsetAt(at);
    return table;
  } catch (cause) {
    throw outOfMemory(`a table of ${length} offsets (${key})`, 4 * length, cause);
  }
}

export class DenseProgram {
  readonly #buffers: Buffer[] = [];
  readonly #constants: Constant[] = [];
  readonly #tables = new Map<string, Constant>();
  readonly #steps: { id: string; calls: ((kernels: DenseKernels) => void)[] }[] = [];

  /** Begins a node's step; buffers and calls up to the next one belong to it. */
  beginStep(id: string): void {
    this.#steps.push({ id, calls: [] });
  }

  /** A kernel call of the step at hand. */
  call(call: (kernels: DenseKernels) => void): void {
    this.#steps[this.#steps.length - 1]?.calls.push(call);
  }

  /**
   * Room that the step at hand writes; it lives until the last step that `reads` it.
   *
   * @throws RespikeError (exit 5) where it can never fit into memory
   */
  buffer(bytes: number): Buffer {
    if (bytes > largestMemory) throw outOfMemory(`the value of ${this.#steps.at(-1)?.id}`, bytes);
    const now = this.#steps.length - 1;
    const buffer = { address: 0, bytes, from: now, to: now };
    this.#buffers.push(buffer);
    return buffer;
  }

  /** The step at hand reads the buffer. */
  read(buffer: Buffer): void {
    buffer.to = Math.max(buffer.to, this.#steps.length - 1);
  }

  /** Numbers that stay in memory for good. */
  constant(data: Float32Array | Uint32Array): Place {
    const constant = { address: 0, data };
    this.#constants.push(constant);
    return constant;
  }

  /**
   * A table of offsets; tables of one key share their room.
   *
   * @throws RespikeError (exit 5) where it does not fit into memory
   */
  table(key: string, length: number, offsetAt: (index: number) => number): Place {
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = { address: 0, data: makeTable(key, length, offsetAt) };
      this.#tables.set(key, table);
      this.#constants.push(table);
    }
    return table;
  }

  /**
   * Lays everything out in the kernels' memory and writes the constants.
   *
   * @throws RespikeError (exit 5) where the memory is not to be had
   */
  layOut(kernels: DenseKernels): readonly DenseStep[] {
    const align = (address: number) => Math.ceil(address / 64) * 64;
    let end = align(kernels.heapBase());
    for (const constant of this.#constants) {
      constant.address = end;
      end = align(end + constant.data.byteLength);
    }
    const plan = planMemory(this.#buffers);
    this.#buffers.forEach((buffer, index) => {
      buffer.address = end + (plan.offsets[index] as number);
    });
    growMemory(kernels.memory, end + plan.bytes);
    const words = new Uint32Array(kernels.memory.buffer);
    const floats = new Float32Array(kernels.memory.buffer);
    for (const { address, data } of this.#constants) {
      if (data instanceof Float32Array) floats.set(data, address / 4);
      else words.set(data, address / 4);
    }
    this.#constants.length = 0;
    this.#tables.clear();
    return this.#steps.map(({ id, calls }) => ({
      id,
      run: () => {
        for (const call of calls) call(kernels);
      },
    }));
  }
}

export type { Buffer as DenseBuffer };
