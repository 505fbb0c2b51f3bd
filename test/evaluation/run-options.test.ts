/** T, readout and delay are the same of every call that runs a spiking network: resolved alike, refused alike. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Problem, RespikeError } from "#src/core/respike-error.js";
import { encodeNpy } from "#src/datasets/npy.js";
import { planEvaluation } from "#src/evaluation/evaluation-plan.js";
import { resolveRunOptions } from "#src/evaluation/resolve-run-options.js";
import type { Snn } from "#src/graph/snn.js";
import { diagnose, planRun } from "#src/library/diagnose.js";
import { evaluate } from "#src/library/evaluate.js";
import { run } from "#src/library/run.js";
import { convertTiny } from "../conversion/convert-tiny.js";
import { noise, noiseSet, tinyPoolNet, tinyResNet, upTo } from "../conversion/tiny-networks.js";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "respike-run-options-"));
  await writeFile(join(folder, "i.npy"), encodeNpy([20, 3, 8, 8], noise.read(upTo(20)) as Uint8Array));
  await writeFile(join(folder, "l.npy"), encodeNpy([20], new Uint8Array(20)));
  await writeFile(join(folder, "one.npy"), encodeNpy([3, 8, 8], noise.read(upTo(1)) as Uint8Array));
});
after(() => rm(folder, { recursive: true, force: true }));

/** What each of the calls refuses; fails where one takes the options. */
async function refusals(snn: Snn, options: { T?: number; delay?: number }): Promise<readonly Problem[][]> {
  const call = { data: `${join(folder, "i.npy")},${join(folder, "l.npy")}`, threads: 1, ...options };
  const calls = [
    run(snn, join(folder, "one.npy"), options),
    evaluate(snn, call),
    diagnose(snn, { ...call, whatIf: 0 }),
  ];
  return Promise.all(
    calls.map((made) =>
      made.then(
        () => assert.fail("is refused"),
        (error: RespikeError) => [...error.problems],
      ),
    ),
  );
}

test("run, evaluate and diagnose refuse the same T and delay, in the same words", async () => {
  const { snn } = await convertTiny(tinyResNet("A"), { T: 8 });
  for (const options of [{ delay: 8 }, { T: 4, delay: 4 }, { T: 4, delay: 7 }, { T: 0 }, { T: 65_001 }]) {
    const [first, ...others] = await refusals(snn, options);
    assert.equal(first?.length, 1, JSON.stringify(first));
    for (const other of others) assert.deepEqual(other, first);
  }
  const { snn: wide } = await convertTiny(tinyResNet("A"), { T: 8, number: "int32" });
  const [first, ...others] = await refusals(wide, { T: 4001 });
  assert.match(first?.[0]?.rule ?? "", /from 1 to 4000 \(int32 layers\)/);
  for (const other of others) assert.deepEqual(other, first);
});

test("where no training image is unseen, diagnose says why: too few, or auto has judged on all that do not calibrate", async () => {
  const { snn } = await convertTiny(tinyResNet("A"), { T: 4 });
  const reason = (snn: Snn, n: number) => {
    const train = { ...noiseSet, n };
    try {
      planRun(snn, train, "noise");
    } catch (error) {
      const { exitCode, value } = error as RespikeError;
      return [exitCode, value] as const;
    }
    return assert.fail("is refused");
  };
  const [few, saysFew] = reason(snn, 9);
  assert.equal(few, 3);
  assert.match(saysFew, /fewer than 10 training images/);
  const auto = { judgedOn: { n: 4 } };
  const [judged, saysJudged] = reason({ ...snn, options: { ...snn.options, calibrateN: "all", auto } }, 40);
  assert.equal(judged, 3);
  assert.match(saysJudged, /auto judged on 4 of 4 held-back images.*smaller --calibrate-n/);
  assert.doesNotMatch(saysJudged, /fewer than/);
});

test("a delay of the SNN's own that leaves nothing at a smaller T is not refused", async () => {
  const { snn } = await convertTiny(tinyResNet("A"), { T: 8, delay: 5 });
  assert.deepEqual(resolveRunOptions(snn, { T: 4 }), { T: 4, readout: "mean", delay: 5 });
});

test("an SNN without a saved readout has the one that fits its output, in every call", async () => {
  const forms = [
    ["mean", () => tinyResNet("A"), {}],
    ["count", tinyPoolNet, { output: "neuron" }],
    ["final", () => tinyResNet("A"), { spikes: "refine:7" }],
  ] as const;
  for (const [readout, graph, options] of forms) {
    const { snn } = await convertTiny(graph(), { T: 4, ...options });
    const { readout: _, ...rest } = snn.options;
    const bare = { ...snn, options: rest };
    assert.equal(planEvaluation(bare, noiseSet, "noise", { n: 2 }).setup.options.readout, readout);
    assert.equal(planRun(bare, noiseSet, "noise").readout, readout);
    const input = join(folder, "one.npy");
    const { result } = await run(bare, input);
    assert.deepEqual(result, (await run(snn, input, { readout })).result);
  }
});

test("no images at all are refused, not evaluated as complete", async () => {
  const { snn } = await convertTiny(tinyResNet("A"), { T: 4 });
  const none = { ...noiseSet, n: 0, pixels: new Uint8Array(0), labels: new Int32Array(0) };
  assert.throws(() => planEvaluation(snn, none, "none"), { exitCode: 3, code: "no-images" });
});
