import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Comparison,
  compareWithPeer,
  comparisonHead,
  type Decisions,
  describeComparison,
  describeVerdict,
  findEnoughSteps,
  measureAccuracy,
} from "../../bench/compare-with-peers.js";

const n = 200;
const labels = Array.from({ length: n }, (_, image) => image % 10);

/** Right everywhere but on the images from `first` on, so many. */
const wrongFrom = (first: number, count: number) =>
  labels.map((label, image) => (image >= first && image < first + count ? (label + 1) % 10 : label));

const judges = { labels, network: wrongFrom(0, 10) };
const decide = (name: string, classes: readonly number[], more: Partial<Decisions> = {}): Decisions => ({
  name,
  alphabet: "binary",
  T: 8,
  classes,
  ...more,
});

test("accuracy and loss are counted on the images that were decided", () => {
  const { accuracy, loss, n: counted, lossCi95 } = measureAccuracy(wrongFrom(0, 20).slice(0, 100), judges);
  assert.deepEqual([counted, accuracy, loss], [100, 80, 10]);
  assert.ok(lossCi95[0] > 0 && lossCi95[0] < 10 && lossCi95[1] > 10);
});

test("ours is ahead of a peer that loses much", () => {
  const { verdict, difference, mustLead } = compareWithPeer(
    decide("ours", wrongFrom(0, 12)),
    decide("peer", wrongFrom(0, 40)),
    judges,
  );
  assert.deepEqual([verdict, difference, mustLead], ["ahead", 14, true]);
});

test("as many right answers are not enough where the peer loses more than a point", () => {
  const comparison = compareWithPeer(
    decide("ours", wrongFrom(0, 13)),
    decide("peer", wrongFrom(1, 13)),
    judges,
  );
  assert.equal(comparison.verdict, "not ahead");
  assert.match(describeVerdict([comparison]), /does not hold \(0 of 1 led, 1 of 1 failed\)/);
});

test("fewer right answers within the paired interval are level where the peer loses at most a point", () => {
  const comparison = compareWithPeer(
    decide("ours", wrongFrom(0, 13)),
    decide("peer", wrongFrom(0, 12)),
    judges,
  );
  assert.deepEqual([comparison.verdict, comparison.mustLead, comparison.difference], ["level", false, -0.5]);
  assert.match(describeVerdict([comparison]), /: holds \(0 of 0 led, 0 of 1 failed\)/);
});

test("behind by more than the paired interval fails wherever it is", () => {
  const comparison = compareWithPeer(
    decide("ours", wrongFrom(0, 40)),
    decide("peer", wrongFrom(0, 11)),
    judges,
  );
  assert.deepEqual([comparison.verdict, comparison.mustLead], ["behind", false]);
  assert.ok(comparison.ci95[1] < 0);
  assert.match(describeVerdict([comparison]), /does not hold/);
});

test("two alphabets and two T are not compared", () => {
  const peer = decide("peer", labels);
  assert.throws(() => compareWithPeer(decide("ours", labels, { alphabet: "multi-level" }), peer, judges), {
    message: "multi-level spikes of ours beside binary of peer",
  });
  assert.throws(() => compareWithPeer(decide("ours", labels, { T: 16 }), peer, judges), /T = 16 of ours/);
});

test("a comparison is made on the images that both have decided", () => {
  const { own, peer } = compareWithPeer(
    decide("ours", labels.slice(0, 50)),
    decide("peer", wrongFrom(0, 20)),
    judges,
  );
  assert.deepEqual([own.n, peer.n, peer.accuracy], [50, 50, 60]);
});

test("a row names alphabet, T, both methods and the verdict, one cell a column", () => {
  const [mine, theirs] = [decide("binary", wrongFrom(0, 12)), decide("LTB", wrongFrom(0, 40))];
  const row = describeComparison("net", mine, theirs, compareWithPeer(mine, theirs, judges));
  assert.equal(row.length, comparisonHead.length);
  assert.equal(
    row.join("; "),
    "net; binary; 8; LTB; 80.0 [73.9, 85.0]; 15.0; binary; 94.0 [89.8, 96.5]; 1.0; 14.0 [9.0, 18.7]; ahead",
  );
});

test("nothing measured is no verdict", () => {
  assert.equal(describeVerdict([] as Comparison[]), "nothing to compare yet");
});

test("enough steps: the smallest T from which on the loss stays within the bound", () => {
  const at = (...losses: number[]) => losses.map((loss, step) => ({ T: step + 1, loss }));
  assert.equal(findEnoughSteps(at(9, 0.4, 3, 0.5, -1), 0.5), 4);
  assert.equal(findEnoughSteps(at(0, 0), 0.5), 1);
  assert.equal(findEnoughSteps(at(0, 0.6), 0.5), undefined);
  assert.equal(findEnoughSteps([], 0.5), undefined);
  assert.equal(findEnoughSteps(at(9, 0.4, 0.2).reverse(), 0.5), 2);
});
