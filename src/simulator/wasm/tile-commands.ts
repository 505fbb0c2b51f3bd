/**
 * The arguments of a layer that is run tile by tile, as words in memory in the order of assembly/spiking/tile-arguments.ts.
 *
 * Knows: TileArguments, Pass, Segment. May not know: what comes next.
 */

import { isBinary } from "../../graph/spike-alphabet.js";
import { argumentBytes, passWords, segmentWords } from "./command-size.js";
import { segmentOf, spikesAt } from "./kernel-commands.js";
import { binaryKernels, currentKernels, levelKernels, rowsKernels } from "./kernel-numbers.js";
import type { BlockMemory, LayerMemory, NetworkMemory, SlotMemory } from "./layer-memory.js";
import { rowsTableBytes, tableBytes } from "./layer-memory.js";
import type { MemoryArena } from "./memory-arena.js";
import type { Run } from "./pack-tables.js";
import { coefficientOf, type SpikeLayout, type SpikePlane, wordBytes } from "./spike-layout.js";

interface SegmentPass {
  readonly kernel: number;
  readonly block: number;
  readonly plane: SpikePlane;
  readonly segments: readonly (readonly number[])[];
}

/**
 * Writes the arguments of blocks `first`… of a layer whose tables lie at `tables`; returns their address. `setBlockSteps`
 * sets the steps.
 */
export function writeTiles(
  arena: MemoryArena,
  network: NetworkMemory,
  slot: SlotMemory,
  layer: LayerMemory,
  first: number,
  count: number,
): number {
  const passes = listPasses(network, slot, layer, first, count);
  const segmentCount = passes.reduce((sum, { segments }) => sum + segments.length, 0);
  const passesAt = network.commands + argumentBytes;
  const segmentsAt = passesAt + passes.length * passWords * 4;
  const active = segmentsAt + segmentCount * segmentWords * 4;
  writeHeader(arena, network, slot, layer, { first, count, passCount: passes.length, passesAt, active });
  let [passAt, segmentAt] = [passesAt, segmentsAt];
  let started = -1;
  for (const { kernel, block, plane, segments } of passes) {
    const starts = block === started ? 0 : 1;
    started = block;
    arena
      .words(passAt, passWords)
      .set([kernel, block, starts, plane.shift, plane.negative ? 1 : 0, segments.length, segmentAt]);
    passAt += passWords * 4;
    for (const segment of segments) {
      arena.words(segmentAt, segmentWords).set(segment);
      segmentAt += segmentWords * 4;
    }
  }
  return network.commands;
}

function writeHeader(
  arena: MemoryArena,
  network: NetworkMemory,
  slot: SlotMemory,
  { stage, kernel, threshold }: LayerMemory,
  at: {
    readonly first: number;
    readonly count: number;
    readonly passCount: number;
    readonly passesAt: number;
    readonly active: number;
  },
): void {
  const state = slot.layers.get(stage.id) ?? { potential: 0, count: 0, base: 0, magnitude: 0 };
  const neurons = isBinary(stage) ? binaryKernels : levelKernels;
  const out = network.layouts.get(stage.id) as SpikeLayout;
  const [, height, width] = stage.shape;
  const elements = at.first * height * width * 16;
  arena
    .words(network.commands, 27)
    .set([
      height,
      width,
      0,
      0,
      at.count,
      at.passCount,
      at.passesAt,
      at.active,
      network.partial,
      state.base + elements * (kernel.lanes === "int16" ? 2 : 4),
      state.potential + elements * 4,
      state.count + elements * 4,
      height * width * 16,
      threshold + at.first * 64,
      stage.reset === "zero" ? 1 : 0,
      spikesAt(slot, out) + at.first * wordBytes,
      out.row,
      out.step,
      out.pixel,
      out.plane,
      stage.lo,
      stage.hi,
      state.magnitude + elements * 4,
      neurons[kernel.lanes],
    ]);
}

/** One pass a plane of the window that a rows kernel runs. */
function listRowsPasses(slot: SlotMemory, rows: Run | null, table: number): Omit<SegmentPass, "block">[] {
  if (rows === null) return [];
  const kernel = rowsKernels[rows.layout.shape[0]] as number;
  return rows.layout.planes.map((plane, index) => ({
    kernel,
    plane,
    segments: [segmentOf(rows, slot, table, index)],
  }));
}

/** One pass a block and coefficient: the runs of all sources that have such a plane. */
function listPasses(
  network: NetworkMemory,
  slot: SlotMemory,
  layer: LayerMemory,
  first: number,
  count: number,
): readonly SegmentPass[] {
  const passes: SegmentPass[] = [];
  let table = network.tables;
  for (let block = 0; block < count; block++) {
    const { rows, rowsTables, runs } = layer.blocks[first + block] as BlockMemory;
    passes.push(...listRowsPasses(slot, rows, table).map((pass) => ({ block, ...pass })));
    table += rowsTables * rowsTableBytes;
    const byCoefficient = new Map<number, { plane: SpikePlane; segments: (readonly number[])[] }>();
    for (const run of runs) {
      for (const [index, plane] of run.layout.planes.entries()) {
        const pass = byCoefficient.get(coefficientOf(plane)) ?? { plane, segments: [] };
        byCoefficient.set(coefficientOf(plane), pass);
        pass.segments.push(segmentOf(run, slot, table, index));
      }
      table += run.bytes * tableBytes[layer.kernel.lanes];
    }
    // where nothing drives a block, its sums are the constant current
    const nothing = { plane: { shift: 0, negative: false }, segments: [] };
    const isDriven = rows !== null || byCoefficient.size > 0 || layer.kernel.windows.length === 0;
    const kernel = currentKernels[layer.kernel.lanes];
    for (const pass of isDriven ? byCoefficient.values() : [nothing]) passes.push({ kernel, block, ...pass });
  }
  return passes;
}
