/**
 * V(0), counts and pools of a slot as they are before an image's first step.
 *
 * Knows: state in blocks of 16 channels. May not know: spikes, steps.
 */
import type { GateStage } from "../../plan/snn-plan.js";
import { countBlocked } from "../memory/block-elements.js";
import type { LayerMemory } from "../memory/layer-memory.js";
import type { MemoryArena } from "../memory/memory-arena.js";
import type { SlotLayer, SlotMemory } from "../memory/slot-memory.js";
import type { BlockGroup } from "../planning/group-blocks.js";

/** Neurons of a group of blocks. */
export function startNeurons(
  arena: MemoryArena,
  layer: LayerMemory,
  slot: SlotMemory,
  group: BlockGroup,
): void {
  const { stage } = layer;
  const { potential, count, magnitude, events, start } = slot.layers.get(stage.id) as SlotLayer;
  const blockBytes = stage.shape[1] * stage.shape[2] * 64;
  const [offset, bytes] = [group.first * blockBytes, group.count * blockBytes];
  const all = new Uint8Array(arena.memory.buffer);
  all.copyWithin(potential + offset, start + offset, start + offset + bytes);
  all.fill(0, count + offset, count + offset + bytes);
  if (magnitude !== 0) all.fill(0, magnitude + offset, magnitude + offset + bytes);
  if (events !== 0) all.fill(0, events + offset, events + offset + bytes);
}

/** All neurons of a list layer, and the pool before them. */
export function startList(arena: MemoryArena, layer: LayerMemory, slot: SlotMemory): void {
  const { stage, elements } = layer;
  const { total, largest } = slot.layers.get(stage.id) as SlotLayer;
  startNeurons(arena, layer, slot, { first: 0, count: Math.ceil(stage.shape[0] / 16) });
  if (stage.poolBefore === null) return;
  arena.words(total, countBlocked(stage.currentShape)).fill(0);
  arena.words(largest, elements).fill(0);
}

export function startGate(arena: MemoryArena, gate: GateStage, slot: SlotMemory): void {
  const state = slot.gates.get(gate.id);
  if (state === undefined) return;
  arena.words(state.seen, countBlocked(gate.sourceShape)).fill(0);
  arena.words(state.largest, countBlocked(gate.shape)).fill(0);
  if (state.magnitude !== 0) arena.words(state.magnitude, countBlocked(gate.shape)).fill(0);
}
