/**
 * Runs the stages of a network over a time block, for all images under way.
 *
 * Knows: the order of work: layer → block of 16 channels → image → range of steps. May not know: requests, readouts.
 *
 * Tables are built once a layer and block, for all images and steps of the time block. What an image starts from is written
 * just before its first steps, stage by stage, so that the kernels find it in the cache.
 */
import { isBinary } from "../../../graph/spike-alphabet.js";
import type { NeuronStage, SnnPlan, Stage } from "../../plan/snn-plan.js";
import {
  halvedSteps,
  noState,
  setBlockSteps,
  setSteps,
  writeGate,
  writeList,
} from "../memory/kernel-commands.js";
import {
  type BlockMemory,
  type LayerMemory,
  type NetworkMemory,
  rowsTableBytes,
  tableBytes,
} from "../memory/layer-memory.js";
import type { MemoryArena } from "../memory/memory-arena.js";
import type { SlotMemory } from "../memory/slot-memory.js";
import { setEnds, setHalvings, setObserved, type WantedState, writeTiles } from "../memory/tile-commands.js";
import type { BlockGroup } from "../planning/group-blocks.js";
import type { Lanes } from "../planning/layer-kernel.js";
import type { CountSums } from "./count-sums.js";
import type { KernelExports } from "./kernel-module.js";
import { startGate, startList } from "./start-state.js";

/** Called after the last step of a range; `block` is the block of 16 channels that got there, null for all. */
export type OnRangeEnd = (stage: Stage, block: number | null, slot: number, t: number) => void;

export interface TimeBlock {
  /** Steps before the block: t of the block's first step is start + 1. */
  readonly start: number;
  /** Ends of ranges, ascending; the last is the block's. */
  readonly ends: readonly number[];
  /** Stages whose every step is a range of its own, for records. */
  readonly stepwise: ReadonlySet<string>;
  /** Times of the block at which counts are summed, ascending. */
  readonly observed: readonly number[];
}

/** Sums that the kernels take on their way: stages of these are run to the block's end in one range. */
export interface CountObserver {
  readonly sums: CountSums;
  readonly stages: ReadonlySet<string>;
  /** Called for each observed time of a slot once a group of the stage's blocks is run; `at` is the time's place in the list. */
  readonly onSums: (stage: NeuronStage, slot: number, t: number, at: number) => void;
}

/** What is taken of stages while they run. */
export interface Observation {
  readonly onRangeEnd: OnRangeEnd;
  readonly observer?: CountObserver | undefined;
  /** What will be read of a stage after step T. */
  readonly wantedOf: (stage: NeuronStage) => WantedState;
  /** T, after which no state is read but what is wanted; null where images may stop before. */
  readonly lastStep: number | null;
}

const notObserved = { times: 0, count: 0, weights: [0, 0] } as const;

/** An image under way and the steps it runs: images of one block may be at different times. */
export interface SlotBlock {
  readonly slot: number;
  readonly time: TimeBlock;
}

export class StageRunner {
  /** Arguments written so far: layer → first block of the group → slot → address. */
  readonly #tiles = new Map<LayerMemory, Map<number, number[]>>();

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

  runBlock(slots: readonly SlotBlock[], observation: Observation): void {
    for (const stage of this.plan.stages) {
      if (stage.kind === "output") continue;
      const before = performance.now();
      const layer = this.network.layers.get(stage.id);
      if (layer?.kernel.form === "tables") this.#runTables(layer, slots, observation);
      else this.#runSteps(stage, layer, slots, observation.onRangeEnd);
      const spent = performance.now() - before;
      this.milliseconds.set(stage.id, (this.milliseconds.get(stage.id) ?? 0) + spent);
    }
  }

  #slot(index: number): SlotMemory {
    return this.network.slots[index] as SlotMemory;
  }

  /** Zeroes the first steps of every row of the planes; bytes are all written. */
  #clearSpikes(id: string, { slot, time }: SlotBlock): void {
    const layout = this.network.layouts.get(id);
    if (layout === undefined || layout.planeBytes === 0) return;
    const steps = (time.ends[time.ends.length - 1] as number) - time.start;
    const all = this.arena.bytes(this.#slot(slot).spikes + layout.offset, layout.planeBytes);
    if (steps * layout.step === layout.row) all.fill(0);
    else {
      const used = steps * layout.step;
      for (let plane = 0; plane < all.length; plane += layout.plane)
        for (let row = 0; row < layout.shape[1]; row++)
          all.fill(0, plane + row * layout.row, plane + row * layout.row + used);
    }
  }

  #runTables(layer: LayerMemory, slots: readonly SlotBlock[], observation: Observation): void {
    const { kernels } = this;
    const { lanes } = layer.kernel;
    const build = {
      int16: kernels.buildTables16,
      int32: kernels.buildTablesInt,
      float32: kernels.buildTablesFloat,
    }[lanes];
    for (const group of layer.groups) {
      const { first, count } = group;
      this.#buildTables(layer.blocks.slice(first, first + count), lanes, build);
      for (const each of slots) {
        if (first === 0) this.#clearSpikes(layer.stage.id, each);
        this.#runGroup(layer, group, each, observation);
      }
    }
  }

  /** A group of a layer's blocks in one slot; their tables are built. */
  #runGroup(
    layer: LayerMemory,
    group: BlockGroup,
    { slot, time }: SlotBlock,
    { onRangeEnd, observer: ofAll, wantedOf, lastStep }: Observation,
  ): void {
    const { arena, kernels } = this;
    const { stage } = layer;
    const { first, count } = group;
    const observer = ofAll?.stages.has(stage.id) ? ofAll : undefined;
    const command = this.#tilesOf(layer, group, slot);
    setHalvings(arena, command, halvedSteps(stage.refine, time.start));
    const { start } = this.#slot(slot).layers.get(stage.id) ?? noState;
    const ofGroup = start + first * stage.shape[1] * stage.shape[2] * 64;
    const end = time.ends[time.ends.length - 1] as number;
    setEnds(arena, command, {
      start: time.start === 0 ? ofGroup : 0,
      finalStep: end === lastStep ? end - time.start : -1,
      wanted: wantedOf(stage),
    });
    const steps = time.observed.map((t) => t - time.start);
    setObserved(arena, command, observer?.sums.writeTimes(stage, first, steps) ?? notObserved);
    const ranges = observer === undefined ? time : { ...time, ends: time.ends.slice(-1) };
    this.#runRanges(stage.id, ranges, (from, end) => {
      setBlockSteps(arena, command, from, end);
      kernels.runTiles(command);
      for (let block = first; block < first + count; block++)
        onRangeEnd(stage, block, slot, time.start + end);
    });
    if (observer !== undefined)
      for (const [at, t] of time.observed.entries()) observer.onSums(stage, slot, t, at);
  }

  /** The arguments of a slot's tiles, which stay as they are but for the steps. */
  #tilesOf(layer: LayerMemory, group: BlockGroup, slot: number): number {
    const groups = this.#tiles.get(layer) ?? new Map<number, number[]>();
    this.#tiles.set(layer, groups);
    const addresses = groups.get(group.first) ?? [];
    groups.set(group.first, addresses);
    addresses[slot] ??= writeTiles(this.arena, this.network, this.#slot(slot), layer, group);
    return addresses[slot];
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
    for (const each of slots) {
      const { slot, time } = each;
      this.#clearSpikes(stage.id, each);
      const isGate = stage.kind === "gate";
      if (!isGate && layer === undefined) continue;
      if (time.start === 0) {
        if (isGate) startGate(arena, stage, this.#slot(slot));
        else startList(arena, layer as LayerMemory, this.#slot(slot));
      }
      const command = isGate
        ? writeGate(arena, network, this.#slot(slot), stage)
        : writeList(
            arena,
            network,
            this.#slot(slot),
            layer as LayerMemory,
            halvedSteps(this.plan.refine, time.start),
          );
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
}

function everyStep({ start, ends }: TimeBlock): readonly number[] {
  return Array.from({ length: (ends[ends.length - 1] as number) - start }, (_, i) => start + i + 1);
}
