/** What a diagnosis comes to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { conclude } from "./conclude.js";
import { type LayerError, rankFindings, splitMessage } from "./rank-findings.js";
import { listRemedies, nextSteps } from "./remedies.js";

const layer = (name: string, change: Partial<LayerError> = {}): LayerError => ({
  name,
  neurons: 10,
  parts: { unevenness: 0.02, quantisation: 0.03, clipping: 0.001, wiring: 1e-7, propagated: 0.1 },
  total: 0.1,
  roundingBound: 1e-6,
  isDefect: false,
  lo: 0,
  reset: "subtract",
  refines: false,
  silentChannels: 0,
  ...change,
});
const layers = [layer("a"), layer("b"), layer("c")];
const effect = (name: string, allLocal: number, allLocalError: number | null = 3) => ({
  layer: name,
  evenness: 0,
  allLocal,
  allLocalError,
});
const converted = {
  options: { T: 16, lambda: "mmse", adjust: "bias+potential", delay: 10, preset: "binary" },
  steps: 16,
};

test("no effect above 10 % beyond chance: no single layer is to blame, and what is left to do", () => {
  const found = conclude(layers, [effect("a", -12), effect("b", 9)], converted, 1);
  assert.equal(found?.kind, "spread");
  assert.deepEqual(found?.layers, ["a", "b", "c"]);
  assert.match(found?.message ?? "", /no single layer is to blame: none of the 2 looked at costs more/);
  assert.match(
    found?.message ?? "",
    /spread over 3 layers: more steps \(-T 24\), or --preset signed, or --preset refine$/,
  );
  assert.equal(conclude(layers, [effect("a", 15, 8)], converted, 1)?.kind, "spread");
});

test("an effect above 10 % names its layer, a defect comes before all, and without effects nothing is concluded", () => {
  const found = conclude(layers, [effect("a", 12), effect("b", 40), effect("c", 11, null)], converted, 1);
  assert.deepEqual([found?.kind, found?.layers], ["layers", ["b", "a", "c"]]);
  const faulty = [layer("a"), layer("b", { isDefect: true })];
  assert.deepEqual(conclude(faulty, [effect("a", 12)], converted, 1)?.layers, ["b"]);
  assert.equal(conclude(layers, [], converted, 1), null);
  assert.equal(conclude(layers, [effect("a", 0)], converted, 0), null);
});

test("remedies: what the options leave", () => {
  const of = { options: { T: 16 }, steps: 16, lo: 0, refines: false };
  assert.equal(
    listRemedies(of),
    "more steps (-T 24), or --preset binary, or --preset signed, or --preset refine",
  );
  assert.equal(listRemedies({ ...of, ...converted, lo: -1 }), "more steps (-T 24), or --preset refine");
  assert.equal(listRemedies({ ...of, lo: -7, refines: true }), "more steps (-T 24)");
  assert.equal(listRemedies({ ...of, ...converted, steps: 8 }), "convert for the T it runs at (-T 8)");
  assert.deepEqual([nextSteps(3), nextSteps(5), nextSteps(350)], [4, 6, 700]);
});

test("a finding tells the effect as it was measured, also below 0", () => {
  const said = (value: number, error: number | null) =>
    rankFindings(layers, [effect("a", value, error)], converted).find(({ layer: of }) => of === "a")
      ?.message ?? "";
  assert.match(
    said(-12.4, 8),
    /^a: −12 ± 8 % of the outputs' error \(without its own errors it would be larger\)/,
  );
  assert.match(said(-12.4, 8), /nothing to do here$/);
  assert.match(said(-0.2, 3), /^a: 0 ± 3 %/);
  assert.doesNotMatch(said(-0.2, 3), /would be larger/, "0 is not below 0");
  assert.match(said(-0.4, 0.1), /^a: 0 ± 0 % of the outputs' error \(without its own errors/);
  assert.match(said(-0.5, 3), /^a: −1 ± 3 % of the outputs' error \(without its own errors/);
  assert.match(said(31, null), /^a: 31 % of the outputs' error, mostly quantisation 0\.030/);
});

test("defects first, then effects beyond chance, then own errors nobody looked behind, last effects of chance and below 0", () => {
  const small = { unevenness: 0.001, quantisation: 0.001, clipping: 0, wiring: 0, propagated: 0 };
  const all = [
    ...["below", "chance", "felt", "most felt"].map((name) => layer(name)),
    layer("unseen, small", { parts: small }),
    layer("unseen"),
    layer("defect", { isDefect: true, parts: small }),
  ];
  const effects = [
    effect("below", -4, 5),
    effect("chance", 15, 8),
    effect("felt", 7),
    effect("most felt", 12),
    effect("defect", -20),
  ];
  assert.deepEqual(
    rankFindings(all, effects, converted).map((found) => found.layer),
    ["defect", "most felt", "felt", "unseen", "unseen, small", "chance", "below"],
  );
});

test("a message falls into error and advice, whatever the layer's name", () => {
  const name = "a; b";
  for (const effects of [[], [effect(name, 12)], [effect(name, -12)]])
    for (const isDefect of [true, false]) {
      const [found] = rankFindings([layer(name, { isDefect })], effects, converted);
      assert.ok(found !== undefined);
      const { error, advice } = splitMessage(found);
      assert.equal(`${error}; ${advice}`, found.message);
      assert.match(error, /^a; b: .* of its activation's mean square(, where rounding explains [\d.e-]+)?$/);
      assert.match(advice, /^[a-z][^;]+/);
    }
});
