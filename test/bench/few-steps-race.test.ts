import assert from "node:assert/strict";
import { test } from "node:test";
import { choosePeer, describeRace, listOwn, type OwnCandidate } from "../../bench/few-steps-race.js";
import { methods } from "../../bench/few-steps-work.js";

const labels = Array.from({ length: 100 }, () => 1);
const judges = { labels, network: labels };
/** Decisions of which so many are wrong. */
const wrong = (count: number) => labels.map((label, image) => (image < count ? 0 : label));

const own = (
  preset: OwnCandidate["piece"]["preset"],
  alphabet: OwnCandidate["alphabet"],
  T: number,
  errors: number,
) => ({
  piece: { network: "net.th", preset, T, at: [T] },
  alphabet,
  decisions: { ...judges, at: new Map([[T, wrong(errors)]]), operations: new Map() },
});

function peer(at: number, errors: readonly number[]) {
  const steps = errors.map(wrong);
  const decisions = labels.map((_, image) => steps.map((classes) => classes[image] as number));
  const [method = methods[at]] = methods.slice(at);
  if (method === undefined) throw new Error("no such method");
  return { method, kept: { torch: "", ann: 100, delays: {}, decisions, delayed: {} } };
}

test("the peer's method that stays within half a point from the smallest T on races", () => {
  const slow = peer(0, [9, 9, 0, 9, 0]);
  const quick = peer(1, [9, 9, 9, 0, 0]);
  const { candidate, T } = choosePeer([slow, quick], judges) ?? assert.fail("none");
  assert.deepEqual([candidate.method.name, T], ["ltb", 4]);
  assert.equal(choosePeer([peer(0, [9, 9]), { method: slow.method, kept: undefined }], judges), undefined);
});

test("a delayed readout that needs fewer steps races", () => {
  const { method, kept } = peer(0, [9, 9, 9, 0]);
  const delayed = { "2": wrong(9), "3": wrong(0), "4": wrong(0) };
  assert.equal(choosePeer([{ method, kept: { ...kept, delayed } }], judges)?.T, 3);
});

test("all of ours from the T on that stays within the bound may race, multi-level only where any alphabet may", () => {
  const candidates = [
    own("binary", "binary", 32, 2),
    own("binary", "binary", 48, 0),
    own("binary", "binary", 64, 0),
    own("refine", "multi-level", 3, 0),
    own("refine", "multi-level", 2, 5),
  ];
  const namesOf = (entries: ReturnType<typeof listOwn>) =>
    entries.map(({ candidate, T }) => `${candidate.piece.preset} ${T}`);
  const binary = ["binary 48", "binary 64"];
  assert.deepEqual(namesOf(listOwn(candidates, ["binary"])), binary);
  assert.deepEqual(namesOf(listOwn(candidates, ["binary", "signed", "multi-level"])), [
    ...binary,
    "refine 3",
  ]);
  assert.deepEqual(listOwn(candidates.slice(0, 1), ["binary"]), []);
});

test("a race's table has a row for each pair, the ratio of rounds, and alphabets", () => {
  const runner = (title: string, spikes: string, rates: number[], goal = "") => ({
    ...{ title, spikes, T: 3, loss: 0.1, goal, rates },
    round: () => Promise.resolve(0),
  });
  const text = describeRace("net.th", {
    own: [runner("ours", "multi-level", [30, 40, 60], "≥ 30")],
    peers: [runner("peer", "binary", [1, 2, 2])],
  });
  assert.match(
    text,
    /\| net \| ours \(multi-level\) \| 3 \| 0\.1 \| 40\.0 \| peer \(binary\) \| 3 \| 0\.1 \| 2\.00 \| 30\.0 \(20\.0–30\.0\) \| ≥ 30 \|/,
  );
  assert.equal(describeRace("net.th", "nothing"), "net.th: nothing");
});
