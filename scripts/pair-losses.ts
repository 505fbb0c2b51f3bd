/**
 * Losses of a run on images whose network's decisions another run has.
 *
 * Knows: predictions.csv. May not know: which runs they are.
 */
import { readFileSync } from "node:fs";
import { pairedInterval } from "#src/evaluation/paired-interval.js";

export interface PairedLosses {
  /** Of the network, in percent. */
  readonly accuracy: number;
  /** After t steps. */
  readonly losses: (t: number) => PairedLoss;
}

export interface PairedLoss {
  /** Images that the SNN got right. */
  readonly correct: number;
  /** Images that only one of them got right. */
  readonly annOnly: number;
  readonly snnOnly: number;
  /** In points, with the paired 95 % interval. */
  readonly loss: number;
  readonly lossCi95: readonly [number, number];
}

/**
 * @param network a run's predictions.csv with the column `ann`; @param snn that of a run on the same images
 * @throws RangeError where the images are others
 */
export function pairLosses(network: string, snn: string, n: number): PairedLosses {
  const [theirs, ours] = [readColumns(network), readColumns(snn)];
  const isSame = ["index", "label"].every((name) => {
    const [one, other] = [theirs(name), ours(name)];
    return one.length === n && other.length === n && one.every((value, at) => value === other[at]);
  });
  if (!isSame) throw new RangeError(`${network} and ${snn} are not about the same ${n} images`);
  const labels = theirs("label");
  const isRight = (classes: readonly number[]) => classes.map((each, at) => each === labels[at]);
  const ofNetwork = isRight(theirs("ann"));
  const count = (which: (at: number) => boolean) => labels.filter((_, at) => which(at)).length;
  return {
    accuracy: (100 * count((at) => ofNetwork[at] === true)) / n,
    losses(t) {
      const ofSnn = isRight(ours(`t${t}`));
      const annOnly = count((at) => ofNetwork[at] === true && ofSnn[at] === false);
      const snnOnly = count((at) => ofNetwork[at] === false && ofSnn[at] === true);
      const correct = count((at) => ofSnn[at] === true);
      const loss = (100 * (annOnly - snnOnly)) / n;
      return { correct, annOnly, snnOnly, loss, lossCi95: pairedInterval(annOnly, snnOnly, n) };
    },
  };
}

/** @throws RangeError for a column that the file has not */
function readColumns(path: string): (name: string) => readonly number[] {
  const [head = "", ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  const names = head.split(",");
  const rows = lines.map((line) => line.split(",").map(Number));
  return (name) => {
    const column = names.indexOf(name);
    if (column < 0) throw new RangeError(`${path}: no column '${name}'`);
    return rows.map((row) => row[column] ?? Number.NaN);
  };
}
