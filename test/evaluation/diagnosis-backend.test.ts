/** A diagnosis runs on the backend that was asked for, its what-ifs too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import type { Job } from "#src/core/task-runner.js";
import { diagnoseSnn } from "#src/evaluation/diagnosis/diagnose-snn.js";
import { jobTable } from "#src/evaluation/job-table.js";
import { convertTiny } from "../conversion/convert-tiny.js";
import { tinyResNet, noiseSet as train, upTo } from "../conversion/tiny-networks.js";

test("with --backend reference no job of a diagnosis, the what-ifs among them, asks for another", async () => {
  const { snn } = await convertTiny(tinyResNet("A"), { T: 4, calibrateN: 24 });
  const asked: [kind: string, backend: unknown][] = [];
  const inline = makeInlineRunner(jobTable);
  const runner = {
    threads: 1,
    run<Shared, Task, Result>(job: Job<Shared, Task, Result>): Promise<void> {
      const { backend } = job.shared as { readonly backend?: unknown };
      if (backend !== undefined) asked.push([job.kind, backend]);
      return inline.run(job);
    },
  };
  const run = { snn, train, data: "noise", indices: upTo(2, 150), steps: 4, seed: 0 } as const;
  const how = { readout: "mean", delay: 0, backend: "reference" } as const;
  await diagnoseSnn({ ...run, ...how }, runner, { whatIf: 1 });
  assert.deepEqual([...new Set(asked.map(([kind]) => kind))].sort(), ["observe-images", "simulate"]);
  assert.deepEqual([...new Set(asked.map(([, backend]) => backend))], ["reference"]);
});
