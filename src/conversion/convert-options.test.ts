/** Which option wins, what presets hold, which combinations are refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveConvertOptions, stepsNotFitted } from "./convert-options.js";

test("explicit options go before the preset's, those before the defaults", () => {
  const plain = resolveConvertOptions({});
  assert.deepEqual(
    [plain.lambda, plain.calibrateN, plain.v0, plain.T, plain.readout, plain.number],
    ["p99.9", 2000, 0.5, 350, "mean", "auto"],
  );
  const paper = resolveConvertOptions({ preset: "paper" });
  assert.deepEqual([paper.lambda, paper.calibrateN, paper.v0, paper.compensate], ["max", "all", 0, "shared"]);
  const mixed = resolveConvertOptions({ preset: "paper", v0: 0.5, compensate: "off", lambda: undefined });
  assert.deepEqual([mixed.lambda, mixed.v0, mixed.compensate], ["max", 0.5, "off"]);
});

test("binary is fitted to the steps that are read, from three on; counts are read from the first on", () => {
  const notFitted = (T: number) => stepsNotFitted(resolveConvertOptions({ preset: "binary", T }));
  assert.deepEqual([1, 2, 3, 4, 5, 6, 8, 32].map(notFitted), [0, 0, 0, 0, 0, 3, 5, 20]);
  assert.equal(stepsNotFitted({ readout: "count", delay: 20, T: 32 }), 0);
});

test("authors: neurons after average pools and at the output, read by counts and softmax", () => {
  const { avgpool, output, readout, calibrateN } = resolveConvertOptions({ preset: "authors" });
  assert.deepEqual([avgpool, output, readout, calibrateN], ["neuron", "neuron", "count+softmax", "all"]);
  assert.equal(resolveConvertOptions({ output: "neuron" }).readout, "count");
});

test("a network's ceilings go before the default λ, after everything that was said", () => {
  const lambdaOf = (explicit: Parameters<typeof resolveConvertOptions>[0]) =>
    resolveConvertOptions(explicit, true).lambda;
  assert.equal(lambdaOf({}), "ceiling");
  assert.equal(lambdaOf({ lambda: "p99.9" }), "p99.9");
  assert.equal(lambdaOf({ preset: "paper" }), "max");
  assert.equal(lambdaOf({ preset: "authors" }), "p99.9");
  assert.equal(lambdaOf({ lambdaScope: "channel" }), "p99.9");
  assert.equal(resolveConvertOptions({ lambda: "ceiling" }).lambda, "ceiling");
});

test("binary and signed: least error a channel, adjusted; T and delay by the network's layers and by T", () => {
  const { lambda, lambdaScope, adjust, T, delay, spikes } = resolveConvertOptions({ preset: "binary" });
  assert.deepEqual(
    [lambda, lambdaScope, adjust, T, delay, spikes],
    ["mmse", "channel", "bias+potential", 32, 20, "binary"],
  );
  const deep = resolveConvertOptions({ preset: "binary" }, false, 55);
  assert.deepEqual([deep.T, deep.delay], [64, 40]);
  const asked = resolveConvertOptions({ preset: "binary", T: 6, delay: undefined }, false, 55);
  assert.deepEqual([asked.T, asked.delay], [6, 3]);
  for (const T of [1, 2, 3]) assert.ok(resolveConvertOptions({ preset: "binary", T }).delay < T);
  assert.equal(resolveConvertOptions({ preset: "binary", delay: 0 }).delay, 0);
  const signed = resolveConvertOptions({ preset: "signed" }, true, 109);
  assert.deepEqual([signed.lambda, signed.spikes, signed.T, signed.delay], ["mmse", "signed", 32, 0]);
  const stepsOf = (preset: string) => [19, 21].map((n) => resolveConvertOptions({ preset }, false, n).T);
  assert.deepEqual(["binary", "signed", "refine"].map(stepsOf), [
    [32, 64],
    [16, 32],
    [3, 4],
  ]);
  const ltb = resolveConvertOptions({ preset: "ltb" });
  assert.deepEqual([ltb.lambda, ltb.lambdaScope, ltb.adjust, ltb.v0], ["ltb", "channel", "off", 0.5]);
});

test("every percentile from 0 to 100 is one", () => {
  for (const lambda of ["p0", "p50", "p99.99", "p100"]) {
    assert.equal(resolveConvertOptions({ lambda }).lambda, lambda);
  }
});

test("what excludes each other, or is none of the values, is refused with exit 2", () => {
  for (const options of [
    { preset: "none" },
    ...["ternary", "burst", "burst:0", "burst:128", "burst:2.5", "signed-burst:-1", ""].map((spikes) => ({
      spikes,
    })),
    { readout: "count" },
    { output: "neuron", readout: "mean" },
    { T: 10, delay: 10 },
    { lambda: "p101" },
    { lambda: "q9" },
    { adjustN: 0 },
    { lambda: "ceiling", lambdaScope: "channel" },
    { T: 1.5 },
    { T: Number.NaN },
    { delay: -1 },
    { v0: 1e6 },
    { v0: Number.NaN },
    { seed: 0.5 },
  ] as const) {
    assert.throws(() => resolveConvertOptions(options), { exitCode: 2 }, JSON.stringify(options));
  }
});
