/** How numbers are written for people. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  absent,
  formatCount,
  formatFixed,
  formatRatio,
  formatShare,
  formatShort,
  formatSignificant,
} from "./format-number.js";

test("counts are grouped, fixed numbers have a true minus and no negative zero", () => {
  assert.equal(formatCount(188416), "188,416");
  assert.equal(formatCount(-1234.4), "−1,234");
  assert.equal(formatCount(0), "0");
  assert.equal(formatFixed(-0.05), "−0.05");
  assert.equal(formatFixed(-0.001), "0.00");
});

test("three significant digits at any size", () => {
  const pairs: [number, string][] = [
    [0, "0"],
    [0.00012345, "0.000123"],
    [0.0000012, "1.20e-6"],
    [0.9999, "1.00"],
    [170.004, "170"],
    [1360.2, "1,360"],
    [1234567, "1.23e6"],
    [-2.345, "−2.35"],
  ];
  for (const [value, text] of pairs) assert.equal(formatSignificant(value), text);
});

test("prefixes, shares and ratios", () => {
  assert.equal(formatShort(36957504), "36.96 M");
  assert.equal(formatShort(34300000), "34.30 M");
  assert.equal(formatShort(512), "512");
  assert.equal(formatShare(0.4567), "45.7");
  assert.equal(formatShare(0.00004), "0.0040");
  assert.equal(formatShare(0), "0.0");
  assert.equal(formatRatio(3, 2), "1.50×");
  assert.equal(formatRatio(3, 0), absent);
});

test("what is not a finite number is absent in every format", () => {
  for (const format of [formatCount, formatFixed, formatShort, formatShare, formatSignificant]) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, null, undefined])
      assert.equal(format(value), absent);
  }
});
