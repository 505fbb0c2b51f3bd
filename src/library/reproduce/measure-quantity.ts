/**
 * A claim's quantity, read off measured rows.
 *
 * Knows: rows by id. May not know: what was published, verdicts.
 */
import { compareRight, intervalOfDifference } from "../../evaluation/compare-predictions.js";
import type { Interval } from "../../report/reproduction/reproduction-result.js";
import type { Quantity } from "./experiment.js";
import { type MeasuredRow, notYet } from "./measure-rows.js";

export type MeasuredQuantity =
  | {
      readonly value: number;
      readonly ci95: Interval;
      /** Images: one number, or of each row where the value comes from two that have not as many. */
      readonly n: readonly number[];
    }
  | { readonly because: string };

export type RowsById = ReadonlyMap<string, MeasuredRow>;

/** The value with its 95 % interval, or why there is none. */
export function measureQuantity(quantity: Quantity, rows: RowsById): MeasuredQuantity {
  const because = explainMissing(listQuantityRows(quantity), rows);
  if (because !== null) return { because };
  switch (quantity.kind) {
    case "accuracy": {
      const { n, ...measured } = measurementOf(quantity.row, rows);
      return quantity.of === "network"
        ? { value: measured.network, ci95: measured.networkCi95, n: [n] }
        : { value: measured.snn, ci95: measured.snnCi95, n: [n] };
    }
    case "loss": {
      const { n, loss, lossCi95 } = measurementOf(quantity.row, rows);
      return { value: loss, ci95: lossCi95, n: [n] };
    }
    case "gain":
      return measureGain(quantity, rows);
    case "extra-loss": {
      const [higher, lower] = [quantity.higher, quantity.lower].map((id) => measurementOf(id, rows));
      const loss = (measured: typeof higher) => ({
        value: measured?.loss ?? 0,
        ci95: measured?.lossCi95 ?? ([0, 0] as const),
      });
      const [a, b] = [loss(higher), loss(lower)];
      const n = listCounts(higher?.n ?? 0, lower?.n ?? 0);
      return { value: a.value - b.value, ci95: intervalOfDifference(a, b), n };
    }
  }
}

/**
 * Image by image; where decisions are not kept of as many images as both rows have, from what accuracyOf says, as if errors
 * were independent, which is wider.
 */
function measureGain(
  { better, worse, of }: Extract<Quantity, { kind: "gain" }>,
  rows: RowsById,
): MeasuredQuantity {
  const [a, b] = [accuracyOf(better, of, rows), accuracyOf(worse, of, rows)];
  const both = Math.min(a.n, b.n);
  const [own, other] = [rightOf(better, of, rows), rightOf(worse, of, rows)];
  if (own !== null && other !== null) {
    const { difference, ci95, n } = compareRight(own, other);
    if (n >= both) return { value: difference, ci95, n: [n] };
  }
  return { value: a.value - b.value, ci95: intervalOfDifference(a, b), n: listCounts(a.n, b.n) };
}

const listCounts = (a: number, b: number) => (a === b ? [a] : [a, b]);

/** Of a network the accuracy; of an SNN what it loses, turned about: a gain between two SNNs of one network. */
function accuracyOf(id: string, of: "network" | "snn", rows: RowsById) {
  const { n, network, networkCi95, loss, lossCi95 } = measurementOf(id, rows);
  if (of === "network") return { value: network, ci95: networkCi95, n };
  return { value: -loss, ci95: [-lossCi95[1], -lossCi95[0]] as const, n };
}

/** Ids of the rows that a quantity is read off. */
export function listQuantityRows(quantity: Quantity): string[] {
  if (quantity.kind === "gain") return [quantity.better, quantity.worse];
  if (quantity.kind === "extra-loss") return [quantity.higher, quantity.lower];
  return [quantity.row];
}

/** Whether both are read off the same networks, converted alike: rows of other names may stand for the same run. */
export function isSameQuantity(a: Quantity, b: Quantity, rows: RowsById): boolean {
  const describe = (quantity: Quantity) => {
    const of = "of" in quantity ? quantity.of : "";
    const runs = listQuantityRows(quantity).map((id) => {
      const row = rows.get(id)?.row;
      return row?.network == null ? id : `${row.network.sha256} ${row.flags} ${row.T}`;
    });
    return [quantity.kind, of, ...runs].join("\n");
  };
  return describe(a) === describe(b);
}

/** Why rows are missing, each reason once; null where none is. */
function explainMissing(ids: readonly string[], rows: RowsById): string | null {
  const lacking = ids.filter((id) => rows.get(id)?.row.measured == null);
  if (lacking.length === 0) return null;
  return joinReasons(lacking.map((id) => rows.get(id)?.row.because ?? "rows are left out of this run"));
}

/** Reasons that stand in the way, each once; that it was not run yet only where nothing else does. */
export function joinReasons(reasons: readonly string[]): string {
  const hard = [...new Set(reasons)].filter((reason) => reason !== notYet);
  return hard.length > 0 ? hard.join("; ") : notYet;
}

function measurementOf(id: string, rows: RowsById) {
  const measured = rows.get(id)?.row.measured;
  if (measured === null || measured === undefined) throw new RangeError(`${id} was not measured`);
  return measured;
}

/** Null where the decisions of each image are not kept. */
function rightOf(id: string, of: "network" | "snn", rows: RowsById): readonly boolean[] | null {
  const found = rows.get(id);
  if (found?.right == null) return null;
  return of === "network" ? found.right.network : (found.right.at.get(found.row.T) ?? null);
}
