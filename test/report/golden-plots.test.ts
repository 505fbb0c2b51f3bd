/** Every plot of the example against its golden picture; UPDATE_GOLDEN=1 writes them anew. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { plotList } from "#src/report/plots/plot-list.js";
import { renderSvg } from "#src/report/render-svg.js";
import { exampleEarlyExit, exampleResults } from "./example-results.js";

const folder = join(process.cwd(), "test", "report", "golden");
const isUpdate = process.env.UPDATE_GOLDEN === "1";

for (const plot of plotList) {
  test(`${plot.id} is drawn as its golden SVG, to the byte`, async () => {
    const spec = plot.drawSpec({ ...exampleResults(), earlyExit: exampleEarlyExit() });
    assert.ok(spec);
    const { standalone, embedded } = await renderSvg(spec, plot.title);
    const file = join(folder, `${plot.id}.svg`);
    if (isUpdate) writeFileSync(file, standalone);
    assert.ok(existsSync(file), `${file} is missing; run with UPDATE_GOLDEN=1`);
    assert.equal(standalone, readFileSync(file, "utf8"));
    assert.doesNotMatch(standalone, /var\(|NaN|undefined|\sid="/);
    assert.doesNotMatch(embedded, /xmlns|NaN|undefined|\sid="/);
  });
}

test("each golden SVG belongs to a plot of the list", () => {
  const expected = plotList.map((plot) => `${plot.id}.svg`).sort();
  assert.deepEqual(readdirSync(folder).sort(), expected);
});

test("each plot has a sentence, and a table as wide as its head", () => {
  const results = { ...exampleResults(), earlyExit: exampleEarlyExit() };
  for (const plot of plotList) {
    assert.match(plot.describe(results), /\d.*\.$/);
    const { columns, rows } = plot.tabulate(results);
    assert.ok(rows.length > 0);
    for (const row of rows) assert.equal(row.length, columns.length, plot.id);
  }
});

test("plots of layers say which steps are read, where some are left out", () => {
  const results = exampleResults();
  const T = Number(results.options.T);
  const said = (delay: number) =>
    plotList
      .filter(({ id }) => ["correlation-per-layer", "error-per-layer"].includes(id))
      .map((plot) => plot.describe({ ...results, options: { ...results.options, delay } }));
  assert.equal(said(T - 1).length, 2);
  for (const text of said(0)) assert.doesNotMatch(text, /Rates count all/);
  for (const text of said(10))
    assert.match(text, new RegExp(`Rates count all ${T} steps; steps 11 to ${T} are read`));
  for (const text of said(T - 1)) assert.match(text, new RegExp(`step ${T} alone is read`));
});
