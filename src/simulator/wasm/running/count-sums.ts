/**
 * Weighted sums of counts where they lie, without copying them out.
 *
 * Knows: weights in the kernels' order of channels, the list of observed times (assembly/spiking/observed-times.ts).
 * May not know: what weights mean, snapshots.
 */
import type { Shape } from "../../../graph/node-types.js";
import type { SourceWeights } from "../../backend.js";
import type { GateStage, NeuronStage } from "../../plan/snn-plan.js";
import { countBlocked, toBlocked } from "../memory/block-elements.js";
import type { MemoryArena } from "../memory/memory-arena.js";
import type { ObservedTiles } from "../memory/tile-commands.js";
import type { KernelExports } from "./kernel-module.js";

/** Σ|s|, Σ|s| · first weight, Σ|s| · second weight. */
export const sumsEach = 3;

/** An ObservedTime: its step, filled up to eight bytes, and its sums. */
const observedBytes = 8 + sumsEach * 8;
const firstRoom = 16;

export class CountSums {
  /** Stage id → where its two weights lie, [block][y][x][16]. */
  readonly #places = new Map<string, readonly [first: number, second: number]>();
  readonly #sums: number;
  #times: number;
  #room = firstRoom;

  constructor(
    readonly weights: SourceWeights,
    stages: readonly (NeuronStage | GateStage)[],
    private readonly module: KernelExports,
    private readonly arena: MemoryArena,
  ) {
    const write = (values: ArrayLike<number>, shape: Shape) => {
      const address = arena.allocate(countBlocked(shape) * 4);
      arena.words(address, countBlocked(shape)).set(toBlocked(values, shape));
      return address;
    };
    for (const stage of stages) {
      const pair = weights.get(stage.kind === "neuron" ? stage.name : stage.id);
      if (pair === undefined) continue;
      this.#places.set(stage.id, [write(pair[0], stage.shape), write(pair[1], stage.shape)]);
    }
    this.#sums = arena.allocate(sumsEach * 8);
    this.#times = arena.allocate(this.#room * observedBytes);
  }

  /** Adds the sums of a block of |counts| at `address` to `into` from `offset`. */
  addBlock(
    stage: NeuronStage | GateStage,
    block: number,
    address: number,
    into: Float64Array,
    offset: number,
  ): void {
    const places = this.#weightsOf(stage, block);
    if (places === null) return;
    const sums = new BigInt64Array(this.arena.memory.buffer, this.#sums, sumsEach);
    sums.fill(0n);
    this.module.sumCounts(address, ...places, stage.shape[1] * stage.shape[2] * 16, this.#sums);
    addSums(sums, into, offset);
  }

  /** Lists the steps after which the kernels are to sum a stage's counts up from a block on; all sums 0. */
  writeTimes(stage: NeuronStage, block: number, steps: readonly number[]): ObservedTiles {
    const weights = this.#weightsOf(stage, block) ?? [0, 0];
    if (steps.length > this.#room) {
      this.#room = steps.length;
      this.#times = this.arena.allocate(this.#room * observedBytes);
    }
    this.arena.bytes(this.#times, steps.length * observedBytes).fill(0);
    for (const [at, step] of steps.entries()) {
      this.arena.words(this.#times + at * observedBytes, 1)[0] = step;
    }
    return { times: this.#times, count: steps.length, weights };
  }

  /** Adds the sums of one of the listed times to `into` from `offset`. */
  addTime(at: number, into: Float64Array, offset: number): void {
    const address = this.#times + at * observedBytes + 8;
    addSums(new BigInt64Array(this.arena.memory.buffer, address, sumsEach), into, offset);
  }

  /** Addresses of the weights of a stage from one of its blocks on; null where it has none. */
  #weightsOf({ id, shape }: NeuronStage | GateStage, block: number): readonly [number, number] | null {
    const places = this.#places.get(id);
    const skipped = block * shape[1] * shape[2] * 16 * 4;
    return places === undefined ? null : [places[0] + skipped, places[1] + skipped];
  }
}

function addSums(sums: BigInt64Array, into: Float64Array, offset: number): void {
  for (const [at, sum] of sums.entries()) into[offset + at] = (into[offset + at] as number) + Number(sum);
}
