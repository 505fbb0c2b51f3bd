/**
 * Weighted sums of counts where they lie, without copying them out.
 *
 * Knows: weights in the kernels' order of channels. May not know: what weights mean, snapshots.
 */
import type { Shape } from "../../graph/node-types.js";
import type { SourceWeights } from "../backend.js";
import type { GateStage, NeuronStage } from "../plan/snn-plan.js";
import { countBlocked, toBlocked } from "./block-elements.js";
import type { KernelExports } from "./kernel-module.js";
import type { MemoryArena } from "./memory-arena.js";

/** Σ|s|, Σ|s| · first weight, Σ|s| · second weight. */
export const sumsEach = 3;

export class CountSums {
  /** Stage id → where its two weights lie, [block][y][x][16]. */
  readonly #places = new Map<string, readonly [first: number, second: number]>();
  readonly #sums: number;

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
  }

  /** Adds the sums of a block of |counts| at `address` to `into` from `offset`. */
  addBlock(
    { id, shape }: NeuronStage | GateStage,
    block: number,
    address: number,
    into: Float64Array,
    offset: number,
  ): void {
    const places = this.#places.get(id);
    if (places === undefined) return;
    const length = shape[1] * shape[2] * 16;
    const skipped = block * length * 4;
    const sums = new BigInt64Array(this.arena.memory.buffer, this.#sums, sumsEach);
    sums.fill(0n);
    this.module.sumCounts(address, places[0] + skipped, places[1] + skipped, length, this.#sums);
    for (const [at, sum] of sums.entries()) into[offset + at] = (into[offset + at] as number) + Number(sum);
  }
}
