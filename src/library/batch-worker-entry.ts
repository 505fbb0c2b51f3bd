/**
 * The code of a worker thread that makes batches of training images; it loads nothing else.
 *
 * Knows: the jobs of training. May not know: what they do.
 */
import { serveWorker } from "../node/serve-worker.js";
import { trainingJobs } from "../training/training-jobs.js";

serveWorker(trainingJobs);
