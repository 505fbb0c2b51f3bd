/** Every row of the table of advice is given in some case. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AdviceCase, adviceTable, chooseAdvice } from "./advice-table.js";

const base = {
  options: { T: 16, lambda: "p99.9", lambdaScope: "layer", v0: 0.5, shortcutNorm: "on", calibrateN: 2000 },
  steps: 16,
  lo: 0,
  refines: false,
  reset: "subtract",
  silentChannels: 0,
  effect: null,
} as const;
const fitted = {
  ...base.options,
  lambda: "mmse",
  lambdaScope: "channel",
  adjust: "bias+potential",
  delay: 10,
} as const;
const refined = {
  ...base.options,
  lambda: "max",
  lambdaFactor: 0.8,
  v0: 0,
  adjust: "bias",
  spikes: "refine:7",
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
  "other-steps": [
    { ...base, cause: "clipping", options: fitted, steps: 8 },
    /thresholds, constant currents, initial potentials, readout were made for T = 16: convert for this T \(-T 8\)/,
  ],
  "no-gain": [{ ...base, cause: "unevenness", effect: -3 }, /nothing to do here/],
  "refine-reach": [
    { ...base, cause: "clipping", options: refined, lo: -7, refines: true },
    /more than 16 steps can tell: more steps \(-T 24\), or --lambda-factor 1$/,
  ],
  "made-for-few-steps": [{ ...base, cause: "clipping", options: fitted }, /least error for T = 16.*-T 24/],
  "raise-factor": [
    { ...base, cause: "clipping", options: { ...base.options, lambda: "max", calibrateN: "all" } },
    /--lambda-factor 1\.25/,
  ],
  "refine-finer": [
    { ...base, cause: "quantisation", options: refined, lo: -7, refines: true },
    /quantum is too coarse: more steps \(-T 24\)$/,
  ],
  "half-threshold": [{ ...base, cause: "quantisation", options: { ...base.options, v0: 0 } }, /--v0 0\.5/],
  "lower-lambda": [
    { ...base, cause: "quantisation", options: { ...base.options, lambda: "max" } },
    /--lambda p99\.9/,
  ],
  "channel-scope": [{ ...base, cause: "quantisation" }, /--lambda-scope channel/],
  "least-error": [
    { ...base, cause: "quantisation", options: { ...base.options, lambdaScope: "channel" } },
    /--preset binary -T 16\), or more steps \(-T 24\)/,
  ],
  "more-steps": [
    { ...base, cause: "quantisation", options: fitted },
    /more steps \(-T 24\), or quanta that shrink \(--preset refine\)$/,
  ],
  "reset-subtract": [{ ...base, cause: "unevenness", reset: "zero" }, /--reset subtract/],
  "refine-untold": [
    { ...base, cause: "unevenness", options: refined, lo: -7, refines: true },
    /whole value yet: more steps/,
  ],
  "signed-spikes": [{ ...base, cause: "unevenness" }, /--spikes signed.*--adjust bias\+potential/],
  "signed-preset": [
    { ...base, cause: "unevenness", options: fitted },
    /though it is fitted to this T.*--preset signed -T 16\), or more steps \(-T 24\)$/,
  ],
  "fit-signed": [{ ...base, cause: "unevenness", lo: -1 }, /--adjust bias\+potential/],
  "uneven-signed": [
    { ...base, cause: "unevenness", lo: -1, options: { ...fitted, delay: 0 } },
    /fitted to this T: more steps \(-T 24\), or --preset refine$/,
  ],
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

test("identity shortcuts that were left at 1 on purpose are no defect either", () => {
  const options = { ...base.options, shortcutNorm: "projections" };
  assert.equal(chooseAdvice({ ...base, cause: "wiring", options }).id, "shortcut-norm-off");
});

test("one more nine, up to the maximum", () => {
  const raised = (lambda: string) =>
    chooseAdvice({ ...base, cause: "clipping", options: { ...base.options, lambda } }).advice;
  assert.match(raised("p99"), /--lambda p99\.9\)/);
  assert.match(raised("p99.99"), /--lambda p99\.999\)/);
  assert.match(raised("p100"), /--lambda max\)/);
});

test("what was done already is not advised: presets, fitting and start of a network that was fitted to this T", () => {
  for (const cause of ["unevenness", "quantisation", "clipping"] as const) {
    const of = { ...base, cause, options: fitted };
    assert.doesNotMatch(chooseAdvice(of).advice, /--adjust|--preset binary|--v0|--lambda mmse|calibrate/);
    assert.doesNotMatch(chooseAdvice({ ...of, lo: -1 }).advice, /signed/);
    const refining = chooseAdvice({ ...of, options: refined, lo: -7, refines: true }).advice;
    assert.doesNotMatch(refining, /--preset|--adjust|--v0|signed/);
  }
});
