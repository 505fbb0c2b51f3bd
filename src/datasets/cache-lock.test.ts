/** Whose lock may be taken: that of a process that is dead, dying, or dead and not buried; never a live one's. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
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

const stay: [string, ...string[]] = [process.execPath, "-e", "setTimeout(() => {}, 30_000)"];

test("a lock is taken, is no other's while held, and is gone when released", async (t) => {
  const path = lockOf(t, process.pid);
  rmSync(path);
  const release = await takeLock(path);
  assert.ok(release !== undefined);
  assert.equal(await takeLock(path), undefined);
  await release();
  assert.ok(!existsSync(path));
});

test("the lock of a process that is killed while we look is taken", async (t) => {
  const child = sleeper(t, ...stay);
  const path = lockOf(t, child.pid as number);
  setTimeout(() => child.kill("SIGKILL"), 300);
  const release = await takeLock(path);
  assert.ok(release !== undefined);
  await release();
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
  const release = await takeLock(lockOf(t, Number(String(line))));
  assert.ok(release !== undefined);
  await release();
});
