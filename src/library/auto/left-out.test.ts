/** What is said where no candidate of `auto` could be tried. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseInput, refuseUsage } from "../../core/respike-error.js";
import { refuseAllLeftOut, warnOfLeftOut } from "./left-out.js";

const network = refuseInput({ code: "not-convertible", where: "conv1", rule: "r", value: "v", next: "n" });
const option = refuseUsage({ code: "usage", where: "--output", rule: "s", value: "w", next: "m" });

test("one reason for all is thrown as it is; of several each preset's first is told, with the preset", () => {
  const same = ["default", "ltb"].map((preset) => ({ preset, T: null, error: network }));
  assert.equal(refuseAllLeftOut(same, null), network);
  const several = [
    { preset: "refine", T: null, error: option },
    { preset: "signed", T: 2, error: network },
    { preset: "signed", T: 4, error: network },
  ];
  const error = refuseAllLeftOut(several, null);
  assert.equal(error.exitCode, 2);
  assert.deepEqual(
    error.problems.map(({ where, code }) => [where, code]),
    [
      ["--preset refine: --output", "usage"],
      ["--preset signed at T = 2: conv1", "not-convertible"],
    ],
  );
});

test("where an alphabet has but one preset, the error says which auto tried; the place stays the option", () => {
  const leftOut = [2, 4].map((T) => ({ preset: "refine", T, error: option }));
  const { exitCode, problems, cause } = refuseAllLeftOut(leftOut, "multi-level");
  assert.deepEqual([exitCode, cause], [2, option]);
  assert.deepEqual(problems, [
    {
      code: "usage",
      where: "--output",
      rule: "--preset auto tried refine, the only preset of --alphabet multi-level: s",
      value: "w",
      next: "m, or give another --alphabet",
    },
  ]);
});

test("a warning says which preset, or which at which T, cannot be made or run", () => {
  assert.deepEqual(warnOfLeftOut({ preset: "refine", T: null, error: option }), {
    code: "candidate-left-out",
    where: "refine",
    message: "left out, it cannot be made: --output: w (s)",
  });
  const atT = warnOfLeftOut({ preset: "refine", T: 350, error: network });
  assert.equal(atT.where, "refine at T = 350");
  assert.match(atT.message, /^left out, it cannot be run: conv1/);
});
