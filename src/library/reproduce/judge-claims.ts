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
} from "../../report/reproduction/reproduction-result.js";
import type { Claim, Explanation, Quantity } from "./experiment.js";
import { joinReasons, measureQuantity, type RowsById } from "./measure-quantity.js";
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
  const isConfirmed = published === null ? ci95[0] > 0 : contains(ci95, published);
  const judged = {
    ...{ id, says, published, measured: value, ci95 },
    verdict: isConfirmed ? ("confirmed" as const) : ("differs" as const),
    explanations: explanations.map((each) => explain(each, published, value, rows)),
  };
  return {
    ...judged,
    sentence: `${describeVerdict(judged.verdict, published, value, ci95, quantity)} (n = ${describeCounts(n)}).`,
  };
}

const describeCounts = (n: readonly number[]) => n.map(formatCount).join(" and ");
const contains = ([low, high]: Interval, value: number) => low <= value && value <= high;
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
    explanations: explanations.map((each) => explain(each, published, null, rows)),
  };
}

const describeMissing = (because: string) =>
  because === notYet ? "Not run yet." : `Could not be run because ${because}.`;

function judgeSeries(claim: Claim, series: readonly Quantity[], rows: RowsById): JudgedClaim {
  const { falls, missing, told } = measureSeries(series, rows);
  const { id, says, published, explanations = [] } = claim;
  if (told === null) return notRun(claim, joinReasons(missing), rows);
  const verdict = falls === 0 ? (missing.length === 0 ? "confirmed" : "not run") : "differs";
  const head = { confirmed: "Confirmed", differs: "Differs", "not run": "Not decided" }[verdict];
  const main = verdict === "not run" ? null : 0;
  return {
    ...{ id, says, published, measured: null, ci95: null, verdict },
    explanations: explanations.map((each) => explain(each, published, main, rows)),
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
  difference: string,
  series: readonly Quantity[],
  isDecided: boolean,
  rows: RowsById,
): JudgedExplanation {
  const { falls, missing, told } = measureSeries(series, rows);
  const open = { difference, measured: null, ci95: null } as const;
  if (told === null) return { ...open, outcome: "not run", sentence: describeMissing(joinReasons(missing)) };
  const grows = falls > 0 ? "does not explain it" : missing.length > 0 ? "not run" : "explains it";
  return { ...open, outcome: isDecided ? grows : "measured instead", sentence: told };
}

/** Whether changing one thing brings the published number, or the claimed sign, about. @param main what differs; null where it was not run */
function explain(
  { difference, quantity }: Explanation,
  published: number | null,
  main: number | null,
  rows: RowsById,
): JudgedExplanation {
  if (!("kind" in quantity)) return explainSeries(difference, quantity, main !== null, rows);
  const found = measureQuantity(quantity, rows);
  if ("because" in found) {
    const sentence = describeMissing(found.because);
    return { difference, outcome: "not run", measured: null, ci95: null, sentence };
  }
  const { value, ci95, n } = found;
  const outcome = main === null ? "measured instead" : judgeExplanation(value, ci95, published, main);
  const sentence = `${formatFixed(value)} ${unitOf(quantity)} ${interval(ci95)} (n = ${describeCounts(n)})`;
  return { difference, outcome, measured: value, ci95, sentence };
}

function judgeExplanation(value: number, ci95: Interval, published: number | null, main: number) {
  const isReached = published === null ? ci95[0] > 0 : contains(ci95, published);
  if (isReached) return "explains it";
  const isNearer =
    published === null ? value > main : Math.abs(value - published) < Math.abs(main - published);
  return isNearer ? "goes part of the way" : "does not explain it";
}
