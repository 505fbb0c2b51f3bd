import assert from "node:assert/strict";
import { test } from "node:test";
import { cutForPosting, shareMemory } from "./share-memory.js";

test("all arrays lie in one shared buffer, each once, with their values and types; the rest is as it was", () => {
  const twice = Float32Array.of(0.1, 0.2, 0.3);
  const one = { value: Uint8Array.of(1) };
  const data = {
    name: "x",
    nothing: null,
    flags: [true, undefined, 3n],
    list: [{ weight: twice }, Int16Array.of(-1, 2, 3), BigInt64Array.of(5n)],
    map: new Map([["a", Float64Array.of(Number.NaN, -0)]]),
    again: twice,
    same: [one, one],
    bytes: Buffer.from("abc"),
    empty: new Uint8Array(0),
  };
  const shared = shareMemory(data);
  assert.deepEqual({ ...shared, bytes: 0 }, { ...data, bytes: 0 });
  assert.deepEqual([...shared.bytes], [97, 98, 99]);
  assert.equal(shared.same[0], shared.same[1]);
  assert.equal(shared.again, shared.list[0] && (shared.list[0] as { weight: unknown }).weight);
  const buffers = [shared.again, shared.list[1], shared.list[2], shared.map.get("a"), shared.bytes];
  const [first] = buffers as Uint8Array[];
  assert.ok(first?.buffer instanceof SharedArrayBuffer);
  for (const view of buffers as Uint8Array[]) assert.equal(view.buffer, first.buffer);
  assert.ok(data.again.buffer instanceof ArrayBuffer, "the data itself is not touched");
  assert.equal(shareMemory(shared).again, shared.again, "what is shared stays where it is");
});

test("a part to be posted is a view in shared memory, else a copy of no more than that part", () => {
  const own = Float32Array.of(1, 2, 3, 4);
  const shared = shareMemory(own);
  const [copy, view] = [cutForPosting(own, 1, 3), cutForPosting(shared, 1, 3)];
  assert.deepEqual([...copy], [2, 3]);
  assert.deepEqual([...view], [2, 3]);
  assert.equal(copy.buffer.byteLength, 8);
  assert.equal(view.buffer, shared.buffer);
});

test("without shared memory the data comes back as it is", () => {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  Object.assign(globalThis, { crossOriginIsolated: false });
  try {
    const data = { weight: Float32Array.of(1) };
    assert.equal(shareMemory(data), data);
  } finally {
    Object.assign(globalThis, { crossOriginIsolated });
  }
});
