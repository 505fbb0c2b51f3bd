/**
 * The jobs that workers know: kind → what makes their handler.
 *
 * Knows: the list. May not know: what jobs do.
 */
import { conversionJobs } from "../conversion/conversion-jobs.js";
import type { TaskHandlerFactory } from "../core/task-runner.js";
import { startCompareHandler } from "./compare-spikes.js";
import { startObserveHandler } from "./diagnosis/observe-images.js";
import { startMarginHandler } from "./early-exit/exit-margins.js";
import { startChunkHandler } from "./evaluate-chunk.js";
import { startSpeedHandler } from "./measure-speed.js";
import { startReplayHandler } from "./replay-layer.js";
import { startSimulateHandler } from "./simulate-images.js";
import { startRequestHandler } from "./simulate-request.js";

export const jobTable: Readonly<Record<string, TaskHandlerFactory>> = {
  ...conversionJobs,
  "compare-spikes": startCompareHandler,
  "evaluate-chunk": startChunkHandler,
  "exit-margins": startMarginHandler,
  "measure-speed": startSpeedHandler,
  "observe-images": startObserveHandler,
  "replay-layer": startReplayHandler,
  simulate: startSimulateHandler,
  "simulate-request": startRequestHandler,
};
