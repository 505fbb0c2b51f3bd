/** The report's page: complete, self-contained, free of NaN, safe from hostile names. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { EvaluationResult } from "#src/evaluation/evaluation-result.js";
import { formatSignificant } from "#src/report/format-number.js";
import { renderReport } from "#src/report/render-report.js";
import {
  exampleCertificate,
  exampleConversion,
  exampleEarlyExit,
  exampleResults,
  smallestResults,
} from "./example-results.js";

const command = ["respike", "evaluate", "resnet20.snn.safetensors", "--data", "cifar10"];
const hostile = `<img src=x onerror=alert(1)>"'&\u001b[31m\u0000\u202e\ud800</script><script>alert(2)</script>`;
const sectionIds = [
  "verdict",
  "accuracy",
  "rates",
  "operations",
  "energy-section",
  "layers",
  "passes",
  "configuration",
  "provenance",
];

/** What a reader can see or a browser could act on: without style sheet and script. */
function visibleText(html: string): string {
  return html
    .replace(/<style>.*?<\/style>/gs, "")
    .replace(/<script>.*?<\/script>/gs, "")
    .replace(/<[^>]*>/g, " ");
}

/** Replaces every text and every number in a result: what no sane evaluation gives. */
function replaceLeaves(value: unknown, change: (leaf: unknown, key: string) => unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => replaceLeaves(item, change, key));
  if (value === null || typeof value !== "object") return change(value, key);
  return Object.fromEntries(Object.entries(value).map(([k, item]) => [k, replaceLeaves(item, change, k)]));
}

/** The places where a value leaked into the text that is none. */
function findUnprintable(text: string): string[] {
  return (
    text.replace(/<script>.*?<\/script>/gs, "").match(/.{0,40}(?:NaN|Infinity|undefined|\bnull\b).{0,20}/g) ??
    []
  );
}

test("a report has every section, the verdict with its interval and n, and the exact command", async () => {
  const { html, plots } = await renderReport({
    results: exampleResults(),
    conversion: exampleConversion(),
    command,
  });
  for (const id of sectionIds) assert.match(html, new RegExp(`<section id="${id}"`));
  const text = visibleText(html);
  assert.match(
    text,
    /loses 0\.05 points at T = 350 \[−0\.12, 0\.22\]; within 1 point from T = 64 on, within 0\.2 from T = 256 on; 10,000 cifar10 test images\./,
  );
  assert.match(text, /Under horowitz45 the SNN costs more than its ANN/);
  assert.match(text, /The convention decides the verdict/);
  assert.match(text, /respike evaluate resnet20\.snn\.safetensors --data cifar10/);
  assert.equal(plots.size, 8);
  assert.equal(html.match(/<figure/g)?.length, 8);
  assert.equal(html.match(/<summary>Show as table/g)?.length, 8);
  assert.match(html, /<html lang="en">/);
});

test("the passes of a conversion stand once: in their section, else in the certificate", async () => {
  const certificate = exampleCertificate(0.1, ["fold-batch-norm", "normalise-weights"]);
  const results = exampleResults();
  const alone = await renderReport({ results, certificate, command });
  const section = /<section id="certificate".*?<\/section>/s.exec(alone.html)?.[0] ?? "";
  assert.match(visibleText(section), /fold-batch-norm/);
  assert.match(section, /normalise-weights/);
  assert.doesNotMatch(section, /tolerance/);
  const both = await renderReport({ results, certificate, conversion: exampleConversion(), command });
  assert.equal(both.html.match(/aria-label="Passes of the conversion"/g)?.length, 1);
  assert.match(both.html, /<section id="passes"/);
});

test("early exit has a section of its own, with what was promised, measured and saved", async () => {
  const results = { ...exampleResults(), earlyExit: exampleEarlyExit() };
  const { html, plots } = await renderReport({ results, command });
  assert.match(html, /<section id="early-exit"/);
  const text = visibleText(html);
  assert.match(
    text,
    /0\.6 % \[0\.2, 1\.3\] of the decisions differ from those at T on 1,000 images, at most 1\.0 %/,
  );
  assert.match(text, /150\.0 M operations an image instead of 1\.210 G/);
  assert.equal(plots.size, 9);
  // images run 39.67 steps in the mean: the rate is of those
  const spikes = results.snn.at.at(-1)?.spikes ?? 0;
  const rate = spikes / results.cost.neurons / results.earlyExit.meanT;
  assert.ok(text.replace(/\s+/g, " ").includes(`Mean rate ${formatSignificant(rate)} `), `${rate}`);
  const unknown = {
    ...results.earlyExit,
    measuredShare: null,
    measuredCi95: null,
    measuredOn: 0,
    full: null,
  };
  const { html: shard } = await renderReport({ results: { ...results, earlyExit: unknown }, command });
  assert.match(visibleText(shard), /none of these images was run to T/);
  assert.deepEqual(findUnprintable(visibleText(shard)), []);
});

test("a report names no address, and its policy allows its own script only", async () => {
  const { html } = await renderReport({
    results: exampleResults(),
    conversion: exampleConversion(),
    command,
  });
  assert.doesNotMatch(html, /https?:|\/\/[a-z]|@import|url\(|<link|<iframe|<img|<object|\son[a-z]+=/i);
  for (const [, target] of html.matchAll(/(?:href|src)="([^"]*)"/g)) assert.match(target ?? "", /^#/);
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)];
  assert.equal(scripts.length, 1);
  const hash = createHash("sha256")
    .update(scripts[0]?.[1] ?? "")
    .digest("base64");
  assert.ok(html.includes(`script-src 'sha256-${hash}'`));
  assert.match(html, /default-src 'none'/);
});

test("hostile names are escaped everywhere, in page and plots", async () => {
  const swap = (leaf: unknown) => (typeof leaf === "string" ? hostile : leaf);
  const results = replaceLeaves(exampleResults(), swap) as EvaluationResult;
  const conversion = replaceLeaves(exampleConversion(), swap) as ReturnType<typeof exampleConversion>;
  const record = { [hostile]: { [hostile]: hostile } };
  const { html, plots } = await renderReport({
    results,
    conversion,
    command: [hostile],
    title: hostile,
    version: hostile,
    configuration: record,
    provenance: record,
    hashes: { [hostile]: hostile },
    warnings: [{ code: hostile, where: hostile, message: hostile }],
  });
  for (const text of [html, ...plots.values()]) {
    assert.doesNotMatch(text, /<img|alert\(2\)<\/script>/);
    assert.doesNotMatch(text, /[^\P{Cc}\n\t]|\p{Cs}|\u202e/u);
  }
  assert.equal(html.match(/<script>/g)?.length, 1);
  assert.ok(html.includes("&lt;img src=x onerror=alert(1)&gt;"));
});

test("ids are unique and every reference finds its target", async () => {
  const { html } = await renderReport({
    results: exampleResults(),
    conversion: exampleConversion(),
    command,
  });
  const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, id] of html.matchAll(/(?:href="#|aria-labelledby=")([^"]*)"/g))
    assert.ok(ids.includes(id), id);
});

test("a report of ResNet-110 is under 500 KB and names all 109 layers", async () => {
  const results = exampleResults(110);
  const { html } = await renderReport({ results, conversion: exampleConversion(110), command });
  assert.ok(html.length < 500_000, `${html.length} bytes`);
  for (const { name } of results.layers) assert.ok(html.includes(`>${name}<`), name);
});

test("no network evaluated, one layer, one step, T = 1, no spikes: still a report, what is unknown is said", async () => {
  const { html, plots } = await renderReport({ results: smallestResults(), command });
  const text = visibleText(html);
  assert.match(text, /no loss is known/);
  assert.deepEqual(findUnprintable(text), []);
  assert.ok(!plots.has("loss-against-steps.svg") && plots.has("accuracy-against-steps.svg"));
});

for (const [what, extreme] of [
  ["not a number", Number.NaN],
  ["infinite", Number.POSITIVE_INFINITY],
  ["huge", 1e300],
  ["zero", 0],
  ["negative", -7],
  ["tiny", 1e-300],
  ["null", null],
] as const) {
  test(`results whose every number is ${what} give a page and plots without NaN`, async () => {
    const swap = (leaf: unknown) => (typeof leaf === "number" ? extreme : leaf);
    const results = replaceLeaves(exampleResults(), swap) as EvaluationResult;
    const conversion = replaceLeaves(exampleConversion(), swap) as ReturnType<typeof exampleConversion>;
    const { html, plots } = await renderReport({ results, conversion, command });
    for (const text of [html, ...plots.values()]) assert.deepEqual(findUnprintable(text), []);
  });
}

test("nothing at all: no steps, no layers, no estimates", async () => {
  const base = exampleResults();
  const results = {
    ...base,
    complete: false,
    snn: { T: 8, alphabet: "binary", at: [] },
    layers: [],
    cost: { ...base.cost, energy: [] },
  };
  const { html, plots } = await renderReport({ results, command: [] });
  assert.equal(plots.size, 0);
  assert.match(visibleText(html), /No step was evaluated.*not complete/);
});

test("two reports at once and one after the other have the same bytes", async () => {
  const input = { results: exampleResults(), conversion: exampleConversion(), command };
  const [a, b] = await Promise.all([renderReport(input), renderReport(input)]);
  const c = await renderReport(input);
  assert.equal(a.html, b.html);
  assert.equal(a.html, c.html);
  assert.deepEqual([...a.plots], [...c.plots]);
});
