/** What a diagnosis has to say of planted faults: the faulty layer first within its cause, wiring first of all. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { convertGraph } from "#src/conversion/convert-graph.js";
import { resolveConvertOptions } from "#src/conversion/convert-options.js";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { gatherImages, type ImageSet } from "#src/datasets/dataset.js";
import { type Diagnosis, diagnoseSnn } from "#src/evaluation/diagnosis/diagnose-snn.js";
import { jobTable } from "#src/evaluation/job-table.js";
import type { Graph } from "#src/graph/graph.js";
import type { Preprocessing } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import { flipCurrent, forgetShortcut, listShortcuts, scaleTheta, scaleWeights } from "./plant-faults.js";

const steps = 32;
/** Images that diagnose, behind the hundred that calibrate. */
export const images = 8;
const runner = makeInlineRunner(jobTable);

export async function convertFloat(
  graph: Graph,
  preprocessing: Preprocessing,
  train: ImageSet,
): Promise<Snn> {
  const options = resolveConvertOptions({ T: steps, number: "float32", calibrateN: 100, lambda: "p99.9" });
  const { snn } = await convertGraph({ graph, preprocessing }, options, {
    calibration: {
      source: { read: (which) => gatherImages(train, which) },
      indices: Uint32Array.from({ length: 100 }, (_, i) => i),
      judgingIndices: new Uint32Array(0),
    },
    runner,
  });
  return snn;
}

function diagnose(snn: Snn, train: ImageSet, delay: number): Promise<Diagnosis> {
  const indices = Uint32Array.from({ length: images }, (_, i) => 100 + i);
  const run = { snn, train, data: "test", indices, steps, readout: "mean", delay, seed: 0 } as const;
  return diagnoseSnn(run, runner, { whatIf: 0 });
}

const defects = ({ layers }: Diagnosis) => layers.filter(({ isDefect }) => isDefect).map(({ name }) => name);

/**
 * The five faults of the design, in a layer in the middle and in two shortcuts.
 *
 * @param delay steps that the readout leaves out
 */
export async function checkFaults(t: TestContext, snn: Snn, train: ImageSet, delay = 0): Promise<void> {
  const names = snn.layers.map(({ name }) => name);
  const middle = names[Math.floor(names.length / 2)] as string;
  await t.test("none: no defect", async () => {
    const sound = await diagnose(snn, train, delay);
    assert.deepEqual(defects(sound), []);
    assert.ok(sound.findings.every(({ cause }) => cause !== "wiring"));
    assert.ok(sound.layers.some(({ parts }) => parts.unevenness > 1e-4));
  });
  for (const [what, cause, factor] of [
    ["θ ÷ 4", "clipping", 1 / 4],
    ["θ × 4", "quantisation", 4],
  ] as const) {
    await t.test(`${what} in ${middle}: first in ${cause}, no defect`, async () => {
      const diagnosis = await diagnose(scaleTheta(snn, middle, factor), train, delay);
      assert.equal(diagnosis.byCause[cause][0], middle);
      assert.deepEqual(defects(diagnosis), []);
      assert.equal(diagnosis.findings.find(({ layer }) => layer === middle)?.cause, cause);
    });
  }
  const [one, other] = listShortcuts(snn) as [string, string];
  for (const [what, layer, fault] of [
    ["weights × 4", middle, scaleWeights(snn, middle, 4)],
    ["shortcut unscaled", one, forgetShortcut(snn, one)],
    ["shortcut unscaled", other, forgetShortcut(snn, other)],
    ["bias of the wrong sign", names[1] as string, flipCurrent(snn, names[1] as string)],
  ] as const) {
    await t.test(`${what} in ${layer}: first in wiring and first of all, the only defect`, async () => {
      const diagnosis = await diagnose(fault, train, delay);
      assert.deepEqual(defects(diagnosis), [layer]);
      assert.equal(diagnosis.byCause.wiring[0], layer);
      const [first] = diagnosis.findings;
      assert.deepEqual([first?.layer, first?.cause, first?.adviceId], [layer, "wiring", "defect"]);
    });
  }
}
