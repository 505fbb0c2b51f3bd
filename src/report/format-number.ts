/**
 * Numbers as people read them, the same on every machine (no locale data).
 *
 * Knows: digits, groups, unit prefixes. May not know: what is counted.
 * What is absent or not finite is printed as "–", never as NaN, null or Infinity.
 */

/** Stands for a value that is not there. */
export const absent = "–";

type Maybe = number | null | undefined;

function isNumber(value: Maybe): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** ASCII minus → the minus sign; "-0.00" → "0.00". */
function setSign(text: string): string {
  const unsigned = text.replace(/^-/, "");
  if (!text.startsWith("-") || !/[1-9]/.test(unsigned)) return unsigned;
  return `−${unsigned}`;
}

/** 188416 → "188,416"; rounded to an integer. */
export function formatCount(value: Maybe): string {
  if (!isNumber(value)) return absent;
  if (Math.abs(value) >= 1e15) return formatSignificant(value);
  return setSign(value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ","));
}

/** Fixed decimals: accuracies in percent and losses in points have two. */
export function formatFixed(value: Maybe, decimals = 2): string {
  if (!isNumber(value)) return absent;
  return Math.abs(value) >= 1e9 ? formatSignificant(value) : setSign(value.toFixed(decimals));
}

/** Three significant digits; an exponent only outside 10⁻⁴…10⁶. */
export function formatSignificant(value: Maybe, digits = 3): string {
  if (!isNumber(value)) return absent;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return setSign(value.toExponential(digits - 1)).replace("e+", "e");
  const rounded = Number(value.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return setSign(rounded.toFixed(decimals).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ","));
}

const prefixes = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** 36957504 → "36.96 M": four significant digits and a prefix. */
export function formatShort(value: Maybe): string {
  if (!isNumber(value)) return absent;
  const size = Math.abs(value);
  if (size >= 1e16) return formatSignificant(value);
  for (const [unit, prefix] of prefixes) {
    if (size >= unit) return `${setSign((value / unit).toPrecision(4))} ${prefix}`;
  }
  return setSign(Number(value.toPrecision(4)).toString());
}

/** A share 0…1 as percent with one decimal; small ones keep two significant digits. */
export function formatShare(value: Maybe): string {
  if (!isNumber(value)) return absent;
  const percent = value * 100;
  return percent !== 0 && Math.abs(percent) < 0.1 ? formatSignificant(percent, 2) : formatFixed(percent, 1);
}

/** "−0.05 to 0.29". */
export function formatInterval(interval: readonly [number, number] | null | undefined): string {
  if (!interval?.every(isNumber)) return absent;
  return `${formatFixed(interval[0])} to ${formatFixed(interval[1])}`;
}

/** "2.31×", or "–" where the divisor is 0. */
export function formatRatio(numerator: Maybe, denominator: Maybe): string {
  if (!isNumber(numerator) || !isNumber(denominator) || denominator === 0) return absent;
  return `${formatSignificant(numerator / denominator)}×`;
}

/** The value where it is a finite number, else null: what plots leave out. */
export function finiteOrNull(value: Maybe): number | null {
  return isNumber(value) ? value : null;
}
