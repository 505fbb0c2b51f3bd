/** The lines that inspect has of a saved network's options. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeOptions } from "./describe-options.js";

test("preset, T, spikes, readout, λ and numbers; what belongs to one T says so", () => {
  const options = {
    preset: "binary",
    T: 32,
    lambda: "mmse",
    lambdaScope: "channel",
    lambdaFactor: 1,
    adjust: "bias+potential",
    compensate: "off",
    readout: "mean",
    delay: 20,
  };
  assert.deepEqual(describeOptions({ options, alphabet: "binary", number: "int16+int32" }), [
    ["preset", "binary"],
    ["made for", "T = 32; for another T convert again with -T"],
    ["spikes", "binary"],
    ["readout", "mean, without the first 20 steps (delay)"],
    ["λ", "mmse, one a channel; adjusted: bias+potential"],
    ["numbers", "int16+int32"],
  ]);
});

test("a conversion for any T, with a factor and a compensation", () => {
  const options = {
    T: 350,
    lambda: "p99.9",
    lambdaFactor: 0.8,
    compensate: "shared",
    readout: "count",
    delay: 0,
  };
  assert.deepEqual(describeOptions({ options, alphabet: "burst:4" }), [
    ["made for", "T = 350; other T fit too"],
    ["spikes", "burst:4 (multi-level)"],
    ["readout", "count"],
    ["λ", "p99.9 × 0.8, one a layer; compensated: shared"],
  ]);
});

test("a model gives no line, nor do options of another kind than theirs", () => {
  assert.deepEqual(describeOptions({}), []);
  assert.deepEqual(describeOptions({ options: { preset: 3, T: "x", readout: null, lambda: [] } }), []);
});
