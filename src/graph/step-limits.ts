/**
 * The most steps a layer may run.
 *
 * Knows: number formats and the widths of their membranes. May not know: networks.
 */
import type { NumberFormat } from "./node-types.js";

/**
 * Largest T: with currents up to 32,767 (int16) or 524,287 (int32) a step no membrane leaves 32 bits;
 * float32 counts stay far below 2²⁴.
 */
export const stepLimits: Readonly<Record<NumberFormat, number>> = {
  int16: 65_000,
  int32: 4_000,
  float32: 65_000,
};
