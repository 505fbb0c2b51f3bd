/**
 * The kernels' arguments as words in memory, in the order of assembly/spiking.
 *
 * Knows: Segment, ListArguments, ListGroup, GateArguments. May not know: what comes next.
 */
import type { GateStage } from "../plan/snn-plan.js";
import { argumentBytes, listGroupWords } from "./command-size.js";
import type { LayerMemory, NetworkMemory } from "./layer-memory.js";
import type { MemoryArena } from "./memory-arena.js";
import type { Run } from "./pack-tables.js";
import type { SlotMemory } from "./slot-memory.js";
import { coefficientOf, type SpikeLayout, type SpikePlane } from "./spike-layout.js";

/** Address of a source's spikes of one image: (y 0, t 0, x 0). */
export function spikesAt(slot: SlotMemory, layout: SpikeLayout): number {
  return slot.spikes + layout.offset + layout.left * layout.pixel;
}

/** A Segment; of a rows window its first row. */
export function segmentOf(
  { layout, window, ...run }: Run,
  slot: SlotMemory,
  table: number,
  plane = 0,
): readonly number[] {
  return [
    spikesAt(slot, layout) + plane * layout.plane + run.firstByte,
    layout.row,
    layout.step,
    window.stride[1] * layout.pixel,
    layout.shape[1],
    window.stride[0],
    run.rowOffset,
    run.bytes,
    table,
  ];
}

export function setBlockSteps(arena: MemoryArena, command: number, first: number, end: number): void {
  arena.words(command + 8, 2).set([first, end]);
}

/** For lists and gates the steps come first. */
export function setSteps(arena: MemoryArena, command: number, first: number, end: number): void {
  arena.words(command, 2).set([first, end]);
}

export function writeGate(
  arena: MemoryArena,
  network: NetworkMemory,
  slot: SlotMemory,
  gate: GateStage,
): number {
  const [source, out] = [network.layouts.get(gate.source), network.layouts.get(gate.id)] as [
    SpikeLayout,
    SpikeLayout,
  ];
  const state = slot.gates.get(gate.id) ?? { seen: 0, largest: 0, magnitude: 0 };
  const { kernel, stride, padding } = gate.window;
  const sizes = [source.blocks, source.shape[1], source.shape[2], out.shape[1], out.shape[2]];
  arena
    .words(network.commands, 28)
    .set([
      0,
      0,
      ...sizes,
      ...kernel,
      ...stride,
      padding[0],
      padding[1],
      spikesAt(slot, source),
      source.row,
      source.step,
      source.pixel,
      spikesAt(slot, out),
      out.row,
      out.step,
      out.pixel,
      state.seen,
      state.largest,
      source.plane,
      out.plane,
      gate.lo,
      gate.hi,
      state.magnitude,
    ]);
  return network.commands;
}

export function writeList(
  arena: MemoryArena,
  network: NetworkMemory,
  slot: SlotMemory,
  layer: LayerMemory,
): number {
  const { stage } = layer;
  const state = slot.layers.get(stage.id) ?? {
    potential: 0,
    count: 0,
    magnitude: 0,
    base: 0,
    total: 0,
    largest: 0,
  };
  const out = network.layouts.get(stage.id) as SpikeLayout;
  const window = stage.poolBefore;
  const groups = network.commands + argumentBytes;
  const planes = layer.lists.flatMap((list) => {
    const source = network.layouts.get(list.source) as SpikeLayout;
    return source.planes.map((_, plane) => ({ list, source, plane }));
  });
  const [channels, currentHeight, currentWidth] = stage.currentShape;
  const padded = Math.ceil(channels / 16) * 16;
  arena
    .words(network.commands, 34)
    .set([
      0,
      0,
      planes.length,
      groups,
      padded * currentHeight * currentWidth,
      network.current,
      state.base,
      window === null ? 0 : 1,
      state.total,
      state.largest,
      currentHeight,
      currentWidth,
      ...(window?.kernel ?? [1, 1]),
      ...(window?.stride ?? [1, 1]),
      window?.padding[0] ?? 0,
      window?.padding[1] ?? 0,
      out.blocks,
      stage.shape[1],
      stage.shape[2],
      layer.bias,
      state.potential,
      state.count,
      layer.threshold,
      stage.reset === "zero" ? 1 : 0,
      spikesAt(slot, out),
      out.row,
      out.step,
      out.pixel,
      out.plane,
      stage.lo,
      stage.hi,
      state.magnitude,
    ]);
  for (const [index, { list, source, plane }] of planes.entries()) {
    arena
      .words(groups + index * listGroupWords * 4, listGroupWords)
      .set([
        coefficientOf(source.planes[plane] as SpikePlane),
        spikesAt(slot, source) + plane * source.plane,
        source.row,
        source.step,
        source.pixel,
        source.blocks,
        source.shape[1],
        source.shape[2],
        list.starts,
        list.targets,
        list.weights,
      ]);
  }
  return network.commands;
}
