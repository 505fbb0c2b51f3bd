/**
 * respike/browser in headless Chromium beside respike in Node: the same saved network to the byte, the same spike hash
 * and results of ten real images, on Web Workers with shared memory and in the page without.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import type * as respikeInPage from "#src/browser/index.js";
import {
  convert,
  type EvaluationResult,
  evaluate,
  loadModel,
  openData,
  RespikeError,
  saveSnn,
} from "#src/index.js";
import { findChromium, launchChromium, noChromium, openPage } from "./open-chromium.js";
import { type App, bundleScript, serveApp } from "./serve-app.js";

declare const respike: typeof respikeInPage;
declare const wasmUrl: URL;
declare const readImages: (name: string, n: number) => Promise<respikeInPage.ImageSet>;
declare const readBytes: (path: string) => Promise<Uint8Array>;

const model = fileURLToPath(new URL("../../../networks/mnist-resnet8.safetensors", import.meta.url));
const options = { calibrateN: 100, T: 32, command: ["convert", "mnist-resnet8.safetensors"] };
const executable = findChromium();

const pageScript = `
  import * as respike from "#src/browser/index.js";
  globalThis.respike = respike;
  globalThis.wasmUrl = new URL("/elsewhere/kernels/spiking.wasm", location.href);
  globalThis.readBytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  globalThis.readImages = async (name, n) => ({
    n,
    shape: [1, 28, 28],
    pixels: await readBytes("/" + name + ".pixels"),
    labels: new Int32Array((await readBytes("/" + name + ".labels")).buffer),
  });`;

/** The one that is marked as running in a browser. */
function readExample(): string {
  const page = readFileSync(new URL("../../../docs/library.md", import.meta.url), "utf8");
  return /^```ts browser\n(.*?)^```/ms.exec(page)?.[1] ?? "";
}

describe("the same bits in Chromium", { skip: executable === undefined ? noChromium : false }, () => {
  let [folder, why] = ["", ""];
  let browser: Browser;
  let files: Record<string, string | Uint8Array> = {};
  let snn = new Uint8Array();
  let expected: EvaluationResult;

  /** What Node computes, and what the server hands out. */
  before(async () => {
    try {
      const { splits } = await openData("mnist");
      // A page certifies nothing.
      const converted = await convert(await loadModel(model), { ...options, certify: "off" });
      folder = await mkdtemp(join(tmpdir(), "respike-browser-"));
      const { path } = await saveSnn(converted.snn, join(folder, "mnist.snn.safetensors"));
      snn = await readFile(path);
      expected = (await evaluate(converted.snn, { n: 10, hash: true })).result;
      const { train, test } = splits;
      files = {
        "/app/browser/page.js": await bundleScript(pageScript),
        "/worker.js": await bundleScript(`import "#src/browser/worker-entry.js";`),
        "/dying.js": await bundleScript(`import "./dying-web-worker.js";`),
        "/example.html": `<!doctype html><body></body><script type="module" src="/example.js"></script>`,
        "/example.js": await bundleScript(readExample(), "ts"),
        "/images.bin": (test.pixels as Uint8Array).slice(0, 10 * 784),
        "/labels.bin": Uint8Array.from(test.labels.slice(0, 10)),
        "/mnist.snn.safetensors": snn,
        "/model": await readFile(model),
        "/snn": snn,
        "/train.pixels": train.pixels as Uint8Array,
        "/train.labels": new Uint8Array(
          train.labels.buffer,
          train.labels.byteOffset,
          train.labels.byteLength,
        ),
        "/test.pixels": (test.pixels as Uint8Array).slice(0, 10 * 784),
        "/test.labels": new Uint8Array(test.labels.slice(0, 10).buffer),
      };
      browser = await launchChromium(executable ?? "");
    } catch (error) {
      if (!(error instanceof RespikeError) || error.exitCode !== 5) throw error;
      why = "MNIST is neither cached nor reachable";
    }
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a check in a fresh page. */
  async function inPage(
    t: TestContext,
    isolated: boolean,
    check: (page: Page) => Promise<void>,
  ): Promise<void> {
    if (why !== "") return t.skip(why);
    const app: App = await serveApp(files, isolated);
    try {
      const page = await openPage(browser, app.url, (text) => t.diagnostic(text));
      assert.equal(await page.evaluate(() => crossOriginIsolated), isolated);
      await check(page);
      await page.close();
    } finally {
      await app.close();
    }
  }

  for (const [isolated, threads] of [
    [true, 2],
    [false, 1],
  ] as const) {
    const how = isolated ? "two Web Workers and shared memory" : "no shared memory, in the page";

    it(`${how}: spike hash and all results of ten images equal Node's`, (t) =>
      inPage(t, isolated, async (page) => {
        let workers = 0;
        page.on("worker", () => workers++);
        const { result, used } = await page.evaluate(async () => {
          const network = respike.loadSnn(await readBytes("/snn"));
          const images = await readImages("test", 10);
          const at = {
            data: "mnist",
            n: 10,
            hash: true,
            batch: 4,
            threads: 2,
            wasmUrl,
            workerUrl: "/worker.js",
          };
          const { result } = await respike.evaluate(network, images, at);
          return { result, used: respike.makeBrowserRunner({ threads: 2 }).threads };
        });
        assert.deepEqual([used, workers], [threads, isolated ? 2 : 0]);
        assert.match(result.spikeHash ?? "", /^[0-9a-f]{64}$/);
        assert.equal(result.spikeHash, expected.spikeHash);
        assert.equal(result.run.threads, threads);
        assert.deepEqual({ ...result, run: null }, { ...expected, run: null });
      }));
  }

  it("a model converts to the same file, to the byte", (t) =>
    inPage(t, true, async (page) => {
      const saved = await page.evaluate(async (given) => {
        const network = respike.loadModel(await readBytes("/model"), { name: "mnist-resnet8.safetensors" });
        const train = await readImages("train", 60_000);
        const how = { ...given, data: "mnist", threads: 2, wasmUrl, workerUrl: "/worker.js" };
        const { snn } = await respike.convert(network, train, how);
        return Array.from(respike.saveSnn(snn));
      }, options);
      assert.ok(Buffer.from(saved).equals(snn), "the files differ");
    }));

  it("the example of docs/library.md runs as it stands", (t) =>
    inPage(t, true, async (page) => {
      await page.goto(new URL("/example.html", page.url()).href);
      await page.waitForFunction(() => document.body.textContent?.includes("threads"));
      const text = (await page.textContent("body")) ?? "";
      assert.match(text, new RegExp(`^${expected.snn.at.at(-1)?.correct} of 10 right, \\d+ threads$`));
    }));

  it("a Web Worker that ends in the middle is an error that names its images", (t) =>
    inPage(t, true, async (page) => {
      const error = await page.evaluate(async () => {
        const network = respike.loadSnn(await readBytes("/snn"));
        const images = await readImages("test", 10);
        const at = { n: 10, batch: 2, threads: 2, wasmUrl, workerUrl: "/dying.js?die=5" };
        return await respike.evaluate(network, images, at).then(
          () => null,
          (error: respikeInPage.RespikeError) => ({
            code: error.code,
            exit: error.exitCode,
            where: error.where,
          }),
        );
      });
      assert.deepEqual([error?.code, error?.exit], ["worker-died", 5]);
      assert.match(error?.where ?? "", /images 4…5/);
    }));

  it("workers whose code is missing, and kernels that are missing, are errors, not a wait", (t) =>
    inPage(t, true, async (page) => {
      const errors = await page.evaluate(async () => {
        const network = respike.loadSnn(await readBytes("/snn"));
        const images = await readImages("test", 10);
        const fail = (at: object) => respike.evaluate(network, images, { n: 10, ...at }).then(String, String);
        const noKernels = new URL("/nowhere/spiking.wasm", location.href);
        return [
          await fail({ wasmUrl, workerUrl: "/nothing.js" }),
          await fail({ wasmUrl: noKernels, workerUrl: "/worker.js" }),
        ];
      });
      assert.match(errors[0] ?? "", /could not be loaded/);
      assert.match(errors[1] ?? "", /nowhere\/spiking\.wasm.*404/);
    }));
});
