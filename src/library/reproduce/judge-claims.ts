/**
 * Claims → verdicts: confirmed, differs by …, or could not be run because ….
 *
 * Knows: the rule of each verdict. May not know: how rows were measured.
 *
 * A published number is confirmed where it lies in the measured 95 % interval. A claim without a number (more, better) is
 * confirmed where the whole interval lies above 0, a growing series where each value is larger than the one before.
 */
import { formatCount, formatFixed } from "../../report/format-number.js";
import type {
  Interval,
  JudgedClaim,
  JudgedExplanation,
  Verdict,
} from "../../report/reproduction/reproduction-result.js";
import type { Claim, Explanation, Quantity } from "./experiment.js";
import { isSameQuantity, joinReasons, measureQuantity, type RowsById } from "./measure-quantity.js";
import { notYet } from "./measure-rows.js";

export function judgeClaims(claims: readonly Claim[], rows: RowsById): JudgedClaim[] {
  return claims.map((claim) => {
    const { quantity } = claim;
    return "kind" in quantity ? judgeOne(claim, quantity, rows) : judgeSeries(claim, quantity, rows);
  });
}

function judgeOne(claim: Claim, quantity: Quantity, rows: RowsById): JudgedClaim {
  const { id, says, published, explanations = [] } = claim;
  const found = measureQuantity(quantity, rows);
  if ("because" in found) return notRun(claim, found.because, rows);
  const { value, ci95, n } = found;
  const verdict = isReached(ci95, published) ? ("confirmed" as const) : ("differs" as const);
  const judged = {
    ...{ id, says, published, measured: value, ci95, verdict },
    // a change that comes to the same run, as of weights that are used anyway, explains nothing
    explanations: explanations
      .filter((each) => !("kind" in each.quantity) || !isSameQuantity(each.quantity, quantity, rows))
      .map((each) => explain(each, published, { verdict, value }, rows)),
  };
  return {
    ...judged,
    sentence: `${describeVerdict(verdict, published, value, ci95, quantity)} (n = ${describeCounts(n)}).`,
  };
}

const describeCounts = (n: readonly number[]) => n.map(formatCount).join(" and ");
const isReached = ([low, high]: Interval, published: number | null) =>
  published === null ? low > 0 : low <= published && published <= high;
const unitOf = (quantity: Quantity) => (quantity.kind === "accuracy" ? "%" : "points");
const interval = ([low, high]: Interval) => `[${formatFixed(low)}, ${formatFixed(high)}]`;

function describeVerdict(
  verdict: "confirmed" | "differs",
  published: number | null,
  value: number,
  ci95: Interval,
  quantity: Quantity,
): string {
  const measured = `${formatFixed(value)} ${unitOf(quantity)} ${interval(ci95)}`;
  if (published === null) {
    if (verdict === "confirmed") return `Confirmed: the difference is ${measured}`;
    const no = ci95[1] < 0 ? "the opposite was measured" : "no difference can be told from 0";
    return `Differs: ${no}, ${measured}`;
  }
  if (verdict === "confirmed") return `Confirmed: measured ${measured}`;
  const by = formatFixed(value - published);
  const shifted: Interval = [ci95[0] - published, ci95[1] - published];
  return `Differs by ${by} points ${interval(shifted)}: measured ${measured}`;
}

function notRun(
  { id, says, published, explanations = [] }: Claim,
  because: string,
  rows: RowsById,
): JudgedClaim {
  return {
    ...{ id, says, published, measured: null, ci95: null, verdict: "not run" },
    sentence: describeMissing(because),
    explanations: explanations.map((each) => explain(each, published, unmeasured, rows)),
  };
}

/** What a claim's own rows gave: the explanations are measured against it. */
interface Main {
  readonly verdict: Verdict;
  /** In points; of a series 0. */
  readonly value: number;
}
const unmeasured: Main = { verdict: "not run", value: 0 };

const describeMissing = (because: string) =>
  because === notYet ? "Not run yet." : `Could not be run because ${because}.`;

function judgeSeries(claim: Claim, series: readonly Quantity[], rows: RowsById): JudgedClaim {
  const { falls, missing, told } = measureSeries(series, rows);
  const { id, says, published, explanations = [] } = claim;
  if (told === null) return notRun(claim, joinReasons(missing), rows);
  const verdict = falls === 0 ? (missing.length === 0 ? "confirmed" : "not run") : "differs";
  const head = { confirmed: "Confirmed", differs: "Differs", "not run": "Not decided" }[verdict];
  return {
    ...{ id, says, published, measured: null, ci95: null, verdict },
    explanations: explanations.map((each) => explain(each, published, { verdict, value: 0 }, rows)),
    sentence: `${head}: ${told}.`,
  };
}

/** The values that there are, in words; null where they are fewer than two. */
function measureSeries(series: readonly Quantity[], rows: RowsById) {
  const found = series.map((quantity) => measureQuantity(quantity, rows));
  const missing = found.flatMap((each) => ("because" in each ? [each.because] : []));
  const values = found.flatMap((each) => ("because" in each ? [] : [each]));
  const falls = values.filter(({ value }, at) => at > 0 && value <= (values[at - 1]?.value ?? 0)).length;
  const list = values.map(({ value, ci95 }) => `${formatFixed(value)} ${interval(ci95)}`).join(", ");
  const left = missing.length === 0 ? "" : `; ${missing.length} of ${series.length} values are missing`;
  const told = `${list} points; ${falls} of ${values.length - 1} steps do not grow${left}`;
  return { falls, missing, told: values.length < 2 ? null : told };
}

function explainSeries(
  { difference }: Explanation,
  series: readonly Quantity[],
  { verdict }: Main,
  rows: RowsById,
): JudgedExplanation {
  const { falls, missing, told } = measureSeries(series, rows);
  const open = { difference, measured: null, ci95: null } as const;
  if (told === null) return { ...open, outcome: "not run", sentence: describeMissing(joinReasons(missing)) };
  if (verdict === "not run") return { ...open, outcome: "measured instead", sentence: told };
  const isUndecided = falls === 0 && missing.length > 0;
  return { ...open, outcome: isUndecided ? "not run" : tellOutcome(verdict, falls === 0), sentence: told };
}

/** Whether a change brings the published number, or the claimed sign, about; of a confirmed claim, whether it comes out all the same. */
function explain(each: Explanation, published: number | null, main: Main, rows: RowsById): JudgedExplanation {
  const { difference, quantity } = each;
  if (!("kind" in quantity)) return explainSeries(each, quantity, main, rows);
  const found = measureQuantity(quantity, rows);
  if ("because" in found) {
    const sentence = describeMissing(found.because);
    return { difference, outcome: "not run", measured: null, ci95: null, sentence };
  }
  const { value, ci95, n } = found;
  const sentence = `${formatFixed(value)} ${unitOf(quantity)} ${interval(ci95)} (n = ${describeCounts(n)})`;
  return {
    ...{ difference, measured: value, ci95, sentence },
    outcome: judgeExplanation(value, ci95, published, main),
  };
}

function judgeExplanation(value: number, ci95: Interval, published: number | null, main: Main) {
  if (main.verdict === "not run") return "measured instead";
  const reached = isReached(ci95, published);
  const isNearer =
    published === null ? value > main.value : Math.abs(value - published) < Math.abs(main.value - published);
  if (main.verdict === "differs" && !reached && isNearer) return "goes part of the way";
  return tellOutcome(main.verdict, reached);
}

function tellOutcome(verdict: "confirmed" | "differs", isSo: boolean) {
  if (verdict === "confirmed") return isSo ? "comes out too" : "does not come out";
  return isSo ? "explains it" : "does not explain it";
}
