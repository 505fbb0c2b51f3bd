/** Candidates of `--preset auto` on judging images, with a small network on random images: what is kept between looks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { exitCodes, RespikeError, refuseInput, refuseUsage } from "#src/core/respike-error.js";
import { jobTable } from "#src/evaluation/job-table.js";
import { CandidateJudge, type JudgeSetup } from "#src/library/auto/judge-candidates.js";
import type { PresetContender } from "#src/library/auto/list-contenders.js";
import { convertTiny } from "../conversion/convert-tiny.js";
import { noiseSet, tinyResNet } from "../conversion/tiny-networks.js";

const anyT: PresetContender = { preset: "default", alphabet: "binary", isMadeForSteps: false };
const { snn } = await convertTiny(tinyResNet("A"), { T: 8 });

function makeJudge(more: Partial<JudgeSetup> = {}) {
  const converted: string[] = [];
  const judge = new CandidateJudge({
    images: { ...noiseSet, labels: noiseSet.labels.map((_, at) => at % 5) },
    times: [4, 8],
    data: "noise",
    runner: makeInlineRunner(jobTable),
    async convert(preset, T) {
      converted.push(`${preset} ${T}`);
      return snn;
    },
    onLeftOut() {},
    ...more,
  });
  return { judge, converted };
}

test("a preset for any T that was looked at with all images is looked at with fewer at the next T, as if it were the first look", async () => {
  const { judge, converted } = makeJudge();
  const looks = [[4, 128] as const, [4, 200] as const, [8, 128] as const, [8, 200] as const];
  for (const [T, n] of looks) {
    const seen = await judge.look(anyT, T, n);
    assert.deepEqual(seen, await makeJudge().judge.look(anyT, T, n), `T = ${T}, ${n} images`);
  }
  assert.deepEqual(converted, ["default 16"]);
});

test("no image counts twice or is missing where a chunk crosses the end of a look", async () => {
  const { judge } = makeJudge();
  for (const n of [200, 125, 200, 77]) {
    assert.deepEqual(await judge.look(anyT, 8, n), await makeJudge().judge.look(anyT, 8, n), `${n} images`);
  }
});

test("a preset that cannot be converted with is refused once and left out at every T; a fault of the machine is thrown", async () => {
  const left: string[] = [];
  const refusing = (error: Error) =>
    makeJudge({
      convert: async () => {
        throw error;
      },
      onLeftOut: ({ preset, T }) => left.push(`${preset} ${T}`),
    }).judge;
  const problem = { code: "not-convertible", where: "a", rule: "b", value: "c", next: "d" };
  for (const refuse of [refuseInput, refuseUsage]) {
    const judge = refusing(refuse(problem));
    for (const T of [4, 8]) assert.equal(await judge.look(anyT, T, 128), null);
  }
  assert.deepEqual(left, ["default null", "default null"]);
  const disk = new RespikeError(exitCodes.environment, { ...problem, code: "disk-full" });
  await assert.rejects(refusing(disk).look(anyT, 4, 128), disk);
});
