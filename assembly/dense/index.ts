/**
 * Float kernels on the dense layout [H][W][P]: P = channels rounded up to a multiple of 4,
 * the surplus lanes 0. One image at a time; addresses and strides are in bytes.
 *
 * Every sum has one fixed order, with a product and a sum rounded apart (no fused or relaxed
 * instruction), so results have the same bytes on every machine.
 *
 * The caller owns all memory from __heap_base upwards; nothing is allocated here.
 */
export { convolve } from "./convolve";
export { convolveDepthwise, convolveGroups } from "./convolve-groups";
export { addValues, scaleShift, clampValues, spikeRate } from "./elements";
export { poolWindows } from "./pool";
export { copyBlock, fillZero } from "./copy";

/** First free address: static data ends here. */
export function heapBase(): usize {
  return __heap_base;
}
