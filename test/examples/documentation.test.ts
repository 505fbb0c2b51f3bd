/**
 * The TypeScript examples of README.md, docs/library.md and of every public function's TSDoc, those of `respike/browser`
 * too, are there and compile against the package. They run in running-pages and running-functions.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readPage, readPublicValues, root } from "./read-examples.js";
import { makeUserFolder } from "./use-examples.js";

const readme = readPage("README.md");
const library = readPage("docs/library.md");
const values = readPublicValues("src/index.ts");
const inPages = readPublicValues("src/browser/index.ts", "src/browser");
const pageExamples = inPages.flatMap((value) => value.examples);
const examples = [...readme, ...library, ...values.flatMap((value) => value.examples)];

describe("examples of the documentation", () => {
  let folder = "";
  before(() => {
    folder = makeUserFolder();
    for (const [index, { code }] of [...examples, ...pageExamples].entries())
      writeFileSync(join(folder, `example-${index}.ts`), `${code}\nexport {};\n`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("there are some in each page, and one of every public function and class", () => {
    assert.ok(readme.length >= 1);
    assert.ok(library.length >= 4);
    const names = values.map(({ name }) => name);
    for (const name of ["loadModel", "convert", "evaluate", "RespikeError"]) assert.ok(names.includes(name));
    assert.ok(inPages.length >= 5, String(inPages.length));
    const bare = [...values, ...inPages]
      .filter((value) => value.examples.length === 0)
      .map(({ name }) => name);
    assert.deepEqual(bare, []);
  });

  it("all compile strictly as a user's files", () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        tsc,
        ...["--strict", "--target", "es2023", "--lib", "es2023,dom", "--types", "node"],
        ...["--module", "nodenext", "--noEmit"],
        ...[...examples, ...pageExamples].map((_, index) => `example-${index}.ts`),
      ],
      { cwd: folder, encoding: "utf8" },
    );
    assert.equal(status, 0, stdout);
  });
});
