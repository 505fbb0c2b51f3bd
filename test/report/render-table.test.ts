/** The terminal's table and the verdict in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderReport } from "#src/report/render-report.js";
import { renderTable } from "#src/report/render-table.js";
import { describeVerdict, findSettledStep } from "#src/report/verdict.js";
import { exampleResults, smallestResults } from "./example-results.js";

test("the terminal's table has one line a step, the network's line and the number of images", () => {
  const lines = renderTable(exampleResults()).split("\n");
  assert.equal(lines.length, 2 + 7 + 2);
  assert.equal(new Set(lines.slice(0, -1).map((line) => line.length)).size, 1);
  assert.match(lines[8] ?? "", /^ +350 +91\.68 +0\.05 +\[−0\.12, 0\.22\] +3\.363 M +750\.2 M$/);
  assert.match(lines[9] ?? "", /^network +91\.73 +36\.96 M MACs$/);
  assert.match(lines[10] ?? "", /^10,000 cifar10 test images/);
});

test("without a network the table has no loss, and the verdict says why", () => {
  assert.doesNotMatch(renderTable(smallestResults()), /loss|network/);
  assert.match(describeVerdict(smallestResults()), /was not evaluated, so no loss is known/);
});

test("a settled step is the first from which the loss stays under the limit to the end", () => {
  const base = exampleResults();
  const withLosses = (losses: readonly (number | null)[]) => ({
    ...base,
    snn: { ...base.snn, at: base.snn.at.map((step, i) => ({ ...step, loss: losses[i] ?? null })) },
  });
  assert.equal(findSettledStep(withLosses([5, 0.1, 5, 0.2, 0.1, 0, -1]), 0.2), 64);
  assert.equal(findSettledStep(withLosses([0, 0, 0, 0, 0, 0, 0]), 0.2), 8);
  assert.equal(findSettledStep(withLosses([0, 0, 0, 0, 0, 0, 0.3]), 0.2), null);
  assert.equal(findSettledStep(withLosses([0, null, 0, 0, 0, 0, 0]), 0.2), null);
});

test("a gain is told as a gain, its interval in the same direction", () => {
  const base = exampleResults();
  const gained = base.snn.at.map((step) => ({ ...step, loss: -0.3, lossCi95: [-0.5, -0.1] as const }));
  const text = describeVerdict({ ...base, snn: { ...base.snn, at: gained } });
  assert.match(text, /gains 0\.30 points at T = 350 \[0\.10, 0\.50\]; within 1 point from T = 8 on/);
});

test("spikes that are not binary are named wherever they are counted; binary ones are just spikes", async () => {
  const base = exampleResults();
  const burst = { ...base, snn: { ...base.snn, alphabet: "burst:4" } };
  assert.match(renderTable(burst), /burst:4 spikes +operations/);
  assert.match(renderTable(burst), /one of size s counts as \|s\| spikes/);
  assert.match(describeVerdict(burst), /^The spiking network of burst:4 spikes loses/);
  assert.doesNotMatch(renderTable(base) + describeVerdict(base), /binary|burst/);
  const { html, plots } = await renderReport({ results: burst, command: [] });
  for (const id of ["verdict", "rates", "operations", "energy-section", "layers"]) {
    const section = html.split(`<section id="${id}"`)[1]?.split("</section>")[0] ?? "";
    assert.match(section, /burst:4/, id);
  }
  for (const id of ["spikes-against-steps", "rate-per-layer", "operations-against-steps", "energy"])
    assert.match(plots.get(`${id}.svg`) ?? "", /burst:4/, id);
});
