/** A reproduction's page: rows about a network alone say nothing of the spikes of one step. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lossByMethod } from "#src/report/reproduction/plots/loss-by-method.js";
import { renderMarkdown } from "#src/report/reproduction/render-markdown.js";
import { renderReproduction, renderReproductionText } from "#src/report/reproduction/render-reproduction.js";
import type { ReproducedRow, ReproductionResult } from "#src/report/reproduction/reproduction-result.js";
import { writeRowsCsv } from "#src/report/reproduction/write-csv.js";

const energy = [
  { name: "horowitz45", annUJ: 406, snnUJ: 959 },
  { name: "neuromorphic", annUJ: 1100, snnUJ: 87 },
].map((each) => ({ ...each, annEffectiveUJ: 1, terms: [] })) as never;

function makeRow(recipe: string, snn: number): ReproducedRow {
  const isNetworkAlone = recipe === "network";
  return {
    id: `cifar10 ResNet-44, ${recipe}`,
    part: isNetworkAlone ? "The networks themselves" : "The article's recipe",
    ...{ data: "cifar10", name: "ResNet-44", family: "resnet", depth: 44, recipe, method: recipe, flags: "" },
    ...{ isNetworkAlone, T: isNetworkAlone ? 1 : 350, because: null, run: null },
    network: { file: "r44.th", sha256: "0", arch: "resnet44, option A", origin: "others" },
    published: isNetworkAlone ? { network: 92.85 } : { network: 92.85, snn: 92.37, loss: 0.48 },
    measured: {
      ...{ n: 1000, alphabet: "binary", network: 93.3, networkCi95: [91.58, 94.69], snn, snnCi95: [0, 100] },
      ...{
        loss: 93.3 - snn,
        lossCi95: [0, 100],
        spikes: 5,
        sopEffective: 7,
        sopStructural: 9,
        annMacs: 88247616,
      },
      ...{ energy, compensation: null },
    },
  };
}

const result: ReproductionResult = {
  ...{ target: "table1", quick: false, n: 1000, complete: true, notes: [] },
  verdicts: { confirmed: 0, differs: 0, "not run": 0 },
  experiments: [
    {
      ...{ id: "table1", title: "Table 1", says: "three data sets.", claims: [], quoted: [] },
      rows: [makeRow("paper", 87.41), makeRow("network", 10.53)],
    },
  ],
};

test("Markdown and page show a network's accuracy beside the published one, and no accuracy of one step", async () => {
  const part = { heading: "H", says: "S", command: "C", result, plots: new Map() };
  const markdown = renderMarkdown([part]);
  const { html } = await renderReproduction({ result, command: [], configuration: {}, version: "0" });
  const [experiment] = result.experiments;
  const csv = experiment === undefined ? "" : writeRowsCsv(experiment);
  for (const page of [markdown, html, csv, renderReproductionText(result)]) {
    assert.match(page, /87\.41/);
    assert.doesNotMatch(page, /10\.53|82\.77/);
  }
  for (const page of [markdown, html]) assert.match(page, /measured, % \[95 %\]/);
  assert.match(renderReproductionText(result), /ResNet-44, cifar10 +the network itself +– +1,000 +93\.30/);
  const row =
    "| ResNet-44, cifar10 | resnet44, option A (r44.th) | 1,000 | 92.85 | 93.30 [91.58, 94.69] | 88.25 M | 406 | 1,100 |";
  assert.ok(markdown.includes(row), markdown);
});

test("the plot of losses by method has no point of a network alone", () => {
  const [experiment] = result.experiments;
  const table = experiment === undefined ? null : lossByMethod.tabulate(experiment);
  assert.deepEqual(
    table?.rows.map((cells) => cells[1]),
    ["published", "paper"],
  );
});
