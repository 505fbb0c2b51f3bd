/**
 * The memory of a slot: spikes and state of one image under way.
 *
 * Knows: what is a slot's own, and what one place is enough for. May not know: what all images share, order of work.
 */
import type { GateStage, NeuronStage, SnnPlan } from "../../plan/snn-plan.js";
import type { LayerKernel } from "../planning/layer-kernel.js";
import { countBlocked } from "./block-elements.js";
import type { MemoryArena } from "./memory-arena.js";

export interface SlotLayer {
  readonly potential: number;
  readonly count: number;
  /** Σ|s| where spikes may be negative, else 0. */
  readonly magnitude: number;
  /** How many spikes were not 0 where the layer refines, else 0. */
  readonly events: number;
  /** V before the first step: the layer's shared one, or one of its own where it refines and the image drives it. */
  readonly start: number;
  /** The layer's shared base, or one of its own where the image adds to it. */
  readonly base: number;
  readonly total: number;
  readonly largest: number;
}

export interface SlotGate {
  readonly seen: number;
  readonly largest: number;
  /** Σ|M(t) − M(t−1)| where it may fall, else 0. */
  readonly magnitude: number;
}

export interface SlotMemory {
  readonly spikes: number;
  readonly layers: ReadonlyMap<string, SlotLayer>;
  readonly gates: ReadonlyMap<string, SlotGate>;
}

export interface NetworkSize {
  readonly blockSteps: number;
  /** Slots. */
  readonly images: number;
  /** Whether V and counts outlive the steps of their stage; else all stages and slots take turns in one place. */
  readonly keepsState: boolean;
  /** Whether spikes of all sources lie as planes, for requests that keep some. */
  readonly keepsPlanes: boolean;
}

/** What a slot has to know of a layer. */
interface SlotNeed {
  readonly kernel: LayerKernel;
  readonly stage: NeuronStage;
  readonly base: number;
  readonly v0: number;
}

/** Gives room for so many elements of 32 bits. */
type TakeRoom = (elements: number) => number;
type TakeRooms = [TakeRoom, TakeRoom, TakeRoom, TakeRoom, TakeRoom, TakeRoom];

export function layOutSlots(
  plan: SnnPlan,
  layers: ReadonlyMap<string, SlotNeed>,
  arena: MemoryArena,
  spikeBytes: number,
  { images, keepsState }: NetworkSize,
): readonly SlotMemory[] {
  const own: TakeRoom = (elements) => arena.allocate(elements * 4);
  const most = largestStage(plan);
  const makeRoom = (): TakeRoom => {
    if (keepsState) return own;
    const address = own(most);
    return () => address;
  };
  const rooms = Array.from({ length: 6 }, makeRoom) as TakeRooms;
  const [potential, count, magnitude, total, largest, events] = rooms;
  const slotLayer = ({ kernel, stage, base, v0 }: SlotNeed): SlotLayer => {
    const elements = countBlocked(stage.shape);
    const currents = countBlocked(stage.currentShape);
    const isPooled = stage.poolBefore !== null;
    const isDriven = kernel.constant.length > 0;
    return {
      potential: potential(elements),
      count: count(elements),
      magnitude: stage.lo < 0 ? magnitude(elements) : 0,
      events: stage.refine === null ? 0 : events(elements),
      // what is constant enters a layer that refines before its first step, others in each
      start: isDriven && stage.refine !== null ? own(elements) : v0,
      base: isDriven && stage.refine === null ? own(currents) : base,
      total: isPooled ? total(currents) : 0,
      largest: isPooled ? largest(elements) : 0,
    };
  };
  const slotGate = (gate: GateStage): SlotGate => ({
    seen: total(countBlocked(gate.sourceShape)),
    largest: largest(countBlocked(gate.shape)),
    magnitude: gate.lo < 0 ? magnitude(countBlocked(gate.shape)) : 0,
  });
  return Array.from({ length: images }, () => ({
    spikes: arena.allocate(spikeBytes),
    layers: new Map([...layers].map(([id, layer]) => [id, slotLayer(layer)])),
    gates: new Map(plan.gates.map((gate) => [gate.id, slotGate(gate)])),
  }));
}

/** Elements of the largest state that a stage has. */
function largestStage({ neurons, gates }: SnnPlan): number {
  const shapes = [
    ...neurons.flatMap(({ shape, currentShape }) => [shape, currentShape]),
    ...gates.flatMap(({ shape, sourceShape }) => [shape, sourceShape]),
  ];
  return Math.max(0, ...shapes.map(countBlocked));
}
