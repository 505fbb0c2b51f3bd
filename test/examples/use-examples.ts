/**
 * What a user does with the examples of the documentation: puts them into a folder, runs them.
 *
 * Knows: the folder, what is printed. May not know: where examples stand.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import ts from "typescript";
import { type Example, readPrinted, root } from "./read-examples.js";

/** A folder in which `respike` resolves to this checkout. */
export function makeUserFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "respike-examples-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "respike"), "junction");
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"), "junction");
  cpSync(join(root, "networks"), join(folder, "networks"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  return folder;
}

const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };

/** Tests that they run, in this order and one folder, in which they find what those before them wrote. */
export function testRunning(examples: readonly Example[]): void {
  describe("examples of the documentation", () => {
    let folder = "";
    before(() => {
      folder = makeUserFolder();
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    for (const [index, { title, code }] of examples.entries()) {
      it(`${title} runs, and prints what its comments say`, (t) => {
        const file = `example-${index}.js`;
        writeFileSync(join(folder, file), ts.transpileModule(code, { compilerOptions }).outputText);
        const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
          cwd: folder,
          encoding: "utf8",
        });
        if (/code: '(offline|download-failed|not-cached)'/.test(stderr))
          return t.skip("MNIST is neither cached nor reachable");
        assert.equal(status, 0, stderr);
        const lines = stdout.split("\n");
        for (const [at, says] of readPrinted(code).entries())
          if (says !== null) assert.equal(lines[at], says);
      });
    }
  });
}
