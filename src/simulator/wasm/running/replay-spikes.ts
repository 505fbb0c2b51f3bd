/**
 * Spikes of whole layers out of the kernels' memory, and into it again.
 *
 * Knows: PackedSpikes, the layout of spikes with its borders and time blocks. May not know: kernels, order of work.
 */
import { countElements } from "../../../core/tensor.js";
import type { PackedSpikes, SimulationRequest } from "../../backend.js";
import { spikesAt } from "../memory/kernel-commands.js";
import type { MemoryArena } from "../memory/memory-arena.js";
import type { SlotMemory } from "../memory/slot-memory.js";
import type { SpikeLayout } from "../memory/spike-layout.js";
import { wordBytes } from "../planning/spike-planes.js";
import type { ImageUnderWay } from "./image-under-way.js";
import type { TimeSpan } from "./time-blocks.js";

type ReplayRequest = Pick<SimulationRequest, "n" | "steps" | "keepSpikes" | "replay">;

/** What layers of a request send or sent. */
export class SpikeReplay {
  /** By layer: all images. */
  readonly kept: ReadonlyMap<string, PackedSpikes>;

  constructor(
    private readonly arena: MemoryArena,
    private readonly layouts: ReadonlyMap<string, SpikeLayout>,
    private readonly request: ReplayRequest,
  ) {
    const { n, steps, keepSpikes = [] } = request;
    const room = (layer: string) => new Uint16Array(n * countWords(this.#layout(layer), steps));
    this.kept = new Map(keepSpikes.map((layer) => [layer, room(layer)]));
  }

  /** Copies the spikes of a layer that was just run for a span. */
  keep(layer: string, { state, index }: ImageUnderWay, span: TimeSpan): void {
    const all = this.kept.get(layer);
    if (all === undefined) return;
    const layout = this.#layout(layer);
    const memory = new Uint16Array(this.arena.memory.buffer);
    forEachRow(state, layout, span, this.#packed(all, index), (packed, place, at, words) => {
      for (let word = 0; word < words; word++) packed[place + word] = memory[at + word] as number;
    });
  }

  /** Puts what replayed layers send in a span where the kernels read it. */
  replay({ state, index }: ImageUnderWay, span: TimeSpan): void {
    for (const [layer, all] of this.request.replay ?? []) {
      const layout = this.layouts.get(layer);
      if (layout === undefined) continue;
      const memory = new Uint16Array(this.arena.memory.buffer);
      this.arena.bytes(state.spikes + layout.offset, layout.bytes).fill(0);
      forEachRow(state, layout, span, this.#packed(all, index), (packed, place, at, words) => {
        for (let word = 0; word < words; word++) memory[at + word] = packed[place + word] as number;
      });
    }
  }

  #layout(layer: string): SpikeLayout {
    const layout = this.layouts.get(layer);
    if (layout === undefined) throw new RangeError(`'${layer}' has no spikes`);
    return layout;
  }

  /** One image's part. */
  #packed(all: PackedSpikes, index: number): PackedSpikes {
    const words = all.length / this.request.n;
    return all.subarray(index * words, (index + 1) * words);
  }
}

/** Words of an image's spikes. */
function countWords({ shape: [, height, width], blocks, planes }: SpikeLayout, steps: number): number {
  return planes.length * countElements([blocks, height, width]) * steps;
}

/** Visits the pixels of each row, plane and step of a span: their words in `packed` and in the kernels' memory. */
function forEachRow(
  slot: SlotMemory,
  layout: SpikeLayout,
  { start, end }: TimeSpan,
  packed: PackedSpikes,
  visit: (packed: PackedSpikes, place: number, at: number, words: number) => void,
): void {
  const { shape, blocks, planes } = layout;
  const [, height, width] = shape;
  const words = width * blocks;
  const steps = packed.length / (planes.length * height * words);
  const origin = spikesAt(slot, layout);
  for (let plane = 0; plane < planes.length; plane++) {
    for (let y = 0; y < height; y++) {
      const row = origin + plane * layout.plane + y * layout.row;
      const place = (plane * height + y) * steps;
      for (let t = start; t < end; t++)
        visit(packed, (place + t) * words, (row + (t - start) * layout.step) / wordBytes, words);
    }
  }
}
