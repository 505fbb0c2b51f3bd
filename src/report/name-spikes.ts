/**
 * What spikes are called where they are counted, so that multi-level ones never stand beside binary ones unlabelled.
 *
 * Knows: `snn.alphabet` of the results. May not know: tables, plots.
 */
import { cleanLabel } from "./clean-text.js";

interface Alphabetical {
  readonly snn: { readonly alphabet?: string };
}

/** The alphabet where spikes are not simply 0 or 1, else null: `burst:4`. */
export function namedAlphabet({ snn }: Alphabetical): string | null {
  const { alphabet = "binary" } = snn;
  return alphabet === "binary" ? null : cleanLabel(alphabet, 40);
}

/** `binary`, `signed`, `refine:7 (multi-level)`: what is more than one value of each sign is said to be. */
export function labelAlphabet(alphabet: string): string {
  const label = cleanLabel(alphabet, 40);
  return ["binary", "signed"].includes(alphabet) ? label : `${label} (multi-level)`;
}

/** `spikes`, or `burst:4 spikes`. */
export function nameSpikes(results: Alphabetical): string {
  const alphabet = namedAlphabet(results);
  return alphabet === null ? "spikes" : `${alphabet} spikes`;
}

/** `spiking network`, or `spiking network of burst:4 spikes`. */
export function nameNetwork(results: Alphabetical): string {
  const alphabet = namedAlphabet(results);
  return alphabet === null ? "spiking network" : `spiking network of ${alphabet} spikes`;
}

/** What their counts mean, as a sentence; empty for binary spikes. */
export function explainSpikes(results: Alphabetical): string {
  const alphabet = namedAlphabet(results);
  if (alphabet === null) return "";
  const told = `Spikes are ${alphabet}, not binary: one of size s counts as |s| spikes and |s| operations a synapse.`;
  if (!alphabet.startsWith("refine")) return told;
  return `${told} They are multi-level changes of a value, in quanta that halve each step; as events each counts once.`;
}
