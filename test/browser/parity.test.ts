/** The parity suite of test/parity, the same files with the same seeds, in headless Chromium. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { findChromium, launchChromium, noChromium, openPage } from "./open-chromium.js";
import type { PageTestResult } from "./page-tests.js";
import { bundleScript, serveApp } from "./serve-app.js";

declare const runTests: () => Promise<PageTestResult[]>;

const parity = fileURLToPath(new URL("../parity/", import.meta.url));
const portable = ["node:test", "node:assert/strict"];
/** Test files that need nothing of Node but what the page has in its place; the others read files. */
const suites = readdirSync(parity).filter((name) => {
  if (!name.endsWith(".test.js")) return false;
  const imports = readFileSync(parity + name, "utf8").matchAll(/from "(node:[^"]+)"/g);
  return [...imports].every(([, module = ""]) => portable.includes(module));
});

const executable = findChromium();

/** One file's tests in a page of its own, as in Node: in one page of all files early-exit.test.ts took twice as long as alone. */
async function runSuite(browser: Browser, suite: string, isolated: boolean, say: (text: string) => void) {
  const script = await bundleScript(
    `import "../parity/${suite}";\nimport { runTests } from "./page-tests.js";\nglobalThis.runTests = runTests;`,
  );
  const app = await serveApp({ "/app/browser/page.js": script }, isolated);
  try {
    const page = await openPage(browser, app.url, say);
    assert.equal(await page.evaluate(() => crossOriginIsolated), isolated);
    assert.equal(await page.evaluate(() => typeof SharedArrayBuffer !== "undefined"), isolated);
    await page.waitForFunction(() => typeof runTests === "function", undefined, { timeout: 120_000 });
    const results = await page.evaluate(() => runTests());
    await page.close();
    return results;
  } finally {
    await app.close();
  }
}

describe("the parity suite in Chromium", { skip: executable === undefined ? noChromium : false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchChromium(executable ?? "");
  });
  after(() => browser?.close());

  it("has files to run", () => {
    assert.ok(suites.includes("backends-agree.test.js"), suites.join());
  });

  it("passes with and without SharedArrayBuffer, in two pages at once", async (t) => {
    const runs = [true, false].map(async (isolated) => {
      const say = (text: string) => t.diagnostic(text);
      const found: (PageTestResult & { suite: string })[] = [];
      for (const suite of suites) {
        const results = await runSuite(browser, suite, isolated, say);
        assert.ok(results.length > 0, `${suite} has no test`);
        found.push(...results.map((result) => ({ ...result, suite })));
      }
      return { isolated, found };
    });
    for (const { isolated, found } of await Promise.all(runs)) {
      assert.ok(found.length >= 30, `${found.length} tests`);
      for (const { suite, name, error } of found)
        await t.test(`${isolated ? "shared" : "no shared"} memory: ${suite}: ${name}`, () =>
          assert.equal(error, null),
        );
    }
  });

  it("finds a difference: a backend that loses a spike fails the suite's own comparison", async (t) => {
    const broken = await bundleScript(`
      import { test, runTests } from "./page-tests.js";
      import { wasmBackend } from "#src/simulator/wasm-backend.js";
      import { assertSameSpikes } from "../parity/compare-backends.js";
      import { makeRandomImages, makeRandomSnn } from "../parity/make-random-snn.js";
      const losing = { ...wasmBackend, async prepare(snn, options) {
        const simulator = await wasmBackend.prepare(snn, options);
        const run = simulator.run.bind(simulator);
        simulator.run = (request) => {
          const result = run(request);
          const { counts } = result.layers.at(-1);
          counts[counts.findIndex((count) => count > 0)]--;
          return result;
        };
        return simulator;
      } };
      test("losing", async () => {
        const snn = makeRandomSnn(1, { forms: ["conv"] });
        const request = { images: makeRandomImages(snn, 1, 1), n: 1, steps: 40, snapshots: [40], readout: "mean", delay: 0 };
        await assertSameSpikes(losing, snn, request, "one spike less");
      });
      globalThis.runTests = runTests;`);
    const app = await serveApp({ "/app/browser/page.js": broken }, false);
    try {
      const page = await openPage(browser, app.url, (text) => t.diagnostic(text));
      const [result] = await page.evaluate(() => runTests());
      assert.match(result?.error ?? "", /one spike less: layer l4 at \d+: (\d+), reference (\d+)/);
    } finally {
      await app.close();
    }
  });
});
