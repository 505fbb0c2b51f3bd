/**
 * The code of a worker thread.
 *
 * Knows: which jobs there are. May not know: what jobs do (job-table.ts names them).
 */
import { jobTable } from "../evaluation/job-table.js";
import { serveWorker } from "./serve-worker.js";

serveWorker(jobTable);
