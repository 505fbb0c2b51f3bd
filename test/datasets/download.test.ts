/** Downloads from a server of this test: resumed, redirected, endless, silent, aborted. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { randomWord } from "#src/core/counter-random.js";
import type { ProgressEvent } from "#src/core/progress.js";
import type { RespikeError } from "#src/core/respike-error.js";
import { acquireDataset } from "#src/datasets/acquire-dataset.js";
import { verifyKnown } from "#src/datasets/describe-dataset.js";
import { packTiny, serve, temporaryFolder, tinyDataset, tinyFiles, useNpmrc } from "./tiny-dataset.js";

/** A proxy of this test's, which answers itself, in the user's npm settings. */
async function useProxy(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<void> {
  await useNpmrc(t, [`proxy=${await serve(t, answer)}`]);
}

const etag = '"v1"';

test("an interrupted download is resumed where it stopped, in a later call too", async (t) => {
  const archive = await packTiny(temporaryFolder(t));
  const half = Math.floor(archive.length / 2);
  const ranges: (string | undefined)[] = [];
  let broken = true;
  const url = await serve(t, (request, response) => {
    ranges.push(request.headers.range);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const headers = { etag, "content-length": archive.length - start };
    if (start === 0) {
      response.writeHead(200, headers);
    } else {
      assert.equal(request.headers["if-range"], etag);
      const range = `bytes ${start}-${archive.length - 1}/${archive.length}`;
      response.writeHead(206, { ...headers, "content-range": range });
    }
    if (!broken) {
      response.end(archive.subarray(start));
      return;
    }
    const end = Math.max(half, start);
    response.write(archive.subarray(start, end), () => setTimeout(() => response.destroy(), 50));
  });
  const dataset = tinyDataset({ kind: "url", url: `${url}/tiny.tgz` });
  const cacheDir = temporaryFolder(t);
  await assert.rejects(acquireDataset(dataset, { cacheDir }), {
    exitCode: 5,
    code: "download-failed",
    where: `${url}/tiny.tgz`,
    next: /--from/,
  });
  assert.deepEqual(ranges, [undefined, `bytes=${half}-`, `bytes=${half}-`], "three attempts");
  broken = false;
  const events: ProgressEvent[] = [];
  await acquireDataset(dataset, { cacheDir, onProgress: (event) => events.push(event) });
  assert.equal(ranges.at(-1), `bytes=${half}-`);
  await verifyKnown(dataset, cacheDir);
  assert.deepEqual(await readdir(join(cacheDir, "datasets")), ["tiny"], "no part is left");
  assert.ok(
    events.some(
      ({ phase, done, unit }) => /download/.test(phase) && unit === "bytes" && done === archive.length,
    ),
  );
});

test("a part that does not fit the file any more is dropped and the whole is fetched", async (t) => {
  const archive = await packTiny(temporaryFolder(t));
  const half = Math.floor(archive.length / 2);
  let calls = 0;
  const url = await serve(t, (request, response) => {
    calls++;
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const length = { "content-length": archive.length - start };
    if (calls === 1) {
      response.writeHead(200, length);
      response.write(
        archive.subarray(0, half).map((byte) => byte ^ 1),
        () => setTimeout(() => response.destroy(), 50),
      );
    } else if (start > 0) {
      response.writeHead(206, {
        ...length,
        "content-range": `bytes ${start}-${archive.length - 1}/${archive.length}`,
      });
      response.end(archive.subarray(start));
    } else {
      response.writeHead(200, length);
      response.end(archive);
    }
  });
  const dataset = tinyDataset({ kind: "url", url });
  const cacheDir = temporaryFolder(t);
  await acquireDataset(dataset, { cacheDir });
  assert.equal(calls, 3, "cut, resumed into nonsense, whole");
  await verifyKnown(dataset, cacheDir);
});

test("redirects are followed; no more than five; none from a missing page", async (t) => {
  const archive = await packTiny(temporaryFolder(t));
  const url = await serve(t, (request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/tiny.tgz" }).end();
    else if (request.url === "/round") response.writeHead(302, { location: "/round" }).end();
    else if (request.url === "/tiny.tgz") response.writeHead(200).end(archive);
    else response.writeHead(404).end("no");
  });
  const get = (path: string, cacheDir = temporaryFolder(t)) =>
    acquireDataset(tinyDataset(), { cacheDir, from: `${url}${path}` });
  await get("/moved");
  await assert.rejects(get("/round"), { exitCode: 5, value: /redirects/ });
  await assert.rejects(get("/absent"), { exitCode: 5, value: /404/ });
});

test("a server that says nothing more is given up with exit 5, not waited for", async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": 20_000 });
    response.write("begin");
  });
  const options = { cacheDir: temporaryFolder(t), from: `${url}/x`, stallSeconds: 0.3 };
  await assert.rejects(acquireDataset(tinyDataset(), options), { exitCode: 5, value: /nothing came/ });
});

test("an endless download is cut off with exit 5", async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(200);
    const more = () => void response.write(Buffer.alloc(1e5), (error) => error ?? setImmediate(more));
    more();
  });
  const options = { cacheDir: temporaryFolder(t), from: `${url}/x` };
  await assert.rejects(acquireDataset(tinyDataset(), options), { exitCode: 5, value: /EFBIG: over/ });
});

test("behind an address that the user names an archive may be larger than the default source", async (t) => {
  const extra = Uint8Array.from({ length: 1_500_000 }, (_, at) => randomWord(1, at));
  const archive = await packTiny(temporaryFolder(t), { extra });
  const url = await serve(t, (_, response) => void response.writeHead(200).end(archive));
  const cacheDir = temporaryFolder(t);
  await acquireDataset(tinyDataset(), { cacheDir, from: `${url}/x.tgz` });
  await verifyKnown(tinyDataset(), cacheDir);
  const standard = tinyDataset({ kind: "url", url: `${url}/x.tgz` });
  await assert.rejects(acquireDataset(standard, { cacheDir: temporaryFolder(t) }), { value: /EFBIG: over/ });
});

test("an abort ends a download with the signal's reason and leaves no lock", async (t) => {
  const stop = new AbortController();
  const reason = new Error("stopped by the user");
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": 20_000 });
    response.write("begin", () => setTimeout(() => stop.abort(reason), 50));
  });
  const cacheDir = temporaryFolder(t);
  const options = { cacheDir, from: `${url}/x`, signal: stop.signal };
  await assert.rejects(acquireDataset(tinyDataset(), options), (error) => error === reason);
  const left = await readdir(join(cacheDir, "datasets"));
  assert.ok(!left.some((name) => name.endsWith(".lock")), left.join());
});

for (const way of ["directly", "by a proxy"]) {
  test(`errors and progress show neither user, password nor query of an address: ${way}`, async (t) => {
    const proxied = way === "by a proxy";
    if (proxied) await useProxy(t, (_, response) => void response.writeHead(200).write("begin"));
    const from = `http://user:secret@${proxied ? "files.invalid" : "127.0.0.1:1"}/x.tgz?token=secret`;
    const shown = proxied ? "http://files.invalid/x.tgz?\u2026" : "http://127.0.0.1:1/x.tgz?\u2026";
    const phases: string[] = [];
    await assert.rejects(
      acquireDataset(tinyDataset(), {
        cacheDir: temporaryFolder(t),
        from,
        stallSeconds: 0.3,
        onProgress: ({ phase }) => phases.push(phase),
      }),
      (error: RespikeError) => {
        assert.doesNotMatch(error.message, /secret|npm package/);
        assert.equal(new URL(error.where).href, new URL(shown).href);
        return true;
      },
    );
    assert.doesNotMatch(phases.join(), /secret/);
    if (proxied) assert.match(phases.join(), /download http:..files.invalid/);
  });
}

test("an address that ends in / gives the files one by one, gzipped or not; those that came are not fetched again", async (t) => {
  const asked: string[] = [];
  let broken = true;
  const url = await serve(t, (request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/data/train.bin") response.writeHead(200).end(tinyFiles["train.bin"]);
    else if (request.url === "/data/test.bin.gz" && !broken) {
      response.writeHead(200).end(gzipSync(tinyFiles["test.bin"] as Uint8Array));
    } else response.writeHead(request.url === "/data/test.bin.gz" ? 507 : 404).end();
  });
  const cacheDir = temporaryFolder(t);
  const options = { cacheDir, from: `${url}/data/` };
  await assert.rejects(acquireDataset(tinyDataset(), options), { exitCode: 5, value: /507/ });
  broken = false;
  await acquireDataset(tinyDataset(), options);
  await verifyKnown(tinyDataset(), cacheDir);
  assert.equal(asked.filter((path) => path === "/data/train.bin").length, 1);
  assert.deepEqual(await readdir(join(cacheDir, "datasets")), ["tiny"]);
  const empty = { cacheDir: temporaryFolder(t), from: `${url}/empty/` };
  await assert.rejects(acquireDataset(tinyDataset(), empty), { exitCode: 3, code: "missing-files" });
});

test("an address that ends in / gives its files by a proxy too, though npm's errors are other ones", async (t) => {
  const asked: string[] = [];
  await useProxy(t, (request, response) => {
    const path = new URL(request.url ?? "").pathname;
    asked.push(path);
    const file = path.startsWith("/data/") ? tinyFiles[path.slice("/data/".length)] : undefined;
    if (file !== undefined) response.writeHead(200).end(file);
    else response.writeHead(404).end();
  });
  const cacheDir = temporaryFolder(t);
  await acquireDataset(tinyDataset(), { cacheDir, from: "http://files.invalid/data/" });
  await verifyKnown(tinyDataset(), cacheDir);
  assert.deepEqual(
    asked,
    ["train.bin.gz", "train.bin", "test.bin.gz", "test.bin"].map((name) => `/data/${name}`),
  );
  const empty = { cacheDir: temporaryFolder(t), from: "http://files.invalid/empty/" };
  await assert.rejects(acquireDataset(tinyDataset(), empty), { exitCode: 3, code: "missing-files" });
});
