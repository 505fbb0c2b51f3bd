/**
 * The code of a worker thread.
 *
 * Knows: node:worker_threads. May not know: what jobs do (job-table.ts names them).
 */
import { parentPort } from "node:worker_threads";
import { serveTasks } from "../core/serve-tasks.js";
import type { RunnerMessage } from "../core/worker-messages.js";
import { jobTable } from "../evaluation/job-table.js";

const port = parentPort;
if (port === null) throw new Error("worker-entry.js runs in a worker thread only");
const answer = serveTasks(jobTable);
port.on("message", async (message: RunnerMessage) => {
  port.postMessage(await answer(message));
});
