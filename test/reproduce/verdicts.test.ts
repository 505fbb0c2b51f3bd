/** Verdicts of claims from measured rows: what is confirmed, by how much it differs, what could not be run, what explains. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRight, intervalOfDifference } from "#src/evaluation/compare-predictions.js";
import type { Claim, Quantity } from "#src/library/reproduce/experiment.js";
import { judgeClaims } from "#src/library/reproduce/judge-claims.js";
import { type MeasuredRow, notYet } from "#src/library/reproduce/measure-rows.js";
import type { RowMeasurement } from "#src/report/reproduction/reproduction-result.js";

const n = 1000;
/** The first `right` images are right. */
const decisions = (right: number) => Array.from({ length: n }, (_, at) => at < right);

function row(id: string, right: number, because: string | null = null): MeasuredRow {
  const network = decisions(930);
  const snn = decisions(right);
  const { difference, ci95 } = compareRight(network, snn);
  const measured = {
    ...{ n, alphabet: "binary", network: 93, networkCi95: [91.2, 94.4], snn: right / 10, snnCi95: [0, 0] },
    ...{ loss: difference, lossCi95: ci95 },
  } as unknown as RowMeasurement;
  const isThere = because === null;
  return {
    experiment: "x",
    row: { id, T: 350, because, measured: isThere ? measured : null } as unknown as MeasuredRow["row"],
    right: isThere ? { network, at: new Map([[350, snn]]) } : null,
  };
}

const rows = new Map(
  [
    row("good", 925),
    row("bad", 850),
    row("mended", 903),
    row("gone", 0, "no weights"),
    row("later", 0, notYet),
  ].map((each) => [each.row.id, each]),
);
const gain = (better: string, worse: string): Quantity => ({ kind: "gain", of: "snn", better, worse });
function judge(claim: Partial<Claim> & Pick<Claim, "quantity" | "published">) {
  const [judged] = judgeClaims([{ id: "c", says: "it is so", ...claim }], rows);
  assert.ok(judged !== undefined);
  return judged;
}

test("a published loss inside the paired interval is confirmed, one outside differs by the difference", () => {
  const quantity: Quantity = { kind: "loss", row: "good" };
  const near = judge({ quantity, published: 0.6 });
  assert.deepEqual([near.verdict, near.measured], ["confirmed", 0.5]);
  const far = judge({ quantity, published: 5 });
  assert.equal(far.verdict, "differs");
  assert.match(far.sentence, /^Differs by −4\.50 points \[−\d\.\d\d, −\d\.\d\d\]: measured 0\.50 points/);
});

test("a gain is paired image by image; without a number it is confirmed above 0 and contradicted below", () => {
  const claim = judge({ quantity: gain("good", "bad"), published: null });
  assert.deepEqual([claim.verdict, claim.measured], ["confirmed", 7.5]);
  const opposite = judge({ quantity: gain("bad", "good"), published: null });
  assert.equal(opposite.verdict, "differs");
  assert.match(opposite.sentence, /the opposite was measured/);
  const nothing = judge({ quantity: gain("good", "good"), published: null });
  assert.match(nothing.sentence, /no difference can be told from 0/);
});

test("a gain of which decisions are kept of fewer images is paired where the other row has no more, else from both losses", () => {
  const onMore = (id: string): MeasuredRow => {
    const found = rows.get(id) as MeasuredRow;
    const measured = { ...found.row.measured, n: 10 * n, loss: 3 } as RowMeasurement;
    return { ...found, row: { ...found.row, measured } };
  };
  const gainOf = (...larger: readonly string[]) => {
    const own = new Map([...rows, ...larger.map((id) => [id, onMore(id)] as const)]);
    const claim: Claim = { id: "c", says: "s", quantity: gain("good", "bad"), published: null };
    const [{ measured = null, sentence = "" } = {}] = judgeClaims([claim], own);
    return [measured, /n = [\d,]+/.exec(sentence)?.[0]];
  };
  assert.deepEqual(gainOf("good"), [7.5, "n = 1,000"]);
  assert.deepEqual(gainOf("good", "bad"), [0, "n = 10,000"]);
});

test("a missing row says why; one that was not run yet says that", () => {
  const gone = judge({ quantity: gain("good", "gone"), published: 1 });
  assert.deepEqual([gone.verdict, gone.sentence], ["not run", "Could not be run because no weights."]);
  assert.equal(judge({ quantity: gain("good", "later"), published: 1 }).sentence, "Not run yet.");
});

test("explanations: one reaches the published number, one comes nearer, one does not", () => {
  const published = 2.2;
  const explanations = [
    { difference: "a", quantity: gain("good", "mended") },
    { difference: "b", quantity: gain("mended", "bad") },
    { difference: "c", quantity: gain("bad", "good") },
    { difference: "d", quantity: gain("bad", "gone") },
  ];
  const judged = judge({ quantity: gain("good", "bad"), published, explanations });
  assert.equal(judged.verdict, "differs");
  assert.deepEqual(
    judged.explanations.map(({ outcome }) => outcome),
    ["explains it", "goes part of the way", "does not explain it", "not run"],
  );
});

test("of a confirmed claim each change says whether the claim comes out with it too", () => {
  const explanations = [
    { difference: "a", quantity: gain("good", "mended") },
    { difference: "b", quantity: gain("bad", "good") },
    { difference: "c", quantity: gain("bad", "gone") },
    { difference: "grows", quantity: [gain("good", "mended"), gain("good", "bad")] },
    { difference: "shrinks", quantity: [gain("good", "bad"), gain("good", "mended")] },
  ];
  const judged = judge({ quantity: gain("good", "bad"), published: null, explanations });
  assert.equal(judged.verdict, "confirmed");
  assert.deepEqual(
    judged.explanations.map(({ outcome }) => outcome),
    ["comes out too", "does not come out", "not run", "comes out too", "does not come out"],
  );
});

test("a change that reads the same run under another name is left out", () => {
  const network = { sha256: "0123" };
  const named = (id: string, flags: string): [string, MeasuredRow] => {
    const found = row(id, 925);
    return [id, { ...found, row: { ...found.row, network, flags } as unknown as MeasuredRow["row"] }];
  };
  const same = new Map([named("own", "--a"), named("option P", "--a"), named("other", "--b")]);
  const loss = (id: string): Quantity => ({ kind: "loss", row: id });
  const explanations = ["option P", "other"].map((id) => ({ difference: id, quantity: loss(id) }));
  const claim: Claim = { id: "c", says: "s", quantity: loss("own"), published: 9, explanations };
  const [judged] = judgeClaims([claim], same);
  assert.deepEqual(
    judged?.explanations.map(({ difference }) => difference),
    ["other"],
  );
});

test("a series is confirmed where each value is larger than the one before, and undecided where values are missing", () => {
  const [small, large] = [gain("good", "mended"), gain("good", "bad")];
  assert.equal(judge({ quantity: [small, large], published: null }).verdict, "confirmed");
  assert.equal(judge({ quantity: [large, small], published: null }).verdict, "differs");
  assert.equal(judge({ quantity: [small, large, gain("good", "gone")], published: null }).verdict, "not run");
  const explanations = [
    { difference: "turned", quantity: [small, large] },
    { difference: "the same", quantity: [large, small] },
    { difference: "one missing", quantity: [small, large, gain("good", "gone")] },
    { difference: "one there", quantity: [small, gain("good", "gone")] },
  ];
  const explained = judge({ quantity: [large, small], published: null, explanations }).explanations;
  assert.deepEqual(
    explained.map(({ outcome }) => outcome),
    ["explains it", "does not explain it", "not run", "not run"],
  );
  assert.match(explained[0]?.sentence ?? "", /^2\.20 \[.*\], 7\.50 \[.*\] points; 0 of 1 steps do not grow$/);
  const missing = judge({ quantity: [small, gain("good", "later"), gain("good", "gone")], published: null });
  assert.equal(missing.sentence, "Could not be run because no weights.");
});

test("losses of two networks: half-widths are added in quadrature", () => {
  const interval = intervalOfDifference({ value: 5, ci95: [2, 8] }, { value: 1, ci95: [-3, 5] });
  assert.deepEqual(interval, [-1, 9]);
});
