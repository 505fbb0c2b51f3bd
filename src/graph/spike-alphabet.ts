/**
 * Spike alphabets: which whole numbers a neuron may send in a step, and what they are called.
 *
 * Knows: the names of the contract. May not know: dynamics, how spikes travel.
 *
 * `binary` [0, 1] · `burst:N` [0, N] · `signed` [−1, 1] · `signed-burst:N` [−N, N] · `refine:N` [−N, N] of shrinking quanta; that
 * a count never falls below 0 is the dynamics' (snn.ts).
 */

/** Smallest and largest spike of a step; lo ≤ 0 < hi. */
export interface SpikeAlphabet {
  readonly lo: number;
  readonly hi: number;
}

/** Largest N: records hold spikes in 8 bits. */
export const largestSpike = 127;

/** What an alphabet's name may be, for help and errors. */
export const alphabetRule = `binary, signed, burst:N or signed-burst:N, N from 1 to ${largestSpike}, or refine:N, N from 1 to 15`;

/** N of `refine:N`; null of any other name. */
export function parseRefinement(name: string): number | null {
  const [, gain] = /^refine:([1-9]\d?)$/.exec(name) ?? [];
  return Number(gain) <= 15 ? Number(gain) : null;
}

/** The alphabet of a name; null where it names none. */
export function parseAlphabet(name: string): SpikeAlphabet | null {
  if (name === "binary") return { lo: 0, hi: 1 };
  if (name === "signed") return { lo: -1, hi: 1 };
  const gain = parseRefinement(name);
  if (gain !== null) return { lo: -gain, hi: gain };
  const [, signed, levels] = /^(signed-)?burst:([1-9]\d{0,2})$/.exec(name) ?? [];
  const hi = Number(levels);
  if (!(hi <= largestSpike)) return null;
  return { lo: signed === undefined ? 0 : -hi, hi };
}

/** `burst:4` of [0, 4]; `−1…3` where the contract has no name. */
export function nameAlphabet({ lo, hi }: SpikeAlphabet): string {
  if (lo === 0) return hi === 1 ? "binary" : `burst:${hi}`;
  if (lo === -hi) return hi === 1 ? "signed" : `signed-burst:${hi}`;
  return `${String(lo).replace("-", "−")}…${hi}`;
}

/** Whether a step's spikes are 0 or 1. */
export function isBinary({ lo, hi }: SpikeAlphabet): boolean {
  return lo === 0 && hi === 1;
}
