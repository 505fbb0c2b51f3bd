/** Every row of the table of advice is given in some case. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AdviceCase, adviceTable, chooseAdvice } from "./advice-table.js";

const base = {
  options: { lambda: "p99.9", lambdaScope: "layer", v0: 0.5, shortcutNorm: "on", calibrateN: 2000 },
  lo: 0,
  reset: "subtract",
  silentChannels: 0,
} as const;

const cases: Readonly<Record<string, readonly [AdviceCase, RegExp]>> = {
  "shortcut-norm-off": [{ ...base, cause: "wiring", options: { shortcutNorm: "off" } }, /--shortcut-norm on/],
  defect: [{ ...base, cause: "wiring" }, /a defect in this very layer/],
  "silent-channels": [
    { ...base, cause: "clipping", silentChannels: 3 },
    /^3 channels never fire.*--calibrate-n all/,
  ],
  "raise-percentile": [{ ...base, cause: "clipping" }, /raise its percentile to 99\.99 \(--lambda p99\.99\)/],
  "more-calibration": [
    { ...base, cause: "clipping", options: { ...base.options, lambda: "max" } },
    /--calibrate-n all/,
  ],
  "trained-ceiling": [
    { ...base, cause: "clipping", options: { ...base.options, lambda: "ceiling" } },
    /--lambda p99\.99/,
  ],
  "made-for-few-steps": [
    { ...base, cause: "clipping", options: { ...base.options, lambda: "mmse" } },
    /for a larger T/,
  ],
  "half-threshold": [{ ...base, cause: "quantisation", options: { ...base.options, v0: 0 } }, /--v0 0\.5/],
  "lower-lambda": [
    { ...base, cause: "quantisation", options: { ...base.options, lambda: "max" } },
    /--lambda p99\.9/,
  ],
  "channel-scope": [{ ...base, cause: "quantisation" }, /--lambda-scope channel/],
  "more-steps": [
    { ...base, cause: "quantisation", options: { ...base.options, lambdaScope: "channel" } },
    /^more steps/,
  ],
  "reset-subtract": [{ ...base, cause: "unevenness", reset: "zero" }, /--reset subtract/],
  "signed-spikes": [{ ...base, cause: "unevenness" }, /--spikes signed/],
  "uneven-signed": [{ ...base, cause: "unevenness", lo: -1 }, /more steps/],
  "look-before": [{ ...base, cause: "propagated" }, /layers before/],
};

test("the table has these rows and no others", () => {
  assert.deepEqual(adviceTable.map(({ id }) => id).sort(), Object.keys(cases).sort());
});

for (const { id } of adviceTable) {
  test(`${id}: chosen, and says what to do`, () => {
    const [of, says] = cases[id] as readonly [AdviceCase, RegExp];
    const chosen = chooseAdvice(of);
    assert.equal(chosen.id, id);
    assert.match(chosen.advice, says);
  });
}

test("one more nine, up to the maximum", () => {
  const raised = (lambda: string) =>
    chooseAdvice({ ...base, cause: "clipping", options: { ...base.options, lambda } }).advice;
  assert.match(raised("p99"), /--lambda p99\.9\)/);
  assert.match(raised("p99.99"), /--lambda p99\.999\)/);
  assert.match(raised("p100"), /--lambda max\)/);
});
