/** The page and text of a bench: every figure that is absent or hostile is drawn and printed without NaN. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BenchResult } from "#src/evaluation/bench-result.js";
import { benchPlots, renderBench, renderBenchText } from "#src/report/bench/render-bench.js";

const measured = (imagesPerSecond: number) => ({
  images: 16,
  rounds: 3,
  imagesPerSecond,
  slowest: imagesPerSecond * 0.9,
  fastest: imagesPerSecond * 1.1,
});

/** Every figure of the result is derived from `scale`. */
function exampleBench(scale: number, layers = 3): BenchResult {
  const pointOf = (T: number, threads: number) => ({
    T,
    threads,
    ...measured((scale * threads) / T),
    microsecondsAStep: 1e6 / scale,
    rate: 0.11 * scale,
    overDense: scale,
    residentBytes: 1e8 * scale,
  });
  return {
    data: { name: "mnist", split: "test", n: 16 },
    machine: { processor: "<b>", cores: 2, platform: "linux x64", node: "20.0.0" },
    neurons: 1000,
    number: "int16",
    points: [pointOf(64, 1), pointOf(350, 1), pointOf(64, 2), pointOf(350, 2)],
    ann: [
      { threads: 1, ...measured(scale) },
      { threads: 2, ...measured(scale) },
    ],
    layers: Array.from({ length: layers }, (_, at) => ({
      name: at === 0 ? "<script>" : `layer${at}`,
      kernel: "table-12 int16",
      neurons: 100,
      rate: at === 1 ? null : 0.1 * scale,
      calibratedRate: at === 1 ? null : 0.08 * scale,
      share: scale / 4,
      measuredMicroseconds: 8 * scale,
      modelledMicroseconds: at === 2 ? null : 9 * scale,
      rejected: [
        { kernel: "events int16", modelledMicroseconds: 12 * scale, reason: "slower" },
        { kernel: "scatter", modelledMicroseconds: null, reason: "only binary spikes" },
      ],
    })),
    restShare: scale / 4,
    counting: {
      T: 350,
      threads: 1,
      at: [64, 350],
      imagesPerSecond: scale,
      imagesPerSecondWithout: scale,
      costPercent: scale,
    },
    peakBytes: 2e8 * scale,
    options: { seconds: 1 },
  };
}

for (const [name, scale] of [
  ["plain", 1],
  ["zero", 0],
  ["not a number", Number.NaN],
  ["infinite", Number.POSITIVE_INFINITY],
] as const) {
  test(`figures that are ${name} give a page, plots and text without NaN`, async () => {
    const result = exampleBench(scale);
    const { html, plots } = await renderBench({
      result,
      command: ["respike", "bench"],
      title: "<i>",
      version: "1",
    });
    const texts = [html, ...plots.values(), renderBenchText(result, true), renderBenchText(result, false)];
    for (const text of texts) assert.doesNotMatch(text, /NaN|Infinity|undefined/);
    assert.doesNotMatch(html, /<script>[^(]{0,9}<|<b>|<i>/);
    assert.match(html, /events int16/);
  });
}

test("plain figures draw every plot; each has a sentence, and a table as wide as its head", async () => {
  const result = exampleBench(1);
  const { plots } = await renderBench({ result, command: ["respike"], title: "net", version: "1" });
  assert.deepEqual(
    [...plots.keys()],
    benchPlots.map(({ id }) => `${id}.svg`),
  );
  for (const plot of benchPlots) {
    assert.match(plot.describe(result), /\d.*\.$/);
    const { columns, rows } = plot.tabulate(result);
    assert.ok(rows.length > 0);
    for (const row of rows) assert.equal(row.length, columns.length, plot.id);
  }
});

test("a backend that does not tell where its time goes gives a page without that plot", async () => {
  const { plots, html } = await renderBench({
    result: exampleBench(1, 0),
    command: ["respike"],
    title: "net",
    version: "1",
  });
  assert.deepEqual([...plots.keys()], ["images-against-steps.svg"]);
  assert.match(html, /does not tell/);
});
