/**
 * What the stages of an image hold now, read from the kernels' memory.
 *
 * Knows: blocks of 16 channels, [y][x][16]. May not know: requests, times.
 */
import { countElements } from "../../../core/tensor.js";
import type { Shape } from "../../../graph/node-types.js";
import type { GateStage, NeuronStage } from "../../plan/snn-plan.js";
import { fromBlock } from "../memory/block-elements.js";
import type { MemoryArena } from "../memory/memory-arena.js";
import type { SlotMemory } from "../memory/slot-memory.js";
import type { KernelExports } from "./kernel-module.js";
import type { StepState } from "./record-steps.js";

/** What one block of a stage holds, [y][x][16]. */
export interface BlockState extends StepState {
  readonly countsAt: number;
  readonly magnitudes: Int32Array | undefined;
  /** 0 where there are none. */
  readonly magnitudesAt: number;
  /** Where spikes that are not 0 are counted; 0 where they are not. */
  readonly eventsAt: number;
  readonly events: Int32Array | undefined;
}

export class SlotReader {
  /** @param turned room for a block of 32-bit values in the order of channels */
  constructor(
    private readonly module: KernelExports,
    private readonly arena: MemoryArena,
    private readonly turned: number,
  ) {}

  /** What a stage's memory holds now, block after block; of all blocks where `only` is null. */
  forEachBlock(
    state: SlotMemory,
    stage: NeuronStage | GateStage,
    only: number | null,
    visit: (now: BlockState) => void,
  ): void {
    const layer = state.layers.get(stage.id);
    const gate = state.gates.get(stage.id);
    const address = layer?.count ?? gate?.largest ?? 0;
    const magnitude = layer?.magnitude ?? gate?.magnitude ?? 0;
    const event = layer?.events ?? 0;
    const [channels, height, width] = stage.shape;
    const length = height * width * 16;
    for (let block = only ?? 0; block < (only === null ? Math.ceil(channels / 16) : only + 1); block++) {
      const offset = block * length * 4;
      const potentials = layer && this.#potentials(stage, layer.potential + offset, length);
      const magnitudesAt = magnitude === 0 ? 0 : magnitude + offset;
      const magnitudes = magnitude === 0 ? undefined : this.arena.words(magnitudesAt, length);
      const eventsAt = event === 0 ? 0 : event + offset;
      const events = event === 0 ? undefined : this.arena.words(eventsAt, length);
      const countsAt = address + offset;
      const counts = this.arena.words(countsAt, length);
      visit({ block, countsAt, counts, potentials, magnitudesAt, magnitudes, eventsAt, events });
    }
  }

  #potentials(stage: NeuronStage | GateStage, address: number, length: number): Int32Array | Float32Array {
    const isFloat = stage.kind === "neuron" && stage.number === "float32";
    return isFloat ? this.arena.floats(address, length) : this.arena.words(address, length);
  }

  /** Copies a block's 32-bit values at `address` to its channels of `into`, [C,H,W] from `offset`. */
  copyBlock(address: number, block: number, shape: Shape, into: Int32Array, offset: number): void {
    const area = shape[1] * shape[2];
    this.module.unblock(address, area, this.turned);
    const channels = Math.min(16, shape[0] - block * 16);
    into.set(this.arena.words(this.turned, channels * area), offset + block * 16 * area);
  }

  /** Counts, potentials, magnitudes or events of a stage as they are now, [C,H,W]. */
  readStage<Values extends Int32Array | Float64Array>(
    state: SlotMemory,
    stage: NeuronStage | GateStage,
    what: "counts" | "potentials" | "magnitudes" | "events",
    into: (size: number) => Values,
  ): Values {
    const values = into(countElements(stage.shape));
    this.forEachBlock(state, stage, null, (now) => {
      const source = now[what];
      if (source !== undefined) fromBlock(source, now.block, stage.shape, values, 0);
    });
    return values;
  }
}
