/**
 * One-line examples, `@example call(…) // result`, of any function of `src`: the call gives the result, each number as far as
 * its digits are shown; what stands behind a comma after the result is for people.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "./read-examples.js";

interface InlineExample {
  readonly file: string;
  readonly call: string;
  readonly result: string;
}

function listExamples(): readonly InlineExample[] {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const text = readFileSync(join(root, "src", file), "utf8");
      return [...text.matchAll(/^ \* @example (\w+\(.*\)) \/\/ (.*)$/gm)].map(
        ([, call = "", result = ""]) => ({
          file: file.split(sep).join("/"),
          call,
          result,
        }),
      );
    });
}

async function evaluateCall({ file, call }: InlineExample): Promise<unknown> {
  const module = await import(pathToFileURL(join(root, "dist", file.replace(/\.ts$/, ".js"))).href);
  return new Function("module", `const { ${call.split("(", 1)[0]} } = module; return ${call};`)(module);
}

/** `[0.74…, 3.24…]`, `1`, each number with its shown decimals; … says that the rest is cut, not rounded. */
function checkResult(value: unknown, says: string): void {
  const shown = [...says.matchAll(/-?\d+(?:\.(\d+))?(…?)/g)];
  const values = ArrayBuffer.isView(value) ? [...(value as Uint32Array)] : ([value].flat() as unknown[]);
  assert.ok(shown.length === values.length && shown.length > 0, `${says} for ${JSON.stringify(value)}`);
  for (const [at, [text, decimals = "", cut]] of shown.entries()) {
    const size = 10 ** decimals.length;
    const scaled = Number(values[at]) * size;
    const found = (cut === "…" ? Math.trunc(scaled) : Math.round(scaled)) / size;
    assert.equal(found, Number.parseFloat(text), `${values[at]} for ${says}`);
  }
}

const examples = listExamples();

test("there are such examples", () => assert.ok(examples.length >= 4, String(examples.length)));

for (const example of examples) {
  test(`${example.file}: ${example.call} is ${example.result}`, async () => {
    checkResult(await evaluateCall(example), example.result);
  });
}
