/** The rule was checked for three presets as they are, and says so of nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExplicitOptions, resolveConvertOptions } from "../../conversion/convert-options.js";
import { presets } from "../../conversion/presets/preset-list.js";
import { checkedPresets, isRuleChecked } from "./checked-recipes.js";

const isChecked = (options: ExplicitOptions) => isRuleChecked({ ...resolveConvertOptions(options) });

test("of all presets just these are checked, at any T", () => {
  const found = presets.map(({ name }) => name).filter((preset) => isChecked({ preset, T: 24 }));
  assert.deepEqual(found.sort(), [...checkedPresets].sort());
});

test("an option that changes how spikes err leaves what was checked; what an old SNN leaves out is the default", () => {
  assert.ok(!isChecked({ spikes: "refine:7", T: 4 }));
  assert.ok(!isChecked({ lambda: "ltb" }));
  assert.ok(!isChecked({ preset: "binary", adjust: "off" }));
  assert.ok(!isChecked({ output: "neuron" }));
  assert.ok(isRuleChecked({ T: 350, lambda: "p99.9" }));
});
