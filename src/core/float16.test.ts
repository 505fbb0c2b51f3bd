/** Half and bfloat16 to float32, exactly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBfloat16, decodeFloat16 } from "./float16.js";

test("binary16: normals, subnormals, signs and specials, exactly", () => {
  const cases: readonly (readonly [bits: number, value: number])[] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 1365 / 4096],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
  ];
  for (const [bits, value] of cases) assert.ok(Object.is(decodeFloat16(bits), value), bits.toString(16));
  assert.ok(Number.isNaN(decodeFloat16(0x7e00)));
});

test("bfloat16 is the upper half of a float32", () => {
  for (const value of [1, -2.5, 2 ** 100, 0]) {
    const bits = new DataView(new ArrayBuffer(4));
    bits.setFloat32(0, value);
    assert.equal(decodeBfloat16(bits.getUint16(0)), value);
  }
  assert.ok(Number.isNaN(decodeBfloat16(0x7fc0)));
});
