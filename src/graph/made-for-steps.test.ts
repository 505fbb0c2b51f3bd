/** What ties a spiking network to one T, and what does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isMadeForOneT, listPartsForOneT, warnOfOtherDelay, warnOfOtherSteps } from "./made-for-steps.js";

test("least error, adjustment and a late readout belong to one T; percentiles, balancing and compensation fit any", () => {
  assert.deepEqual(listPartsForOneT({ lambda: "mmse", adjust: "bias+potential", delay: 5 }), [
    "thresholds",
    "constant currents",
    "initial potentials",
    "readout",
  ]);
  assert.ok(isMadeForOneT({ lambda: "mmse", adjust: "off", delay: 0 }));
  assert.ok(isMadeForOneT({ lambda: "max", adjust: "bias" }));
  assert.ok(isMadeForOneT({ lambda: "ltb", delay: 2 }));
  for (const lambda of ["p99.9", "max", "ltb", undefined]) assert.ok(!isMadeForOneT({ lambda }));
});

test("an SNN with a late readout warns at another T than its own, and only there", () => {
  const options = { T: 8, lambda: "p99.9", adjust: "off", delay: 5 };
  assert.equal(warnOfOtherSteps({ options }, 8), null);
  assert.match(
    warnOfOtherSteps({ options }, 16)?.message ?? "",
    /^made for T = 8: its readout; convert again with -T 16$/,
  );
});

test("what was fitted to late steps warns where others are read; where nothing was fitted the delay is free", () => {
  const options = { T: 32, lambda: "mmse", adjust: "bias", delay: 20 };
  assert.equal(warnOfOtherDelay({ options }, 20), null);
  assert.equal(
    warnOfOtherDelay({ options }, 0)?.message,
    "made to be read without its first 20 steps: its thresholds, constant currents; leave --delay out, or convert again with --delay 0",
  );
  assert.equal(warnOfOtherDelay({ options: { T: 8, lambda: "max", delay: 5 } }, 0), null);
  assert.match(warnOfOtherDelay({ options: { T: 8, lambda: "mmse" } }, 3)?.message ?? "", /by all its steps/);
});
