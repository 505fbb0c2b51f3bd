/** The search over presets and T, with losses and operations that are made up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { completeFront, findClosest, type Search, searchSteps } from "./search-steps.js";

type Figures = Readonly<Record<string, (T: number) => { loss: number; sop: number }>>;

/** The half-width of an interval is 100/n. */
function makeSearch(figures: Figures, more: Partial<Search> = {}): { search: Search; looks: string[] } {
  const looks: string[] = [];
  const search: Search = {
    contenders: Object.keys(figures).map((preset) => ({ preset, alphabet: "binary" })),
    times: [2, 4, 8],
    bound: 0.5,
    minimise: "steps",
    sizes: [100, 1000],
    async look({ preset }, T, n) {
      looks.push(`${preset} ${T} ${n}`);
      const { loss, sop } = (figures[preset] as Figures[string])(T);
      return { n, accuracy: 90 - loss, loss, lossCi95: [loss - 100 / n, loss + 100 / n], sop };
    },
    ...more,
  };
  return { search, looks };
}

const slow = (T: number) => ({ loss: T < 8 ? 9 : 0, sop: 10 * T });
const fast = (T: number) => ({ loss: T < 4 ? 9 : 0, sop: 100 * T });

test("the smallest T is chosen, and nothing is tried beyond it", async () => {
  const { search, looks } = makeSearch({ slow, fast });
  const { chosen, candidates } = await searchSteps(search);
  assert.deepEqual([chosen?.preset, chosen?.T, chosen?.n, chosen?.verdict], ["fast", 4, 1000, "meets"]);
  assert.deepEqual(
    candidates.map(({ preset, T, n, verdict }) => [preset, T, n, verdict]),
    [
      ["slow", 2, 100, "rejected"],
      ["fast", 2, 100, "rejected"],
      ["slow", 4, 100, "rejected"],
      ["fast", 4, 1000, "meets"],
    ],
  );
  assert.equal(looks.length, 5);
});

test("at the same T the fewest operations decide, whichever comes first", async () => {
  const dear = (T: number) => ({ ...fast(T), sop: 200 * T });
  for (const figures of [
    { fast, dear },
    { dear, fast },
  ]) {
    const { search } = makeSearch(figures);
    const { chosen, candidates } = await searchSteps(search);
    assert.deepEqual([chosen?.preset, chosen?.T], ["fast", 4]);
    const verdict = candidates.find(({ preset, T }) => preset === "dear" && T === 4)?.verdict;
    assert.equal(verdict, Object.keys(figures)[0] === "fast" ? "dearer" : "meets");
  }
});

test("minimise sop goes on to larger T while they may take fewer operations", async () => {
  const { search } = makeSearch({ slow, fast }, { minimise: "sop" });
  const { chosen, candidates } = await searchSteps(search);
  assert.deepEqual([chosen?.preset, chosen?.T, chosen?.sop], ["slow", 8, 80]);
  assert.equal(candidates.filter(({ preset }) => preset === "fast").length, 2);
});

test("an interval that is too wide on all images is unproven, and nothing is chosen", async () => {
  const wide = () => ({ loss: 0.45, sop: 1 });
  const { search } = makeSearch({ wide });
  const { chosen, candidates } = await searchSteps(search);
  assert.equal(chosen, null);
  assert.ok(candidates.length === 3 && candidates.every(({ verdict }) => verdict === "unproven"));
  assert.deepEqual(findClosest(candidates)?.lossCi95, [0.45 - 0.1, 0.45 + 0.1]);
  assert.equal(findClosest([]), null);
});

test("a candidate that cannot be run is passed over, and the search goes on", async () => {
  const { search } = makeSearch({ slow, fast });
  const { look } = search;
  const refusing = {
    ...search,
    look: async (...[contender, T, n]: Parameters<typeof look>) => (T === 4 ? null : look(contender, T, n)),
  };
  const { chosen, candidates } = await searchSteps(refusing);
  assert.deepEqual([chosen?.preset, chosen?.T], ["slow", 8]);
  assert.deepEqual(
    candidates.map(({ T }) => T),
    [2, 2, 8, 8],
  );
});

test("the whole front is looked at with the fewest images once the choice is made", async () => {
  const { search, looks } = makeSearch({ slow, fast });
  const found = await searchSteps(search);
  assert.deepEqual([found.chosen?.preset, found.chosen?.T], ["fast", 4]);
  const before = [...looks];
  const candidates = await completeFront(search, found);
  assert.deepEqual(candidates.slice(0, 4), found.candidates);
  assert.deepEqual(looks.slice(before.length), ["slow 8 100", "fast 8 100"]);
  const rest = candidates.filter(({ verdict }) => verdict === "not needed");
  assert.deepEqual(
    rest.map(({ preset, T, n }) => [preset, T, n]),
    [
      ["slow", 8, 100],
      ["fast", 8, 100],
    ],
  );
});
