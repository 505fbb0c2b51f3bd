/**
 * A network laid out in the kernels' memory: what all images share, and what each slot (image under way) has.
 *
 * Knows: addresses. May not know: requests, order of work.
 */
import type { Shape } from "../../../graph/node-types.js";
import { forEachSynapse } from "../../plan/enumerate-synapses.js";
import type { NeuronStage, SnnPlan, SynapseGroup } from "../../plan/snn-plan.js";
import { type BlockGroup, groupBlocks } from "../planning/group-blocks.js";
import type { Lanes, LayerKernel } from "../planning/layer-kernel.js";
import { nearestConstants } from "../planning/nearest-spike.js";
import { blockedIndex, countBlocked, toBlocked } from "./block-elements.js";
import { commandBytes, stackedPlaneBytes, stackStepBytes } from "./command-size.js";
import { type DiagonalMemory, listDiagonals, writeDiagonal } from "./diagonal-memory.js";
import {
  type EventRoom,
  type EventWindowMemory,
  layOutEventRooms,
  passesOf,
  writeEventWindow,
} from "./event-memory.js";
import { neverReached } from "./kernel-numbers.js";
import type { MemoryArena } from "./memory-arena.js";
import { packTables, type Run, type TableBlock } from "./pack-tables.js";
import { layOutSlots, type NetworkSize, type SlotMemory } from "./slot-memory.js";
import { layOutSpikes, type SpikeLayout } from "./spike-layout.js";

/** 256 rows of 16 sums, and what keeps equal rows of two tables out of one cache set. */
export const tableBytes: Readonly<Record<Lanes, number>> = { int16: 8_512, int32: 16_704, float32: 16_704 };

/** 4,096 rows of 16 sums of 16 bits. */
export const rowsTableBytes = 131_392;

export interface BlockMemory {
  readonly rows: Run | null;
  readonly runs: readonly Run[];
  readonly weights: number;
  readonly rowsWeights: number;
  /** How many tables: of 12 bits for the rows kernel, of 8 for the runs. */
  readonly rowsTables: number;
  readonly tables: number;
  readonly threshold: number;
}

export interface ListGroupMemory {
  readonly source: string;
  readonly starts: number;
  readonly targets: number;
  readonly weights: number;
}

export interface LayerMemory {
  readonly kernel: LayerKernel;
  readonly stage: NeuronStage;
  /** Blocks of 16 output channels where the kernel is `tables`. */
  readonly blocks: readonly BlockMemory[];
  /** Blocks that are run together, their tables side by side. */
  readonly groups: readonly BlockGroup[];
  readonly events: readonly EventWindowMemory[];
  /** Windows of one weight a channel. */
  readonly diagonals: readonly DiagonalMemory[];
  readonly lists: readonly ListGroupMemory[];
  readonly threshold: number;
  /** Of layers that refine: 1/θ and δ of nearest-spike.ts, [block][2][16] float32; else 0. */
  readonly nearest: number;
  /** Constant currents that all images share; of `list` layers with a pool 0. */
  readonly base: number;
  /** Constant current after a pool. */
  readonly bias: number;
  /** V before the first step, [block][y][x][16] in the type of V, and how many: V(0), and where the layer refines its constant current. */
  readonly v0: number;
  readonly elements: number;
}

export interface NetworkMemory {
  readonly blockSteps: number;
  readonly layouts: ReadonlyMap<string, SpikeLayout>;
  readonly layers: ReadonlyMap<string, LayerMemory>;
  readonly slots: readonly SlotMemory[];
  /** Room for the lists of events, one a pass of a layer; positions of a byte's bits. */
  readonly eventRooms: readonly EventRoom[];
  readonly positions: number;
  /** The first piece of memory: tables of 12 know its address. */
  readonly tables: number;
  /** Zeros as long as a tile of a row of any source. */
  readonly zeros: number;
  /** Sums under way of a tile of a row: [x][block][32 steps and a line][16] in the layer's lanes. */
  readonly partial: number;
  readonly current: number;
  /** A block of 32-bit values in the order of channels. */
  readonly turned: number;
  /** Room for arguments that are written anew for each call, and for what kernels note while they run. */
  readonly commands: number;
  /** Room for a tile's lists of planes that have spikes; for what each pass notes of a source's rows, and its bytes. */
  readonly stacks: number;
  readonly masks: number;
  readonly maskBytes: number;
}

/** Steps that the kernels run pixel by pixel (assembly/spiking/tile-arguments.ts). */
export const tileSteps = 32;

function writeZeros(arena: MemoryArena, bytes: number): number {
  const address = arena.allocate(bytes);
  arena.bytes(address, bytes).fill(0);
  return address;
}

/** Writes numbers of a layer's type and returns their address. */
export function writeLanes(arena: MemoryArena, lanes: Lanes, values: Float64Array): number {
  const address = arena.allocate(values.length * 4);
  setLanes(arena, lanes, address, values);
  return address;
}

export function setLanes(arena: MemoryArena, lanes: Lanes, address: number, values: Float64Array): void {
  if (lanes === "int16") arena.shorts(address, values.length).set(values);
  else if (lanes === "int32") arena.words(address, values.length).set(values);
  else arena.floats(address, values.length).set(values);
}

/** Type of V and thresholds. */
export const wide = (lanes: Lanes): Lanes => (lanes === "float32" ? "float32" : "int32");

/**
 * 1. where spikes lie; 2. the layers' tables and weights, the tables first, because kernels know their address; 3. each
 * slot's own; 4. room that all take turns in.
 */
export function layOutNetwork(
  plan: SnnPlan,
  kernels: readonly LayerKernel[],
  arena: MemoryArena,
  size: NetworkSize,
): NetworkMemory {
  const { blockSteps } = size;
  // 1.
  const { layouts, bytes } = layOutSpikes(plan, kernels, {
    steps: blockSteps,
    keepsPlanes: size.keepsPlanes,
  });
  // 2.
  const packed = kernels.map((kernel) => packLayer(kernel, layouts));
  const tables = arena.allocate(
    Math.max(0, ...kernels.map((kernel, i) => tableRoom(kernel, packed[i] ?? []))),
  );
  const layers = new Map(
    kernels.map((kernel, index) => [
      kernel.stage.id,
      layOutLayer(kernel, packed[index] ?? [], layouts, arena),
    ]),
  );
  // 3.
  const slots = layOutSlots(plan, layers, arena, bytes, size);
  // 4.
  return {
    blockSteps,
    layouts,
    layers,
    slots,
    tables,
    ...layOutRooms(plan, layouts, [...layers.values()], arena),
  };
}

type Layouts = ReadonlyMap<string, SpikeLayout>;

function packLayer(kernel: LayerKernel, layouts: Layouts): readonly TableBlock[] {
  const { windows, events, rows, stage } = kernel;
  const others = [...events, ...listDiagonals(kernel, layouts)];
  const ofTables = windows.filter((window) => !others.includes(window));
  return packTables(ofTables, layouts, stage.shape[0], rows);
}

/** What layers and images take turns in, as large as the largest wants it. */
function layOutRooms(
  { neurons, gates }: SnnPlan,
  layouts: Layouts,
  layers: readonly LayerMemory[],
  arena: MemoryArena,
): Pick<
  NetworkMemory,
  | "zeros"
  | "partial"
  | "current"
  | "turned"
  | "eventRooms"
  | "positions"
  | "commands"
  | "stacks"
  | "masks"
  | "maskBytes"
> {
  const longestRow = Math.max(0, ...[...layouts.values()].map(({ step }) => step));
  const most = (rooms: readonly number[]) => Math.max(0, ...rooms);
  const maskBytes = most([...layouts.values()].map(({ shape }) => shape[1])) * tileSteps * 2;
  const events = layers.map((layer) => layer.events);
  const eventPasses = events.map((each) => each.reduce((sum, event) => sum + passesOf(event), 0));
  return {
    zeros: writeZeros(arena, longestRow * (tileSteps + 1)),
    partial: arena.allocate(Math.max(64, ...layers.map(sumsRoom))),
    current: arena.allocate(most(neurons.map((stage) => countBlocked(stage.currentShape) * 4))),
    turned: arena.allocate(most([...neurons, ...gates].map(({ shape: [, h, w] }) => h * w * 64))),
    eventRooms: layOutEventRooms(events.flat(), most(eventPasses), arena),
    positions: arena.allocate(256 * 16),
    stacks: arena.allocate(
      tileSteps * (stackStepBytes + Math.max(2, mostPlanesOf(layouts)) * stackedPlaneBytes),
    ),
    masks: arena.allocate(maskBytes * mostParts(layouts, layers)),
    maskBytes,
    commands: arena.allocate(commandBytes(mostParts(layouts, layers))),
  };
}

/** Bytes of the sums under way. */
function sumsRoom({ stage, kernel, groups }: LayerMemory): number {
  // tables of 12 run two pixels at a time
  const pixels = (stage.shape[2] + 1) * largestGroup(groups);
  return pixels * (tileSteps * 16 * (kernel.lanes === "int16" ? 2 : 4) + 64);
}

/** The most segments and passes, or groups of a list layer, that a call's arguments hold. */
function mostParts(layouts: Layouts, layers: readonly LayerMemory[]): number {
  const mostPlanes = mostPlanesOf(layouts);
  const parts = layers.flatMap(({ blocks, groups, lists, events }) => [
    lists.length * mostPlanes,
    ...blocks.map(
      ({ runs }) => ((runs.length + 1) * mostPlanes + 1) * largestGroup(groups) + events.length * mostPlanes,
    ),
  ]);
  return Math.max(1, ...parts);
}

const mostPlanesOf = (layouts: Layouts) =>
  Math.max(1, ...[...layouts.values()].map(({ planes }) => planes.length));

const largestGroup = (groups: readonly BlockGroup[]) => Math.max(1, ...groups.map(({ count }) => count));

/** Bytes of the tables of a group of blocks. */
function tableRoom({ lanes, together }: LayerKernel, packed: readonly TableBlock[]): number {
  const rooms = packed.map(
    ({ weights, rowsWeights }) =>
      (rowsWeights.length / 192) * rowsTableBytes + (weights.length / 128) * tableBytes[lanes],
  );
  const groups = groupBlocks(packed.length, together).map(({ first, count }) =>
    rooms.slice(first, first + count).reduce((sum, room) => sum + room, 0),
  );
  return Math.max(0, ...groups);
}

/** V before the first step: V(0), and where the layer refines the constant current, which enters once. */
export function startPotential({ v0, current, refine }: NeuronStage): Float64Array {
  return refine === null ? v0 : v0.map((value, i) => value + (current[i] as number));
}

function layOutLayer(
  kernel: LayerKernel,
  packed: readonly TableBlock[],
  layouts: ReadonlyMap<string, SpikeLayout>,
  arena: MemoryArena,
): LayerMemory {
  const { stage, lanes } = kernel;
  const isTables = kernel.form === "tables";
  const never = neverReached(stage, lanes);
  const channels = Math.ceil(stage.shape[0] / 16) * 16;
  const thresholds = new Float64Array(channels).fill(never);
  thresholds.set(stage.threshold);
  const threshold = writeLanes(arena, wide(lanes), thresholds);
  const groups = groupBlocks(packed.length, kernel.together);
  const pooled = stage.poolBefore !== null;
  const bias = toBlocked(stage.current, stage.shape);
  const startsCharged = stage.refine !== null;
  return {
    kernel,
    stage,
    groups,
    events: kernel.events.map((window) =>
      writeEventWindow(window, layouts.get(window.source) as SpikeLayout, groups, arena, listedLanes(kernel)),
    ),
    diagonals: listDiagonals(kernel, layouts).map((window) => writeDiagonal(window, layouts, lanes, arena)),
    blocks: writeBlocks(packed, threshold, lanes, arena),
    lists: isTables ? [] : kernel.spiking.map((group) => writeList(group, stage.currentShape, lanes, arena)),
    threshold,
    nearest: stage.refine === null ? 0 : writeNearest(arena, thresholds),
    base: writeLanes(
      arena,
      lanes,
      pooled || startsCharged ? new Float64Array(countBlocked(stage.currentShape)) : bias,
    ),
    bias: pooled ? writeLanes(arena, lanes, bias) : 0,
    v0: writeLanes(arena, wide(lanes), toBlocked(startPotential(stage), stage.shape)),
    elements: countBlocked(stage.shape),
  };
}

function writeBlocks(
  packed: readonly TableBlock[],
  threshold: number,
  lanes: Lanes,
  arena: MemoryArena,
): readonly BlockMemory[] {
  return packed.map(({ rows, rowsWeights, runs, weights }, index) => ({
    rows,
    rowsWeights: writeLanes(arena, lanes, rowsWeights),
    rowsTables: rowsWeights.length / 192,
    runs,
    weights: writeLanes(arena, lanes, weights),
    tables: weights.length / 128,
    threshold: threshold + index * 64,
  }));
}

function writeNearest(arena: MemoryArena, thresholds: Float64Array): number {
  const values = new Float64Array(thresholds.length * 2);
  for (const [channel, theta] of thresholds.entries()) {
    const at = (channel >> 4) * 32 + (channel & 15);
    const [inverse, offset] = nearestConstants(theta);
    values[at] = inverse;
    values[at + 16] = offset;
  }
  return writeLanes(arena, "float32", values);
}

/** The sums' lanes where events are listed, null where they are scattered. */
function listedLanes({ scatters, lanes }: LayerKernel): "int16" | "int32" | null {
  if (scatters) return null;
  return lanes === "int16" ? "int16" : "int32";
}

/** Targets of every source neuron in the order of the source's bits: [y][x][block][16]. */
function writeList(
  group: SynapseGroup,
  currentShape: Shape,
  lanes: Lanes,
  arena: MemoryArena,
): ListGroupMemory {
  const [channels, height, width] = group.sourceShape;
  const blocks = Math.ceil(channels / 16);
  const bitOf = (source: number) => {
    const channel = Math.floor(source / (height * width));
    return ((source % (height * width)) * blocks + (channel >> 4)) * 16 + (channel & 15);
  };
  const starts = new Int32Array(height * width * blocks * 16 + 1);
  forEachSynapse(group, (source) => {
    starts[bitOf(source) + 1] = (starts[bitOf(source) + 1] as number) + 1;
  });
  for (let i = 1; i < starts.length; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
  const next = starts.slice();
  const count = starts[starts.length - 1] as number;
  const targets = new Int32Array(count);
  const weights = new Float64Array(count);
  forEachSynapse(group, (source, target, weight) => {
    const bit = bitOf(source);
    const at = next[bit] as number;
    next[bit] = at + 1;
    targets[at] = blockedIndex(target, currentShape);
    weights[at] = weight;
  });
  const startsAt = arena.allocate(starts.length * 4);
  arena.words(startsAt, starts.length).set(starts);
  const targetsAt = arena.allocate(targets.length * 4);
  arena.words(targetsAt, targets.length).set(targets);
  return {
    source: group.source,
    starts: startsAt,
    targets: targetsAt,
    weights: writeLanes(arena, lanes, weights),
  };
}
