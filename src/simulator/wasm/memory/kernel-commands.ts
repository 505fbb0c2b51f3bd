/**
 * The kernels' arguments as words in memory, in the order of assembly/spiking.
 *
 * Knows: Segment, ListArguments, ListGroup, GateArguments. May not know: what comes next.
 */
import type { Refinement } from "../../../graph/node-types.js";
import type { GateStage, NeuronStage } from "../../plan/snn-plan.js";
import { coefficientOf, type SpikePlane } from "../planning/spike-planes.js";
import { argumentBytes, listGroupWords } from "./command-size.js";
import type { LayerMemory, ListGroupMemory, NetworkMemory } from "./layer-memory.js";
import type { MemoryArena } from "./memory-arena.js";
import type { Run } from "./pack-tables.js";
import type { SlotLayer, SlotMemory } from "./slot-memory.js";
import type { SpikeLayout } from "./spike-layout.js";

/** Address of a source's spikes of one image: (y 0, t 0, x 0). */
export function spikesAt(slot: SlotMemory, layout: SpikeLayout): number {
  return slot.spikes + layout.offset + layout.left * layout.pixel;
}

/** Address of a source's spikes as bytes: (y 0, t 0, x 0); 0 where there are none. */
export function valuesAt(slot: SlotMemory, { offset, values }: SpikeLayout): number {
  return values === null ? 0 : slot.spikes + offset + values.offset;
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

/** Steps of a block before which a layer that refines halves its quantum `shift` times: `first` up to, not including, `end`. */
export interface HalvedSteps {
  readonly first: number;
  readonly end: number;
  readonly shift: number;
}

/** @param start steps before the block */
export function halvedSteps(refine: Refinement | null, start: number): HalvedSteps {
  if (refine === null) return { first: 0, end: 0, shift: 0 };
  const { shift, halvings } = refine;
  return { first: 1 - start, end: halvings / shift + 1 - start, shift };
}

export function setBlockSteps(arena: MemoryArena, command: number, first: number, end: number): void {
  arena.setWords(command + 8, [first, end]);
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
  const words = gateWords(network, slot, gate);
  arena.words(network.commands, words.length).set(words);
  return network.commands;
}

/** GateArguments; the steps are set for each call. */
function gateWords({ layouts }: NetworkMemory, slot: SlotMemory, gate: GateStage): readonly number[] {
  const [source, out] = [layouts.get(gate.source), layouts.get(gate.id)] as [SpikeLayout, SpikeLayout];
  const state = slot.gates.get(gate.id) ?? { seen: 0, largest: 0, magnitude: 0 };
  const { kernel, stride, padding } = gate.window;
  return [
    ...[0, 0],
    ...[source.blocks, source.shape[1], source.shape[2], out.shape[1], out.shape[2]],
    ...[...kernel, ...stride, padding[0], padding[1]],
    ...[spikesAt(slot, source), source.row, source.step, source.pixel],
    ...[spikesAt(slot, out), out.row, out.step, out.pixel],
    ...[state.seen, state.largest, source.plane, out.plane],
    ...[gate.lo, gate.hi, state.magnitude],
  ];
}

/** ListArguments and behind them a ListGroup for each plane of each source. */
export function writeList(
  arena: MemoryArena,
  network: NetworkMemory,
  slot: SlotMemory,
  layer: LayerMemory,
  halved: HalvedSteps,
): number {
  const groups = layer.lists.flatMap((list) => {
    const source = network.layouts.get(list.source) as SpikeLayout;
    return source.planes.map((_, plane) => listGroupOf(list, source, plane, slot));
  });
  const groupsAt = network.commands + argumentBytes;
  const state = slot.layers.get(layer.stage.id) ?? noState;
  const words = [
    ...[0, 0, groups.length, groupsAt],
    ...listCurrentWords(network, layer.stage, state),
    ...listNeuronWords(network, slot, layer, state, halved),
  ];
  arena.words(network.commands, words.length).set(words);
  for (const [index, group] of groups.entries())
    arena.words(groupsAt + index * listGroupWords * 4, listGroupWords).set(group);
  return network.commands;
}

export const noState: SlotLayer = {
  ...{ potential: 0, count: 0, magnitude: 0, events: 0 },
  ...{ start: 0, base: 0, total: 0, largest: 0 },
};

/** Of ListArguments: currents, and the pool that may stand before the neurons. */
function listCurrentWords(
  { current }: NetworkMemory,
  stage: NeuronStage,
  state: SlotLayer,
): readonly number[] {
  const [channels, height, width] = stage.currentShape;
  const window = stage.poolBefore;
  return [
    ...[Math.ceil(channels / 16) * 16 * height * width, current, state.base],
    ...[window === null ? 0 : 1, state.total, state.largest, height, width],
    ...[...(window?.kernel ?? [1, 1]), ...(window?.stride ?? [1, 1])],
    ...[window?.padding[0] ?? 0, window?.padding[1] ?? 0],
  ];
}

/** Of ListArguments: neurons, and where their spikes go. */
function listNeuronWords(
  { layouts }: NetworkMemory,
  slot: SlotMemory,
  { stage, bias, threshold }: LayerMemory,
  state: SlotLayer,
  halved: HalvedSteps,
): readonly number[] {
  const out = layouts.get(stage.id) as SpikeLayout;
  return [
    ...[out.blocks, stage.shape[1], stage.shape[2], bias],
    ...[state.potential, state.count, threshold, stage.reset === "zero" ? 1 : 0],
    ...[spikesAt(slot, out), out.row, out.step, out.pixel, out.plane],
    ...[stage.lo, stage.hi, state.magnitude],
    ...[stage.refine === null ? 0 : 1, halved.first, halved.end, halved.shift, state.events],
  ];
}

/** A ListGroup. */
function listGroupOf(
  list: ListGroupMemory,
  source: SpikeLayout,
  plane: number,
  slot: SlotMemory,
): readonly number[] {
  return [
    coefficientOf(source.planes[plane] as SpikePlane),
    ...[spikesAt(slot, source) + plane * source.plane, source.row, source.step, source.pixel],
    ...[source.blocks, source.shape[1], source.shape[2]],
    ...[list.starts, list.targets, list.weights],
  ];
}
