import assert from "node:assert/strict";
import { createHash, webcrypto } from "node:crypto";
import { test } from "node:test";
import { hashBytes, hashLargeBytes } from "./sha256.js";

test("ours, the engine's and Node's SHA-256 agree, of one part and of several, with and without WebCrypto", async () => {
  const parts = [0, 1, 55, 64, 1000].map((length) => Uint8Array.from({ length }, (_, i) => (i * 7) & 255));
  const expected = createHash("sha256").update(Buffer.concat(parts)).digest("hex");
  assert.equal(hashBytes(...parts), expected);
  assert.equal(await hashLargeBytes(...parts), expected);
  assert.equal(await hashLargeBytes(Buffer.concat(parts)), expected);
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: {} });
  try {
    assert.equal(await hashLargeBytes(...parts), expected);
  } finally {
    Object.defineProperty(globalThis, "crypto", { configurable: true, value: webcrypto });
  }
});
