/** Many processes that want one data set at the same time, some of them killed. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { acquireDataset } from "#src/datasets/acquire-dataset.js";
import { verifyKnown } from "#src/datasets/describe-dataset.js";
import { packTiny, serve, temporaryFolder, tinyDataset, writeTinyFolder } from "./tiny-dataset.js";

const run = promisify(execFile);
const program = fileURLToPath(new URL("open-tiny.js", import.meta.url));
const dataset = tinyDataset();

test("four processes that get the same data set at once all have it, and download it once", async (t) => {
  const archive = await packTiny(temporaryFolder(t));
  let downloads = 0;
  const url = await serve(t, (_, response) => {
    downloads++;
    setTimeout(() => response.writeHead(200, { "content-length": archive.length }).end(archive), 300);
  });
  const cacheDir = temporaryFolder(t);
  const outputs = await Promise.all(
    [1, 2, 3, 4].map(() => run(process.execPath, [program, cacheDir, `${url}/tiny.tgz`])),
  );
  for (const { stdout } of outputs)
    assert.deepEqual(JSON.parse(stdout), [
      [0, 1, 2, 1],
      [2, 0],
    ]);
  assert.equal(downloads, 1);
  assert.deepEqual(await readdir(join(cacheDir, "datasets")), ["tiny"]);
  await verifyKnown(dataset, cacheDir);
});

test("the lock of a process that died, or that was silent for a minute elsewhere, stops nobody", async (t) => {
  const from = await writeTinyFolder(temporaryFolder(t));
  const child = execFile(process.execPath, ["-e", ""]);
  await once(child, "exit");
  const pid = child.pid ?? 0;
  for (const [owner, age] of [
    [{ pid, host: hostname(), token: "t" }, 0],
    [{ pid: 1, host: "elsewhere", token: "t" }, 120],
    [undefined, 120],
  ] as const) {
    const cacheDir = temporaryFolder(t);
    const lock = join(cacheDir, "datasets", ".tiny.lock");
    await mkdir(join(cacheDir, "datasets"));
    await writeFile(lock, owner === undefined ? "" : JSON.stringify(owner));
    const then = new Date(Date.now() - age * 1000);
    await utimes(lock, then, then);
    await acquireDataset(dataset, { cacheDir, from });
    assert.deepEqual(await readdir(join(cacheDir, "datasets")), ["tiny"]);
  }
});

test("a live lock is waited for, and the wait ends with the signal", async (t) => {
  const from = await writeTinyFolder(temporaryFolder(t));
  const cacheDir = temporaryFolder(t);
  await mkdir(join(cacheDir, "datasets"));
  const owner = { pid: process.pid, host: hostname(), token: "t" };
  await writeFile(join(cacheDir, "datasets", ".tiny.lock"), JSON.stringify(owner));
  const stop = new AbortController();
  const phases: string[] = [];
  const waiting = acquireDataset(dataset, {
    cacheDir,
    from,
    signal: stop.signal,
    onProgress: ({ phase }) => {
      phases.push(phase);
      setTimeout(() => stop.abort(new Error("enough")), 200);
    },
  });
  await assert.rejects(waiting, /enough/);
  assert.match(phases.join(), /waiting/);
});

test("a process killed with SIGKILL in the middle of a download: the next one takes over and resumes", async (t) => {
  const archive = await packTiny(temporaryFolder(t));
  const half = Math.floor(archive.length / 2);
  const ranges: (string | undefined)[] = [];
  const cacheDir = temporaryFolder(t);
  const url = await serve(t, (request, response) => {
    ranges.push(request.headers.range);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const length = { "content-length": archive.length - start, etag: '"v1"' };
    if (start === 0) response.writeHead(200, length).write(archive.subarray(0, half));
    else {
      const range = `bytes ${start}-${archive.length - 1}/${archive.length}`;
      response.writeHead(206, { ...length, "content-range": range }).end(archive.subarray(start));
    }
  });
  const victim = spawn(process.execPath, [program, cacheDir, `${url}/tiny.tgz`], { stdio: "ignore" });
  const gone = once(victim, "exit");
  for (let size = 0; size < half; ) {
    const [part = ""] = (await readdir(join(cacheDir, "datasets")).catch(() => [])).filter((name) =>
      name.endsWith(".partial"),
    );
    size = (await stat(join(cacheDir, "datasets", part)).catch(() => undefined))?.size ?? 0;
    if (part === "") size = 0;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  victim.kill("SIGKILL");
  await gone;
  assert.ok((await readdir(join(cacheDir, "datasets"))).includes(".tiny.lock"), "the lock was left");
  const { stdout } = await run(process.execPath, [program, cacheDir, `${url}/tiny.tgz`]);
  assert.deepEqual(JSON.parse(stdout), [
    [0, 1, 2, 1],
    [2, 0],
  ]);
  assert.deepEqual(ranges, [undefined, `bytes=${half}-`]);
  assert.deepEqual(await readdir(join(cacheDir, "datasets")), ["tiny"]);
});
