/**
 * Runs the stages of a network over a time block, for all images under way.
 *
 * Knows: the order of work: layer → block of 16 channels → image → range of steps. May not know: requests, readouts.
 *
 * Tables are built once a layer and block, for all images and steps of the time block.
 */
import { isBinary } from "../../graph/spike-alphabet.js";
import type { SnnPlan, Stage } from "../plan/snn-plan.js";
import { countBlocked } from "./block-elements.js";
import { setBlockSteps, setSteps, writeGate, writeList } from "./kernel-commands.js";
import type { KernelExports } from "./kernel-module.js";
import type { Lanes } from "./layer-kernel.js";
import {
  type BlockMemory,
  type LayerMemory,
  type NetworkMemory,
  rowsTableBytes,
  type SlotMemory,
  tableBytes,
} from "./layer-memory.js";
import type { MemoryArena } from "./memory-arena.js";
import { writeTiles } from "./tile-commands.js";

/** Called after the last step of a range; `block` is the block of 16 channels that got there, null for all. */
export type OnRangeEnd = (stage: Stage, block: number | null, slot: number, t: number) => void;

export interface TimeBlock {
  /** Steps before the block: t of the block's first step is start + 1. */
  readonly start: number;
  /** Ends of ranges, ascending; the last is the block's. */
  readonly ends: readonly number[];
  /** Stages whose every step is a range of its own, for records. */
  readonly stepwise: ReadonlySet<string>;
}

/** An image under way and the steps it runs: images of one block may be at different times. */
export interface SlotBlock {
  readonly slot: number;
  readonly time: TimeBlock;
}

export class StageRunner {
  constructor(
    private readonly plan: SnnPlan,
    private readonly kernels: KernelExports,
    private readonly arena: MemoryArena,
    private readonly network: NetworkMemory,
    /** Stage id → milliseconds spent in it, added up; for benches. */
    private readonly milliseconds: Map<string, number>,
  ) {
    kernels.fillPositions(network.positions);
  }

  runBlock(slots: readonly SlotBlock[], onRangeEnd: OnRangeEnd): void {
    for (const stage of this.plan.stages) {
      if (stage.kind === "output") continue;
      const before = performance.now();
      for (const each of slots) this.#clearSpikes(stage.id, each);
      const layer = this.network.layers.get(stage.id);
      if (layer?.kernel.form === "tables") this.#runTables(layer, slots, onRangeEnd);
      else this.#runSteps(stage, layer, slots, onRangeEnd);
      const spent = performance.now() - before;
      this.milliseconds.set(stage.id, (this.milliseconds.get(stage.id) ?? 0) + spent);
    }
  }

  #slot(index: number): SlotMemory {
    return this.network.slots[index] as SlotMemory;
  }

  /** Zeroes the first steps of every row. */
  #clearSpikes(id: string, { slot, time }: SlotBlock): void {
    const layout = this.network.layouts.get(id);
    if (layout === undefined) return;
    const steps = (time.ends[time.ends.length - 1] as number) - time.start;
    const all = this.arena.bytes(this.#slot(slot).spikes + layout.offset, layout.bytes);
    if (steps * layout.step === layout.row) all.fill(0);
    else {
      const used = steps * layout.step;
      for (let plane = 0; plane < all.length; plane += layout.plane)
        for (let row = 0; row < layout.shape[1]; row++)
          all.fill(0, plane + row * layout.row, plane + row * layout.row + used);
    }
  }

  #runTables(layer: LayerMemory, slots: readonly SlotBlock[], onRangeEnd: OnRangeEnd): void {
    const { arena, kernels, network } = this;
    const { lanes } = layer.kernel;
    const build = {
      int16: kernels.buildTables16,
      int32: kernels.buildTablesInt,
      float32: kernels.buildTablesFloat,
    }[lanes];
    for (const { first, count } of layer.groups) {
      this.#buildTables(layer.blocks.slice(first, first + count), lanes, build);
      for (const { slot, time } of slots) {
        const command = writeTiles(arena, network, this.#slot(slot), layer, { first, count });
        this.#runRanges(layer.stage.id, time, (from, end) => {
          setBlockSteps(arena, command, from, end);
          kernels.runTiles(command);
          for (let block = first; block < first + count; block++)
            onRangeEnd(layer.stage, block, slot, time.start + end);
        });
      }
    }
  }

  #buildTables(
    blocks: readonly BlockMemory[],
    lanes: Lanes,
    build: (weights: number, bytes: number, table: number) => void,
  ): void {
    let at = this.network.tables;
    for (const { rowsTables, rowsWeights, tables, weights } of blocks) {
      this.kernels.buildTables12(rowsWeights, rowsTables, at);
      at += rowsTables * rowsTableBytes;
      build(weights, tables, at);
      at += tables * tableBytes[lanes];
    }
  }

  #runSteps(
    stage: Stage,
    layer: LayerMemory | undefined,
    slots: readonly SlotBlock[],
    onRangeEnd: OnRangeEnd,
  ): void {
    const { arena, network, kernels } = this;
    for (const { slot, time } of slots) {
      const isGate = stage.kind === "gate";
      if (!isGate && layer === undefined) continue;
      const command = isGate
        ? writeGate(arena, network, this.#slot(slot), stage)
        : writeList(arena, network, this.#slot(slot), layer as LayerMemory);
      const runList = layer?.kernel.lanes === "float32" ? kernels.runListFloat : kernels.runListInt;
      const runGate = isGate && !isBinary(stage) ? kernels.runGateLevels : kernels.runGate;
      const run = isGate ? runGate : runList;
      this.#runRanges(stage.id, time, (first, end) => {
        setSteps(arena, command, first, end);
        run(command);
        onRangeEnd(stage, null, slot, time.start + end);
      });
    }
  }

  #runRanges(id: string, time: TimeBlock, run: (first: number, end: number) => void): void {
    let first = 0;
    for (const end of time.stepwise.has(id) ? everyStep(time) : time.ends) {
      run(first, end - time.start);
      first = end - time.start;
    }
  }

  /** V(0), counts and pools as they are before the first step. */
  startSlot(index: number): void {
    const slot = this.#slot(index);
    const all = new Uint8Array(this.arena.memory.buffer);
    for (const { stage, v0, elements } of this.network.layers.values()) {
      const state = slot.layers.get(stage.id);
      if (state === undefined) continue;
      all.copyWithin(state.potential, v0, v0 + elements * 4);
      this.arena.words(state.count, elements).fill(0);
      if (state.magnitude !== 0) this.arena.words(state.magnitude, elements).fill(0);
      if (stage.poolBefore === null) continue;
      this.arena.words(state.total, countBlocked(stage.currentShape)).fill(0);
      this.arena.words(state.largest, elements).fill(0);
    }
    for (const gate of this.plan.gates) {
      const state = slot.gates.get(gate.id);
      if (state === undefined) continue;
      this.arena.words(state.seen, countBlocked(gate.sourceShape)).fill(0);
      this.arena.words(state.largest, countBlocked(gate.shape)).fill(0);
      if (state.magnitude !== 0) this.arena.words(state.magnitude, countBlocked(gate.shape)).fill(0);
    }
  }
}

function everyStep({ start, ends }: TimeBlock): readonly number[] {
  return Array.from({ length: (ends[ends.length - 1] as number) - start }, (_, i) => start + i + 1);
}
