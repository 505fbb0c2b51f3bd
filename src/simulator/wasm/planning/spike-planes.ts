/**
 * The planes of bits that a spike of several bits is a sum of.
 *
 * Knows: s = Σ coefficient·bit, coefficients ±2^k. May not know: where bits lie.
 */

/** Bytes of a plane's bits of 16 channels. */
export const wordBytes = 2;

export interface SpikePlane {
  /** The bit stands for 2^shift, or for −2^shift where `negative`. */
  readonly shift: number;
  readonly negative: boolean;
}

/**
 * The planes of spikes lo…hi: the bits of what is positive, then those of the magnitude of what is negative. So a spike
 * has bits in planes of one sign only, and small spikes have few. (Two's complement takes a plane less for −3…3, but gives
 * −1 a bit in every plane: ResNet-20 of such spikes was slower with it by a sixth. Tables of 12 that add all planes of what refines
 * in one walk leave planes out that only repeat the sign, and are faster with it: spike-forms.ts.)
 */
export function spikePlanes(lo: number, hi: number): readonly SpikePlane[] {
  return [...listPlanes(hi, false), ...listPlanes(-lo, true)];
}

/** The same in two's complement: the sign's plane stands for the negative of twice the largest bit, for spikes of −2^p…2^p − 1. */
export function complementPlanes(hi: number): readonly SpikePlane[] {
  const bits = listPlanes(hi, false);
  return [...bits, { shift: bits.length, negative: true }];
}

function listPlanes(largest: number, negative: boolean): SpikePlane[] {
  return Array.from({ length: 32 - Math.clz32(largest) }, (_, shift) => ({ shift, negative }));
}

export const coefficientOf = ({ shift, negative }: SpikePlane): number => (negative ? -1 : 1) * 2 ** shift;
