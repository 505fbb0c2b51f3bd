/** The page of `auto`'s candidates: every figure that is absent or hostile is drawn and printed without NaN. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AutoCandidate, AutoResult } from "#src/evaluation/auto-result.js";
import { renderFront, renderFrontText } from "#src/report/front/render-front.js";

function exampleFront(more: Partial<AutoResult> = {}): AutoResult {
  const candidateOf = (preset: string, alphabet: AutoCandidate["alphabet"], T: number): AutoCandidate => {
    const loss = 40 / T;
    const lossCi95 = [loss - 0.3, loss + 0.3] as const;
    return {
      preset,
      alphabet,
      T,
      n: 128,
      accuracy: 92 - loss,
      loss,
      lossCi95,
      sop: 1e6 * T,
      verdict: "rejected",
    };
  };
  const candidates = [4, 8, 350].flatMap((T) => [
    candidateOf("binary", "binary", T),
    candidateOf("refine", "multi-level", T / 2),
  ]);
  return {
    chosen: { ...candidateOf("refine", "multi-level", 175), verdict: "meets" },
    bound: 0.5,
    minimise: "steps",
    alphabet: null,
    judgedOn: { data: "<cifar10>", split: "train", n: 5000, of: 5000, indicesSha256: "00" },
    network: { correct: 4600, accuracy: 92, macs: 4e7 },
    note: "the network is right on 99.90 % of these images",
    candidates,
    ...more,
  };
}
const page = (result: AutoResult) =>
  renderFront({ result, command: ["respike", "convert"], title: "Front <b>", version: "0.0.0" });

test("one plot of two panels, one table; multi-level is marked, the network's accuracy and cost are lines", async () => {
  const { html, plots } = await page(exampleFront());
  assert.deepEqual([...plots.keys()], ["front.svg"]);
  const svg = plots.get("front.svg") ?? "";
  for (const part of [
    "refine (multi-level)",
    "binary (binary)",
    "network 92.00 %",
    "40.00 MMACs",
    "time steps T",
    "operations per image",
  ])
    assert.ok(svg.replaceAll("M MACs", "MMACs").includes(part), part);
  assert.match(html, /99\.90 %/);
  assert.doesNotMatch(html, /<b>|<cifar10>|NaN|undefined|https?:\/\/(?!www\.w3\.org)/);
  assert.equal((await page(exampleFront())).html, html);
});

test("the network's cost is written on the side of its line where there is room", async () => {
  for (const [macs, anchor] of [
    [4e7, "end"],
    [1e6, "start"],
  ] as const) {
    const { plots } = await page(exampleFront({ network: { correct: 4600, accuracy: 92, macs } }));
    const label = /<text[^>]*>network [^<]* MACs/.exec(plots.get("front.svg") ?? "")?.[0] ?? "";
    assert.match(label, new RegExp(`text-anchor="${anchor}"`));
  }
});

test("each cell of the candidates says what a sort compares", async () => {
  const result = exampleFront();
  const { html } = await page(result);
  const table = html.split('<table class="sortable">')[1]?.split("</table>")[0] ?? "";
  const rows = [...table.matchAll(/<tr>(.*?)<\/tr>/gs)]
    .slice(1)
    .map(([, row = ""]) =>
      [...row.matchAll(/<t[hd][^>]*?(?: data-v="([^"]*)")?>/g)].map(([, value]) => value),
    );
  assert.equal(rows.length, result.candidates.length);
  assert.equal(new Set(rows.map((row) => row.length)).size, 1);
  for (const [at, row] of rows.entries()) {
    assert.ok(
      row.every((value) => value !== undefined && value !== ""),
      row.join(),
    );
    assert.deepEqual(
      row.slice(0, 3),
      [at, result.candidates[at]?.T, result.candidates[at]?.loss].map(String),
    );
  }
});

test("no choice, no candidates, hostile names and figures without a value", async () => {
  const [first] = exampleFront().candidates as [AutoCandidate];
  const odd: AutoCandidate = {
    ...first,
    preset: "<script>",
    loss: Number.NaN,
    sop: Number.NaN,
    lossCi95: [Number.NaN, 1],
  };
  for (const candidates of [[], [first], [odd], [first, odd, { ...first, sop: 0 }]]) {
    const result = exampleFront({ candidates, chosen: null, note: null });
    const { html } = await page(result);
    assert.doesNotMatch(html, /<script>[^(]/);
    for (const text of [html, renderFrontText(result)]) assert.doesNotMatch(text, /NaN|undefined/);
    assert.match(renderFrontText(result), /Nothing loses at most 0\.5 points/);
  }
});
