/** NPY and NPZ as NumPy writes them; damaged and hostile headers are refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { unzipSync } from "fflate";
import { encodeNpy, encodeNpz, parseNpy } from "./npy.js";

/** A file with that header text and those bytes, as NumPy lays it out. */
const file = (header: string, body: readonly number[], version = 1) => {
  const text = new TextEncoder().encode(header);
  const head =
    version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...head, ...text, ...body);
};
const header = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

test("NPY: every element type comes back as it was written", () => {
  const arrays = [
    Int8Array.of(-1, 2, 3, 4, 5, 6),
    Uint8Array.of(255, 2, 3, 4, 5, 6),
    Int16Array.of(-300, 2, 3, 4, 5, 6),
    Uint16Array.of(60000, 2, 3, 4, 5, 6),
    Int32Array.of(-70000, 2, 3, 4, 5, 6),
    Uint32Array.of(4e9, 2, 3, 4, 5, 6),
    BigInt64Array.of(-(2n ** 40n), 2n, 3n, 4n, 5n, 6n),
    BigUint64Array.of(2n ** 63n, 2n, 3n, 4n, 5n, 6n),
    Float32Array.of(1.5, -0, 3, 4, 5, 6),
    Float64Array.of(Math.PI, 2, 3, 4, 5, 6),
  ];
  for (const data of arrays) {
    const bytes = encodeNpy([2, 3], data);
    assert.equal(bytes.indexOf(10) % 64, 63, "the data begin at a multiple of 64");
    const read = parseNpy(bytes);
    assert.deepEqual([read.shape, read.data], [[2, 3], data]);
    assert.deepEqual(parseNpy(Buffer.from(bytes)).data, data, "from a pooled Buffer too");
  }
});

test("NPY: shapes of no, one and many axes, and of no element", () => {
  assert.deepEqual(parseNpy(encodeNpy([], Float32Array.of(7))).shape, []);
  assert.deepEqual(parseNpy(encodeNpy([3], Int8Array.of(1, 2, 3))).shape, [3]);
  assert.deepEqual(parseNpy(encodeNpy([0, 4], new Int8Array(0))).shape, [0, 4]);
  assert.deepEqual(parseNpy(encodeNpy([1, 1, 2, 1], Int8Array.of(1, 2))).shape, [1, 1, 2, 1]);
});

test("NPY: big endian, Fortran order, versions 2 and 3, other spacing and order of keys", () => {
  assert.deepEqual(parseNpy(file(header(">i2", "(2,)"), [1, 2, 255, 254])).data, Int16Array.of(258, -2));
  const fortran = parseNpy(file(header("|u1", "(2, 3)", "True"), [1, 4, 2, 5, 3, 6]));
  assert.deepEqual(fortran.data, Uint8Array.of(1, 2, 3, 4, 5, 6));
  const cube = parseNpy(file(header("|u1", "(2, 2, 2)", "True"), [0, 4, 2, 6, 1, 5, 3, 7]));
  assert.deepEqual(cube.data, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  for (const version of [2, 3]) {
    assert.deepEqual(parseNpy(file(header("|b1", "(2,)"), [0, 1], version)).data, Uint8Array.of(0, 1));
  }
  const other = `{"shape":(2L,),"descr":"|i1","fortran_order":False}`;
  assert.deepEqual(parseNpy(file(other, [255, 1])).data, Int8Array.of(-1, 1));
});

test("NPY: truncated at any byte, longer, of other types or with a hostile header: exit 3", () => {
  const whole = encodeNpy([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
  const bad = [
    ...Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length)),
    Uint8Array.of(...whole, 0),
    file(header("|O", "(1,)"), [1]),
    file(header("<c8", "(1,)"), [1, 2, 3, 4, 5, 6, 7, 8]),
    file(header("<f2", "(1,)"), [1, 2]),
    file(header("<U1", "(1,)"), [1, 2, 3, 4]),
    file(header("|f4", "(1,)"), [1, 2, 3, 4]),
    file(header("|u1", "(-1,)"), [1]),
    file(header("|u1", "(1e3,)"), [1]),
    file(header("|u1", "(,)"), [1]),
    file(header("|u1", "(99999999, 99999999, 99999999)"), [1]),
    file(header("|u1", `(${"1, ".repeat(33)})`), [1]),
    file("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", [1, 2, 3, 4]),
    file("{'descr': '|u1', 'shape': (1,), }", [1]),
    file("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", [1]),
    file("__import__('os').system('true')", [1]),
    file(header("|u1", "(1,)"), [1], 4),
  ];
  for (const bytes of bad) {
    assert.throws(() => parseNpy(bytes, "x.npy"), { exitCode: 3, code: "bad-npy", where: "x.npy" });
  }
});

test("NPZ: names with slashes, the same bytes twice, each member an NPY", () => {
  const arrays = { "conv1/spikes": { shape: [2, 2], data: Int8Array.of(0, 1, 1, 0) } };
  const bytes = encodeNpz(arrays);
  assert.deepEqual(encodeNpz(arrays), bytes);
  const files = unzipSync(bytes);
  assert.deepEqual(Object.keys(files), ["conv1/spikes.npy"]);
  assert.deepEqual(parseNpy(files["conv1/spikes.npy"] as Uint8Array).data, Int8Array.of(0, 1, 1, 0));
});
