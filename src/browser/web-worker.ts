/**
 * A Web Worker as a pool sees it.
 *
 * Knows: that nobody says so when a worker ends itself or is ended by the browser, except that its locks become free.
 * May not know: pools, what jobs do.
 */
import type { WorkerMessage } from "../core/worker-messages.js";
import type { WorkerEvents, WorkerLine } from "../core/worker-pool.js";

/** The worker's first message, when it holds the lock of its name. */
export const alive = "respike worker alive";

/** @param url of the bundled worker-entry; beside this file by default */
export function startWebWorker(events: WorkerEvents, url: URL | string | undefined): WorkerLine {
  const name = `respike-${crypto.randomUUID()}`;
  const worker =
    url === undefined
      ? new Worker(new URL("./worker-entry.js", import.meta.url), { type: "module", name })
      : new Worker(url, { type: "module", name });
  const ended = new AbortController();
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage | typeof alive>) => {
    if (data === alive) watchLock(name, events, ended.signal);
    else events.message(data);
  };
  worker.onmessageerror = () => {
    events.death({ kind: "error", cause: new Error("the worker's answer could not be read") });
  };
  worker.onerror = (event) => {
    const text = event.message === undefined ? "the worker's code could not be loaded" : event.message;
    events.death({ kind: "error", cause: new Error(text) });
  };
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    rest() {},
    async end() {
      ended.abort();
      worker.terminate();
    },
  };
}

/** The worker's lock is granted to us when the worker is gone, however it went. */
function watchLock(name: string, events: WorkerEvents, signal: AbortSignal): void {
  const died = () => {
    events.death({ kind: "stopped", cause: new Error("the worker stopped") });
  };
  navigator.locks.request(name, { signal }, died).catch(() => {});
}
