/**
 * All plots of a run, in the order of the report; a new plot is added here.
 *
 * Knows: the plots. May not know: pages, files.
 */
import { accuracyAgainstSteps } from "./accuracy-against-steps.js";
import { correlationPerLayer } from "./correlation-per-layer.js";
import { energy } from "./energy.js";
import { errorPerLayer } from "./error-per-layer.js";
import { exitTimes } from "./exit-times.js";
import { lossAgainstSteps } from "./loss-against-steps.js";
import { operationsAgainstSteps } from "./operations-against-steps.js";
import type { Plot } from "./plot.js";
import { ratePerLayer } from "./rate-per-layer.js";
import { spikesAgainstSteps } from "./spikes-against-steps.js";

export const plotList: readonly Plot[] = [
  lossAgainstSteps,
  accuracyAgainstSteps,
  ratePerLayer,
  correlationPerLayer,
  errorPerLayer,
  spikesAgainstSteps,
  operationsAgainstSteps,
  energy,
  exitTimes,
];
