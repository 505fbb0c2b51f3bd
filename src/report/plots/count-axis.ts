/**
 * The axis of counts per image: logarithmic where all are positive, else from 0.
 *
 * Knows: positive numbers over several powers of ten. May not know: what is counted.
 */
import { specPart } from "./plot.js";

export function countAxis(title: string, values: readonly number[]) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const isLog = low > 0;
  const scale = isLog
    ? ({ type: "log", domain: [low / 1.3, high * 1.3], nice: false } as const)
    : ({ type: "linear", domain: [Math.min(0, low), high > 0 ? high * 1.05 : 1], nice: false } as const);
  return specPart({
    field: "count",
    type: "quantitative",
    title: isLog ? `${title} (log)` : title,
    scale,
    axis: {
      ...(isLog ? { values: logTicks(low / 1.3, high * 1.3) } : { tickCount: 5 }),
      labelExpr: "format(datum.value, abs(datum.value) < 1 ? '~g' : '~s')",
      labelOverlap: false,
    },
  });
}

/** 1, 2, 5 × powers of ten inside; only powers, or every k-th power, where there would be over eight. */
function logTicks(low: number, high: number): number[] {
  const exponents: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) exponents.push(e);
  const isInside = (value: number) => value >= low && value <= high;
  const fine = exponents.flatMap((e) => [1, 2, 5].map((m) => Number(`${m}e${e}`))).filter(isInside);
  if (fine.length <= 8) return fine;
  const powers = exponents.map((e) => Number(`1e${e}`)).filter(isInside);
  const stride = Math.ceil(powers.length / 8);
  return powers.filter((_, at) => at % stride === 0);
}
