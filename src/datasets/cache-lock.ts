/**
 * One process at a time builds a cache entry; the others wait and then use it.
 *
 * Knows: a lock file with its owner's process and host, touched every few seconds.
 * May not know: what is built.
 *
 * The lock only saves work. What is published is right without it, because it is written
 * under a unique temporary name and renamed: a lock that was taken from a sleeping owner
 * costs a second build, never wrong data.
 */
import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const touchEveryMs = 2000;
/** Longer than any decoding that keeps an owner from touching its lock. */
const staleAfterMs = 60_000;
const pollEveryMs = 150;

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once where another process holds the lock. */
  readonly onWait?: (() => void) | undefined;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

/**
 * Runs `work` while holding the lock at `path`, as soon as no other process does.
 * `isDone` is asked first and after each wait: where it gives a value, nothing is built.
 */
export async function withLock<T>(
  path: string,
  isDone: () => Promise<T | undefined>,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  let waited = false;
  for (;;) {
    options.signal?.throwIfAborted();
    const done = await isDone();
    if (done !== undefined) return done;
    const release = await tryLock(path);
    if (release === undefined) {
      if (!waited) options.onWait?.();
      waited = true;
      await sleep(pollEveryMs);
      continue;
    }
    try {
      return (await isDone()) ?? (await work());
    } finally {
      await release();
    }
  }
}

/**
 * Takes the lock at `path`, also from an owner who is dead or just dying; nothing where a live process holds it:
 * one that touches it while we look, or is there still after longer than a touch takes to come.
 */
export async function takeLock(path: string): Promise<(() => Promise<void>) | undefined> {
  const readTouch = async () => (await stat(path).catch(() => undefined))?.mtimeMs;
  const before = await readTouch();
  const until = Date.now() + 1.5 * touchEveryMs;
  for (;;) {
    const release = (await tryLock(path)) ?? (await tryLock(path));
    if (release !== undefined) return release;
    if ((await readTouch()) !== before || Date.now() > until) return undefined;
    await sleep(pollEveryMs);
  }
}

/** The function that releases the lock, or nothing where another live process holds it. */
async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
  const owner: Owner = { pid: process.pid, host: hostname(), token: randomUUID() };
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(JSON.stringify(owner));
    } finally {
      await file.close();
    }
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "EEXIST") throw cause;
    await breakStaleLock(path);
    return undefined;
  }
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, touchEveryMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    const current = await readOwner(path);
    if (current?.token === owner.token) await rm(path, { force: true });
  };
}

/** Takes away a lock whose owner is dead (same host) or was silent for a minute. */
async function breakStaleLock(path: string): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return;
  const owner = await readOwner(path);
  const dead = owner !== undefined && owner.host === hostname() && !(await isAlive(owner.pid));
  if (!dead && Date.now() - info.mtimeMs < staleAfterMs) return;
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(() => {});
  await rm(aside, { force: true });
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    return (cause as { code?: unknown }).code === "EPERM";
  }
  // killed, but nobody has asked for its exit code (a container without an init): Linux shows it as Z
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/^.*\) [ZX] /s.test(state);
}
