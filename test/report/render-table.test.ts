/** The terminal's table and the verdict in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeAllEnergies } from "#src/report/energy-terms.js";
import { renderReport } from "#src/report/render-report.js";
import { layTable, renderTable } from "#src/report/render-table.js";
import { describeOtherSteps, describeVerdict, explainVerdict, findSettledStep } from "#src/report/verdict.js";
import { exampleResults, smallestResults } from "./example-results.js";

test("the terminal's table has one line a step, the network's line and the number of images", () => {
  const lines = renderTable(exampleResults()).split("\n");
  assert.equal(lines.length, 2 + 7 + 2);
  assert.equal(new Set(lines.slice(0, -1).map((line) => line.length)).size, 1);
  assert.match(lines[8] ?? "", /^ +350 +91\.68 +0\.05 +\[−0\.12, 0\.22\] +3\.363 M +750\.2 M$/);
  assert.match(lines[9] ?? "", /^network +91\.73 +36\.96 M MACs$/);
  assert.match(lines[10] ?? "", /^10,000 cifar10 test images/);
});

test("cells with control characters and line breaks stay in their row", () => {
  const text = layTable(["layer", "n"], [["a\u001b[31m\u0007b\nerror: c", "1"]]);
  assert.equal(text.split("\n")[2], "a\ufffd[31m\ufffdb error: c  1");
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

test("rates are named by what they are: spikes a step, net counts where spikes take others back, told values where layers refine", async () => {
  const base = exampleResults();
  const pageOf = (alphabet: string) =>
    renderReport({ results: { ...base, snn: { ...base.snn, alphabet } }, command: [] });
  const says = {
    binary: [/>spikes per neuron and step</, /no spike, and with one at every step/],
    "burst:4": [/>burst:4 spikes per neuron and step</, /no spike, and with as many as steps/],
    "signed-burst:2": [/>net count over T</, /with \|N\| = 0, and with \|N\| = T/],
    "−3…1+binary": [/>net count over T</, /with \|N\| = 0, and with \|N\| = T/],
    "refine:7": [/>told value over λ</, /tell 0 at T, and that tell the most/],
  } as const;
  for (const [alphabet, [axis, extremes]] of Object.entries(says)) {
    const { html, plots } = await pageOf(alphabet);
    assert.match(plots.get("rate-per-layer.svg") ?? "", axis, alphabet);
    assert.match(html, extremes, alphabet);
    assert.equal(html.includes("net count over T"), axis.source.includes("net"), alphabet);
    assert.equal(html.includes("N·q_T"), alphabet.startsWith("refine"), alphabet);
  }
});

test("of a network made for one T no step is named from which on it keeps within a loss, and its other rows are explained", () => {
  const base = exampleResults();
  const made = { ...base, snn: { ...base.snn, madeForT: 350 }, options: { ...base.options, delay: 20 } };
  assert.doesNotMatch(describeVerdict(made), /within|from T/);
  assert.match(
    explainVerdict(made),
    /Made for T = 350: the other rows .*read by all steps up to t = 20, without these/,
  );
  assert.equal(describeOtherSteps({ ...made, snn: { ...made.snn, at: base.snn.at.slice(-1) } }), null);
  assert.equal(describeOtherSteps(base), null);
  const early = describeOtherSteps({ ...made, snn: { ...made.snn, at: base.snn.at.slice(0, 1) } });
  assert.match(early ?? "", /^Made for T = 350, which no row is of: they show/);
  const undelayed = describeOtherSteps({ ...made, options: { ...base.options, delay: 0 } });
  assert.match(undelayed ?? "", /how it gets there; for another T convert again/);
});

test("energies: an SNN that is cheaper only as long as zeros are not skipped and its first layer is computed once says so", () => {
  const [plain] = exampleResults().cost.energy;
  assert.ok(plain !== undefined);
  const estimate = {
    ...{ ...plain, convention: "horowitz45", annUJ: 170, annEffectiveUJ: 81.6 },
    ...{ snnUJ: 77, snnFirstLayerEachStepUJ: 106, snnWithNeuronUpdatesUJ: 80 },
  };
  const told = describeAllEnergies([estimate, { ...estimate, convention: "neuromorphic" }]);
  const both =
    "Under horowitz45 the SNN costs more than its ANN where the network skips zero activations and the SNN's first layer is computed at each step (106 against 81.6 µJ).";
  assert.ok(told.includes(both), told.join("\n"));
  assert.match(told.at(-1) ?? "", /agree by their plain counts/);
  const cheap = { ...estimate, snnFirstLayerEachStepUJ: 80 };
  assert.deepEqual(describeAllEnergies([cheap]).length, 1);
});
