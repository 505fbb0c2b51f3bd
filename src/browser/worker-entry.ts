/**
 * The code of a Web Worker.
 *
 * Knows: messages, and that holding a lock shows that it lives. May not know: what jobs do (job-table.ts names them).
 */
import { serveTasks } from "../core/serve-tasks.js";
import { packError, type RunnerMessage } from "../core/worker-messages.js";
import { jobTable } from "../evaluation/job-table.js";
import { alive } from "./web-worker.js";

const answer = serveTasks(jobTable);
self.onmessage = async ({ data }: MessageEvent<RunnerMessage>) => {
  const message = await answer(data);
  try {
    self.postMessage(message);
  } catch (error) {
    // Nobody would hear of it, and the page would wait for ever.
    self.postMessage({ type: "error", error: packError(error) });
  }
};
void navigator.locks.request(self.name, () => {
  self.postMessage(alive);
  return new Promise(() => {});
});
