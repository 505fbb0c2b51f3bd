/**
 * Weights of windows that are diagonal: one a channel, for spikes that lie as bytes.
 *
 * Knows: DiagonalWindow of assembly/spiking/add-diagonal.ts. May not know: slots, order of work.
 */
import type { WindowSynapses } from "../../plan/window-synapses.js";
import type { LayerKernel } from "../planning/layer-kernel.js";
import type { MemoryArena } from "./memory-arena.js";
import type { SpikeLayout } from "./spike-layout.js";

export interface DiagonalMemory {
  readonly layout: SpikeLayout;
  /** [block][16], in the sums' lanes; bytes of a block. */
  readonly weights: number;
  readonly blockBytes: number;
}

/** The windows of a layer that run so: those whose sources lie as bytes. */
export function listDiagonals(
  { diagonals }: LayerKernel,
  layouts: ReadonlyMap<string, SpikeLayout>,
): readonly WindowSynapses[] {
  return diagonals.filter(({ source }) => layouts.get(source)?.values != null);
}

export function writeDiagonal(
  { source, sourceShape, weights }: WindowSynapses,
  layouts: ReadonlyMap<string, SpikeLayout>,
  lanes: LayerKernel["lanes"],
  arena: MemoryArena,
): DiagonalMemory {
  const channels = sourceShape[0];
  const own = new Int32Array(Math.ceil(channels / 16) * 16);
  for (let c = 0; c < channels; c++) own[c] = weights[c * (channels + 1)] as number;
  const address = arena.allocate(own.length * 4);
  if (lanes === "int16") arena.shorts(address, own.length).set(own);
  else arena.words(address, own.length).set(own);
  const layout = layouts.get(source) as SpikeLayout;
  return { layout, weights: address, blockBytes: lanes === "int16" ? 32 : 64 };
}
