/**
 * What early exit did: when images stopped, and how many decisions it changed.
 *
 * Knows: records of stopped images and of the same images run to T. May not know: networks, files.
 */
import type { ChunkRecord } from "../chunk-record.js";
import type { EvaluationSetup } from "../evaluation-plan.js";
import type { EarlyExitResult, EvaluatedStep } from "../evaluation-result.js";
import { shareInterval } from "./binomial-bound.js";
import { confidence, type EarlyExitSetup } from "./early-exit-setup.js";

export interface ExitSummaryRequest {
  readonly setup: EvaluationSetup;
  readonly earlyExit: EarlyExitSetup;
  /** Of all images, stopped early. */
  readonly stopped: readonly ChunkRecord[];
  /** Of some of them, run to T. */
  readonly full: readonly ChunkRecord[];
  /** The results at T of `stopped` and of `full`; null where `full` is empty. */
  readonly last: EvaluatedStep;
  readonly lastFull: EvaluatedStep | null;
}

export function summarizeExit(request: ExitSummaryRequest): EarlyExitResult {
  const { setup, earlyExit, stopped, last, lastFull } = request;
  const { T } = setup.options;
  const steps = stopped.flatMap(({ exitSteps }) => exitSteps ?? []);
  const { n, differing } = compareDecisions(request);
  return {
    promisedShare: earlyExit.promisedShare,
    confidence: earlyExit.confidence,
    measuredShare: n === 0 ? null : differing / n,
    measuredCi95: n === 0 ? null : shareInterval(differing, n, 1 - confidence),
    measuredOn: n,
    differing,
    meanT: meanSteps(stopped),
    times: [...earlyExit.times.filter((t) => t < T), T].map((t) => ({
      t,
      threshold: earlyExit.thresholds[earlyExit.times.indexOf(t)] ?? null,
      images: steps.filter((step) => step === t).length,
    })),
    accuracy: last.accuracy,
    loss: last.loss,
    lossCi95: last.lossCi95,
    spikes: last.spikes,
    sopStructural: last.sopStructural,
    sopEffective: last.sopEffective,
    full:
      lastFull === null
        ? null
        : {
            n: lastFull.n,
            accuracy: lastFull.accuracy,
            spikes: lastFull.spikes,
            sopStructural: lastFull.sopStructural,
            sopEffective: lastFull.sopEffective,
          },
    fittedOn: earlyExit.fittedOn,
    tested: earlyExit.tested,
  };
}

/** Mean of the last steps of all images. */
export function meanSteps(records: readonly ChunkRecord[]): number {
  const steps = records.flatMap(({ exitSteps }) => exitSteps ?? []);
  return steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length);
}

/** Images whose class when they stopped is another than at T. */
function compareDecisions({ stopped, full }: ExitSummaryRequest): { n: number; differing: number } {
  const classOf = new Map(
    stopped.flatMap((record) =>
      record.indices.map((index, i) => [index, record.at.at(-1)?.predictions[i]] as const),
    ),
  );
  let [n, differing] = [0, 0];
  for (const record of full) {
    for (const [i, index] of record.indices.entries()) {
      n++;
      if (classOf.get(index) !== record.at.at(-1)?.predictions[i]) differing++;
    }
  }
  return { n, differing };
}
