/**
 * How spikes of several planes are added: plane by plane, or all at once.
 *
 * Knows: what the kernels for many planes can run, from where on they are faster. May not know: memory, costs.
 */
import type { WindowSynapses } from "../../plan/window-synapses.js";
import type { SpikePlane } from "./spike-planes.js";

/** Whether tables and words add all planes in one walk (assembly/spiking/plane-stack.ts); two are faster one by one. */
export function areStacked(planes: number): boolean {
  return planes > 2;
}

/**
 * Whether the spikes of a window's source are listed by value: an entry has 12 bits of offset and 4 of the spike. Two planes are as fast one by
 * one where sums have 16 bits.
 */
export function isListedByValue(
  { kernel, sourceShape }: WindowSynapses,
  planes: readonly SpikePlane[],
  lanes: "int16" | "int32",
): boolean {
  const channels = Math.ceil(sourceShape[0] / 16) * 16;
  const offsets = ((kernel[0] - 1) * kernel[1] + sourceShape[2]) * channels;
  return (
    planes.length > (lanes === "int16" ? 2 : 1) && planes.every(({ shift }) => shift < 3) && offsets <= 4_096
  );
}
