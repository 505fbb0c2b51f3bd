/**
 * What `rate` of a layer is, by the spikes that there are: so that a net count, or a value that is refined, is not called spikes.
 *
 * Knows: `snn.alphabet` of the results, docs/counting.md. May not know: tables, plots.
 */
import { nameSpikes } from "./name-spikes.js";

interface Alphabetical {
  readonly snn: { readonly alphabet?: string };
}

export interface RateNames {
  /** Of an axis. */
  readonly axis: string;
  /** Of columns. */
  readonly mean: string;
  readonly largest: string;
  /** `0.1`, with what it is of. */
  readonly describe: (value: string) => string;
  readonly describeMean: (range: string) => string;
  /** What a bar shows. */
  readonly key: string;
  /** What it is compared with the network by: of an axis, and in words. */
  readonly error: string;
  readonly comparison: string;
  /** A sentence: which pairs are silent, which are saturated. */
  readonly extremes: string;
}

const clipped = "the network's activation, clipped at λ and divided by it";

/** Where no spike is negative and none is refined: Σs/T. */
function nameSpikeRates(results: Alphabetical): RateNames {
  const isBinary = (results.snn.alphabet ?? "binary") === "binary";
  return {
    axis: `${nameSpikes(results)} per neuron and step`,
    mean: "mean rate",
    largest: "largest rate",
    describe: (value) => `fires at a mean rate of ${value}`,
    describeMean: (range) => `Mean rates lie between ${range} ${nameSpikes(results)} per neuron and step.`,
    key: "mean |N|/T over images and neurons",
    error: "mean |N/T − min(a, λ)/λ|",
    comparison: `N/T with ${clipped}`,
    extremes: isBinary
      ? "share of (image, neuron) pairs with no spike, and with one at every step"
      : "share of (image, neuron) pairs with no spike, and with as many as steps",
  };
}

/** Where spikes take others back: |Σs|/T, less than the spikes that were sent. */
const netCounts: RateNames = {
  axis: "net count over T",
  mean: "mean |N|/T",
  largest: "largest |N|/T",
  describe: (value) => `has a mean net count over T of ${value}`,
  describeMean: (range) => `Mean net counts over T lie between ${range}.`,
  key: "mean |N|/T over images and neurons, N the net count: what was sent less what was taken back",
  error: "mean |N/T − min(a, λ)/λ|",
  comparison: `N/T, N the net count, with ${clipped}`,
  extremes: "share of (image, neuron) pairs with |N| = 0, and with |N| = T, N the net count",
};

/** Where layers refine: N·q_T, what is told of λ. */
const toldValues: RateNames = {
  axis: "told value over λ",
  mean: "mean value / λ",
  largest: "largest value / λ",
  describe: (value) => `tells a mean value of ${value} λ`,
  describeMean: (range) => `Mean told values over λ lie between ${range}.`,
  key: "mean told value over λ, N·q_T, over images and neurons",
  error: "mean |N·q − min(a, c·λ)/λ|",
  comparison:
    "N·q_T, the value told at T over λ, with the network's activation, clipped at the most that T steps tell and divided by λ",
  extremes: "share of (image, neuron) pairs that tell 0 at T, and that tell the most that T steps can",
};

export function nameRates(results: Alphabetical): RateNames {
  const { alphabet = "binary" } = results.snn;
  if (alphabet.includes("refine")) return toldValues;
  return /signed|−/.test(alphabet) ? netCounts : nameSpikeRates(results);
}
