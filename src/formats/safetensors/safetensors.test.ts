/** safetensors there and back, and every rule of the format broken once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RespikeError } from "../../core/respike-error.js";
import { float32Tensor, makeTensor, type Tensor } from "../../core/tensor.js";
import { encodeSafetensors } from "./encode-safetensors.js";
import { parseSafetensors } from "./parse-safetensors.js";

/** A file with this header text and so many bytes of data. */
function makeFile(header: string, data = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
const refused = (bytes: Uint8Array, pattern: RegExp) =>
  assert.throws(
    () => parseSafetensors(bytes, "file"),
    (error) => {
      assert.ok(error instanceof RespikeError, String(error));
      assert.match(error.message, pattern);
      return error.exitCode === 3;
    },
  );
const tensor = (shape: string, offsets: string, dtype = "F32") =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

const sample = new Map<string, Tensor>([
  ["b", float32Tensor([2, 1], [1.5, -2])],
  ["a", makeTensor("int16", [3], Int16Array.of(-1, 0, 32767))],
  ["c", makeTensor("int64", [], BigInt64Array.of(-5n))],
  ["d", makeTensor("int8", [2], Int8Array.of(-128, 127))],
  ["e", makeTensor("float64", [1], Float64Array.of(0.1))],
  ["f", makeTensor("uint8", [0], new Uint8Array(0))],
  ["g", makeTensor("int32", [1], Int32Array.of(-7))],
]);

test("what is encoded is parsed again, with metadata, and encodes to the same bytes", () => {
  const bytes = encodeSafetensors(sample, { z: "1", a: 'quote " and ü' });
  const { tensors, metadata } = parseSafetensors(bytes, "file", false);
  assert.deepEqual(metadata, { a: 'quote " and ü', z: "1" });
  for (const [name, wanted] of sample) assert.deepEqual(tensors.get(name), wanted);
  assert.deepEqual(encodeSafetensors(tensors, metadata), bytes);
  assert.deepEqual(encodeSafetensors(new Map([...sample].reverse()), { a: 'quote " and ü', z: "1" }), bytes);
});

test("the header is a multiple of 8 bytes and every tensor starts at a multiple of its element", () => {
  const bytes = encodeSafetensors(sample);
  const size = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assert.equal(size % 8, 0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
  assert.deepEqual(Object.keys(header), ["a", "b", "c", "d", "e", "f", "g"]);
  assert.equal(header.c.data_offsets[0] % 8, 0);
  assert.equal(header.b.data_offsets[0] % 4, 0);
});

test("F16, BF16 and F64 become float32, exactly where float32 holds the value", () => {
  const header = `{"h":${tensor("[2]", "[0,4]", "F16")},"b":${tensor("[2]", "[4,8]", "BF16")},"d":${tensor("[1]", "[8,16]", "F64")}}`;
  const bytes = makeFile(header, 16);
  const view = new DataView(bytes.buffer, bytes.length - 16);
  [0x3c00, 0x0001, 0x3f80, 0xc000].forEach((bits, at) => {
    view.setUint16(2 * at, bits, true);
  });
  view.setFloat64(8, 0.1, true);
  const { tensors } = parseSafetensors(bytes, "file");
  assert.deepEqual(tensors.get("h")?.data, Float32Array.of(1, 2 ** -24));
  assert.deepEqual(tensors.get("b")?.data, Float32Array.of(1, -2));
  assert.deepEqual(tensors.get("d")?.data, Float32Array.of(0.1));
});

test("every rule of the format is kept", () => {
  refused(new Uint8Array(5), /header size/);
  refused(makeFile("{}").slice(0, 9), /cut off/);
  refused(makeFile("[]"), /begins with \{/);
  refused(makeFile(" {}"), /begins with \{/);
  refused(makeFile('{"a":1}'), /dtype, shape and data_offsets/);
  refused(makeFile('{"a"'), /JSON/);
  refused(makeFile('{"a":{}}}'), /nothing follows/);
  refused(makeFile('{"a":[01]}'), /JSON|comma/);
  refused(makeFile('{"a":"\n"}'), /JSON/);
  refused(makeFile(`{"a":${tensor("[1]", "[0,4]")},"a":${tensor("[1]", "[0,4]")}}`, 4), /keys are unique/);
  refused(makeFile(`{"a":${tensor("[2]", "[0,4]")}}`, 4), /span/);
  refused(makeFile(`{"a":${tensor("[1]", "[0,4]", "F13")}}`, 4), /'F13'/);
  refused(makeFile(`{"a":${tensor("[-1]", "[0,4]")}}`, 4), /malformed/);
  refused(makeFile(`{"a":${tensor("[1]", "[4,8]")}}`, 8), /holes or overlaps/);
  refused(makeFile(`{"a":${tensor("[1]", "[0,4]")},"b":${tensor("[2]", "[0,8]")}}`, 8), /holes or overlaps/);
  refused(makeFile(`{"a":${tensor("[1]", "[0,4]")}}`, 8), /cover/);
  refused(makeFile(`{"a":${tensor("[1]", "[0,4]")}}`, 3), /cover/);
  refused(makeFile(`{"a":${tensor("[9007199254740991,4]", "[0,4]")}}`, 4), /span/);
  refused(makeFile('{"__metadata__":{"a":1}}'), /texts/);
  refused(makeFile(`{"a":${"[".repeat(100_000)}`), /deep/);
  const broken = makeFile('{"ab":1}');
  broken[10] = 0xff;
  refused(broken, /UTF-8/);
});
