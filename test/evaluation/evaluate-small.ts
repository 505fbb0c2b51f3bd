/** Evaluates the small network into a run folder; run as a program it is what the tests kill: `node evaluate-small.js DIR threads`. */
import { argv } from "node:process";
import { pathToFileURL } from "node:url";
import type { Evaluation } from "#src/evaluation/accumulate.js";
import { evaluateSnn } from "#src/evaluation/evaluate-snn.js";
import { type EvaluationOptions, planEvaluation } from "#src/evaluation/evaluation-plan.js";
import { openRunFolder, type RunConfig } from "#src/node/run-folder.js";
import { makeWorkerRunner } from "#src/node/worker-runner.js";
import { buildSmallSnn, smallImages } from "./residual-networks.js";

export interface SmallRun extends EvaluationOptions {
  readonly threads?: number;
  readonly images?: number;
  readonly resume?: boolean;
  readonly pause?: number;
  readonly onAppended?: () => Promise<void>;
  readonly writeMore?: (folder: string) => Promise<void>;
}

export async function evaluateSmall(dir: string, run: SmallRun = {}): Promise<Evaluation> {
  const options = { backend: "reference", hash: true, batch: 3, at: [4, 8], ...run } as const;
  const plan = planEvaluation(buildSmallSnn(), smallImages(run.images ?? 31), "small", options);
  const config: RunConfig = {
    schema: "respike.run/1",
    version: "0.0.0",
    command: [],
    flags: {},
    inputs: {},
    setup: plan.setup,
  };
  const folder = await openRunFolder(dir, config, { resume: run.resume });
  const slow = {
    ...folder,
    async append(record: Parameters<typeof folder.append>[0]) {
      await folder.append(record);
      await run.onAppended?.();
      if (run.pause !== undefined) await new Promise((resolve) => setTimeout(resolve, run.pause));
    },
  };
  let evaluation: Evaluation;
  try {
    evaluation = await evaluateSnn(plan, makeWorkerRunner(run.threads ?? 1), { store: slow });
  } catch (error) {
    await folder.close();
    throw error;
  }
  await folder.finish(evaluation, run.writeMore);
  return evaluation;
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  await evaluateSmall(argv[2] as string, { threads: Number(argv[3]), pause: 60, resume: true });
}
