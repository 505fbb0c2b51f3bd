/** Words and config files become checked values, or errors that name every problem. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCodes, RespikeError } from "../core/respike-error.js";
import { choiceFlag, countFlag, integerFlag, numberListFlag, switchFlag, textFlag } from "./flags.js";
import { editDistance, nearestWord } from "./nearest-word.js";
import { parseCommand, parseConfig } from "./parse-command.js";

const text = { description: "" };
const flags = {
  T: integerFlag({ min: 1, max: 65_000 }, text),
  calibrateN: countFlag(text),
  number: choiceFlag(["auto", "int16"], text),
  mean: numberListFlag("a,b,c", {}, text),
  calibrate: textFlag("DATA", text),
  json: switchFlag(text),
};

function problemsOf(words: readonly string[]) {
  try {
    parseCommand(words, flags);
  } catch (error) {
    assert.ok(error instanceof RespikeError);
    assert.equal(error.exitCode, exitCodes.usage);
    return error.problems;
  }
  return assert.fail("the command was accepted");
}

test("values in every spelling", () => {
  const words = ["model.th", "-T", "64", "--calibrate-n=all", "--mean", "-0.5,1e-2,3", "--json", "--", "--x"];
  assert.deepEqual(parseCommand(words, flags), {
    arguments: ["model.th", "--x"],
    values: { T: 64, calibrateN: "all", mean: [-0.5, 0.01, 3], json: true },
  });
});

test("every problem is named, unknown flags with the nearest word", () => {
  const problems = problemsOf([
    "--calibrte",
    "x",
    "-T",
    "0",
    "--number",
    "int61",
    "--mean",
    "1,two",
    "--calibrate-n",
  ]);
  assert.deepEqual(
    problems.map((problem) => problem.where),
    ["--calibrte", "--calibrate-n", "-T", "--number", "--mean"],
  );
  assert.match(problems[0]?.next ?? "", /'--calibrate'/);
  assert.match(problems[3]?.next ?? "", /'int16'/);
});

for (const value of ["1.5", "1e3", "0x10", "", "NaN", "Infinity", "65001", "-3"]) {
  test(`-T refuses '${value}'`, () => {
    assert.equal(problemsOf([`-T=${value}`]).length, 1);
  });
}

test("a config file gives camelCase flags and is checked as the command line is", () => {
  assert.deepEqual(parseConfig({ T: 32, mean: [0, 1], json: true }, flags, "c.json"), {
    T: 32,
    mean: [0, 1],
    json: true,
  });
  assert.throws(() => parseConfig({ calibrateM: 1 }, flags, "c.json"), /did you mean 'calibrateN'/);
  assert.throws(() => parseConfig([1], flags, "c.json"), RespikeError);
  assert.throws(() => parseConfig({ T: { a: 1 } }, flags, "c.json"), RespikeError);
});

test("edit distance and nearest word", () => {
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(nearestWord("evalute", ["convert", "evaluate", "run"]), "evaluate");
  assert.equal(nearestWord("x", []), undefined);
});
