/** The alphabets of the contract by name and by number. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAttributes } from "./attribute-schemas.js";
import { nameAlphabet, parseAlphabet } from "./spike-alphabet.js";

test("every name of the contract is an alphabet and gets its name back", () => {
  for (const [name, lo, hi] of [
    ["binary", 0, 1],
    ["signed", -1, 1],
    ["burst:2", 0, 2],
    ["burst:127", 0, 127],
    ["signed-burst:5", -5, 5],
  ] as const) {
    assert.deepEqual(parseAlphabet(name), { lo, hi });
    assert.equal(nameAlphabet({ lo, hi }), name);
  }
  assert.deepEqual(parseAlphabet("burst:1"), { lo: 0, hi: 1 });
  assert.equal(nameAlphabet({ lo: -1, hi: 3 }), "−1…3");
});

test("nothing else is one", () => {
  for (const name of [
    "",
    "Binary",
    "burst",
    "burst:",
    "burst:0",
    "burst:01",
    "burst:128",
    "burst:1e2",
    "signed:2",
  ])
    assert.equal(parseAlphabet(name), null, name);
});

test("a saved layer's spikes fit the 8 bits of a record", () => {
  const attributes = (lo: number, hi: number) => ({ layer: "n", lo, hi, reset: "subtract", number: "int16" });
  assert.deepEqual(checkAttributes("neuron", attributes(-127, 127)), []);
  for (const [lo, hi] of [
    [0, 128],
    [-128, 1],
    [0, 0],
    [1, 2],
    [0, 1.5],
  ] as const)
    assert.equal(checkAttributes("neuron", attributes(lo, hi)).length, 1, `${lo}…${hi}`);
});
