/**
 * One process at a time works at a place; the others wait and then use what it made, or go away.
 *
 * Knows: a lock file with its owner's process and host, written anew every few seconds.
 * May not know: what is guarded.
 *
 * A cache entry is right without it, because it is written under a unique temporary name and renamed: a lock that was
 * taken from a sleeping owner costs a second build, never wrong data. A run folder is not, because lines are appended to a
 * file of it: its owner asks before each write whether the lock is still its own, and stops where another has taken it. What
 * is left is an owner that falls asleep between asking and writing; who reads the folder refuses images that stand there twice.
 *
 * Ages are differences of file times, the lock's and that of a file made beside it now: the clocks of machines that share a
 * disk may be minutes apart.
 */
import { randomUUID } from "node:crypto";
import { link, open, readFile, rename, rm, stat } from "node:fs/promises";
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

export interface HeldLock {
  /** False once another process has taken it: this one was silent for a minute. */
  isHeld(): Promise<boolean>;
  /** Leaves another's lock alone. */
  release(): Promise<void>;
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
  const breakStale = watchStale(path);
  let waited = false;
  for (;;) {
    options.signal?.throwIfAborted();
    const done = await isDone();
    if (done !== undefined) return done;
    const lock = await createLock(path);
    if (lock === undefined) {
      await breakStale();
      if (!waited) options.onWait?.();
      waited = true;
      await sleep(pollEveryMs);
      continue;
    }
    try {
      return (await isDone()) ?? (await work());
    } finally {
      await lock.release();
    }
  }
}

/**
 * Takes the lock at `path`, also from an owner who is dead or just dying; nothing where a live process holds it:
 * one that touches it while we look, or is there still after longer than a touch takes to come.
 */
export async function takeLock(path: string): Promise<HeldLock | undefined> {
  const readTouch = async () => (await stat(path).catch(() => undefined))?.mtimeMs;
  const before = await readTouch();
  const breakStale = watchStale(path);
  const until = performance.now() + 1.5 * touchEveryMs;
  for (;;) {
    const lock = (await createLock(path)) ?? (await breakStale().then(() => createLock(path)));
    if (lock !== undefined) return lock;
    if ((await readTouch()) !== before || performance.now() > until) return undefined;
    await sleep(pollEveryMs);
  }
}

/** Nothing where a lock lies at `path`. */
async function createLock(path: string): Promise<HeldLock | undefined> {
  const { token, ...self } = describeSelf();
  const text = JSON.stringify({ ...self, token });
  const file = await open(path, "wx").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "EEXIST") return undefined;
    throw cause;
  });
  if (file === undefined) return undefined;
  // Through the file that was made: whatever lies at the path by then, no other's lock is touched. The disk's clock tells when.
  const write = async () => {
    await file.write(text, 0);
    await file.datasync();
  };
  await write().catch(async (cause: unknown) => {
    await file.close().catch(() => {});
    await rm(path, { force: true });
    throw cause;
  });
  let isLost = false;
  const isHeld = async () => {
    isLost ||= !(await mayBeOwnedBy(path, token));
    return !isLost;
  };
  const timer = setInterval(async () => {
    if (await isHeld()) await write().catch(() => {});
  }, touchEveryMs);
  timer.unref();
  return {
    isHeld,
    async release() {
      clearInterval(timer);
      await file.close().catch(() => {});
      if ((await readOwner(path))?.token === token) await rm(path, { force: true });
    },
  };
}

const describeSelf = (): Owner => ({ pid: process.pid, host: hostname(), token: randomUUID() });

/** False where another's lock lies at `path`, or none; a disk that does not answer says nothing. */
async function mayBeOwnedBy(path: string, token: string): Promise<boolean> {
  try {
    return (await readFile(path, "utf8")).includes(token);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

/**
 * Takes away a lock whose owner is dead (same host), at any call, or was silent for a minute, for which it looks every few
 * seconds.
 */
function watchStale(path: string): () => Promise<void> {
  let nextLook = 0;
  return async () => {
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) return;
    const owner = await readOwner(path);
    const dead = owner !== undefined && owner.host === hostname() && !(await isAlive(owner.pid));
    if (!dead) {
      if (performance.now() < nextLook) return;
      nextLook = performance.now() + touchEveryMs;
      if ((await readFileClock(path)) - info.mtimeMs < staleAfterMs) return;
    }
    await takeAway(path, owner);
  };
}

/** The time that a file made beside `path` now is given. */
async function readFileClock(path: string): Promise<number> {
  const name = `${path}.${randomUUID()}`;
  try {
    const file = await open(name, "wx");
    try {
      return (await file.stat()).mtimeMs;
    } finally {
      await file.close();
    }
  } catch {
    return Date.now();
  } finally {
    await rm(name, { force: true }).catch(() => {});
  }
}

/** The lock of that owner; one that another process has put there meanwhile is put back. */
async function takeAway(path: string, owner: Owner | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readOwner(aside))?.token !== owner?.token) await link(aside, path).catch(() => {});
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
