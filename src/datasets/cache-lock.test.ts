/** Whose lock may be taken: that of a process that is dead, dying, or dead and not buried; never a live one's. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { takeLock } from "./cache-lock.js";

/** A lock file that the process `pid` of this machine owns. */
function lockOf(t: TestContext, pid: number): string {
  const folder = mkdtempSync(join(tmpdir(), "respike-lock-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, ".lock");
  writeFileSync(path, JSON.stringify({ pid, host: hostname(), token: "other" }));
  return path;
}

function sleeper(t: TestContext, ...command: [string, ...string[]]): ChildProcess {
  const [program, ...words] = command;
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

const longerThanATouch = 2300;
const stay: [string, ...string[]] = [process.execPath, "-e", "setTimeout(() => {}, 30_000)"];

test("a lock is taken, is no other's while held, and is gone when released", async (t) => {
  const path = lockOf(t, process.pid);
  rmSync(path);
  const lock = await takeLock(path);
  assert.ok(lock !== undefined);
  assert.equal(await takeLock(path), undefined);
  assert.ok(await lock.isHeld());
  await lock.release();
  assert.ok(!existsSync(path));
});

test("the lock of a process that is killed while we look is taken", async (t) => {
  const child = sleeper(t, ...stay);
  const path = lockOf(t, child.pid as number);
  setTimeout(() => child.kill("SIGKILL"), 300);
  const lock = await takeLock(path);
  assert.ok(lock !== undefined);
  await lock.release();
});

test("a live process keeps its lock, by touching it or by being there", async (t) => {
  const child = sleeper(t, ...stay);
  const path = lockOf(t, child.pid as number);
  assert.equal(await takeLock(path), undefined, "there, silent");
  setTimeout(() => utimesSync(path, new Date(), new Date()), 300);
  assert.equal(await takeLock(path), undefined, "touching");
});

test("a process that is dead and that nobody waited for (a zombie) holds no lock", async (t) => {
  if (!existsSync("/proc/self/stat")) return t.skip("no /proc");
  const parent = sleeper(t, "/bin/sh", "-c", "sleep 0 & echo $!; exec sleep 30");
  const [line] = (await once(parent.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  const lock = await takeLock(lockOf(t, Number(String(line))));
  assert.ok(lock !== undefined);
  await lock.release();
});

test("an age does not depend on this machine's clock: one that is an hour ahead takes no live lock, one behind a silent one", async (t) => {
  const real = Date.now;
  const path = lockOf(t, process.pid);
  const elsewhere = JSON.stringify({ pid: process.pid, host: "elsewhere", token: "other" });
  writeFileSync(path, elsewhere);
  let shift = 3_600_000;
  t.mock.method(Date, "now", () => real() + shift);
  assert.equal(await takeLock(path), undefined, "ahead");
  assert.equal(readFileSync(path, "utf8"), elsewhere);
  assert.deepEqual(readdirSync(dirname(path)), [".lock"], "nothing is left of looking");
  shift = -3_600_000;
  const then = new Date(real() - 120_000);
  utimesSync(path, then, then);
  const lock = await takeLock(path);
  assert.ok(lock !== undefined, "behind");
  await lock.release();
});

test("an owner whose lock was taken notices it, and neither touches nor removes the other's", async (t) => {
  const path = lockOf(t, process.pid);
  rmSync(path);
  const lock = await takeLock(path);
  assert.ok(lock !== undefined);
  const then = new Date(1000 * Math.floor(Date.now() / 1000 - 30));
  utimesSync(path, then, then);
  await sleep(longerThanATouch);
  assert.ok(statSync(path).mtimeMs > then.getTime() + 20_000, "its own is touched");
  const other = JSON.stringify({ pid: 1, host: "elsewhere", token: "another" });
  writeFileSync(`${path}.new`, other);
  renameSync(`${path}.new`, path);
  utimesSync(path, then, then);
  assert.equal(await lock.isHeld(), false);
  await sleep(longerThanATouch);
  assert.equal(statSync(path).mtimeMs, then.getTime());
  await lock.release();
  assert.equal(readFileSync(path, "utf8"), other);
  rmSync(path);
  assert.equal(await lock.isHeld(), false, "lost for good");
});
