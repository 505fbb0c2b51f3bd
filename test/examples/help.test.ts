/** Help names every flag, its examples parse, and the scripts and verbs that README.md names exist. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { verbs } from "#src/cli/verb-list.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const main = join(root, "dist/cli/main.js");
const help = (...words: readonly string[]) => {
  const { status, stdout } = spawnSync(process.execPath, [main, ...words, "--help"], { encoding: "utf8" });
  assert.equal(status, 0);
  return stdout;
};
/** `calibrateN` → `--calibrate-n`; flags of one letter have one dash or two. */
const isNamed = (flag: string, text: string) => {
  const word = flag.replace(/[A-Z]/g, (letter) => (flag.length === 1 ? letter : `-${letter.toLowerCase()}`));
  return new RegExp(`^  -${flag.length === 1 ? "-?" : "-"}${word}(?![a-z-])`, "m").test(text);
};

describe("help", () => {
  it("lists every verb", () => {
    const text = help();
    for (const { name, summary } of verbs) assert.ok(text.includes(name) && text.includes(summary), name);
  });

  for (const verb of verbs) {
    it(`of ${verb.name} mentions each flag and has an example of the verb`, () => {
      const text = help(verb.name);
      const missing = Object.keys(verb.flags).filter((name) => !isNamed(name, text));
      assert.deepEqual(missing, []);
      assert.equal(isNamed("nothing", text), false);
      assert.ok(verb.examples.length > 0);
      for (const [command] of verb.examples) assert.ok(command.startsWith(`respike ${verb.name}`), command);
    });
  }
});

describe("README.md", () => {
  const text = readFileSync(join(root, "README.md"), "utf8");

  it("names npm scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const named = [...text.matchAll(/npm (?:run )?(start|test|build|lint)\b/g)].map(
      (match) => match[1] ?? "",
    );
    assert.ok(named.includes("start") && named.includes("test"));
    for (const name of named) assert.ok(name in scripts, name);
  });

  it("has exactly the verbs in its table", () => {
    const section = text.split("\n## ").find((part) => part.startsWith("The verbs\n")) ?? "";
    const named = [...section.matchAll(/^\| `([a-z]+)` \|/gm)].map((match) => match[1]);
    assert.deepEqual(
      named,
      verbs.map((verb) => verb.name),
    );
  });
});
