/** The public library; see docs/library.md. */
export {
  describeProblem,
  exitCodes,
  type Problem,
  RespikeError,
  type Warning,
} from "./core/respike-error.js";
