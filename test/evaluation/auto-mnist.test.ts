/** `convert --preset auto` on the shipped MNIST network, through the built command line, with few judging images. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { encode as encodePng } from "fast-png";
import { RespikeError } from "#src/core/respike-error.js";
import type { AutoResult } from "#src/evaluation/auto-result.js";
import { convertAuto } from "#src/library/auto/convert-auto.js";
import { evaluate } from "#src/library/evaluate.js";
import { loadModel } from "#src/library/load-model.js";
import { loadSnn } from "#src/library/snn-files.js";
import { callJson, model } from "../cli/call-respike.js";

const cache = process.env.RESPIKE_CACHE;
const few = [
  "convert",
  model,
  "--calibrate",
  "mnist",
  "--calibrate-n",
  "64",
  "--adjust-n",
  "16",
  "--judge-n",
  "160",
];
let at = "";
let auto: AutoResult;
before(async () => {
  at = mkdtempSync(join(tmpdir(), "respike-auto-"));
  const words = [
    ...few,
    "--preset",
    "auto",
    "--max-loss",
    "3",
    "--alphabet",
    "multi-level",
    "--certify",
    "off",
  ];
  const { code, err, doc } = await callJson(at, ...words, "-o", "few.snn.safetensors");
  assert.equal(code, 0, err);
  auto = (doc.result as unknown as { auto: AutoResult }).auto;
});
after(() => rmSync(at, { recursive: true, force: true }));

test("the choice meets the bound on all judging images, at the smallest T that was tried last, with the fewest operations", () => {
  const { chosen, candidates, judgedOn, bound, network } = auto;
  assert.ok(chosen !== null && chosen.verdict === "meets" && chosen.alphabet === "multi-level");
  assert.deepEqual([bound, judgedOn.n, judgedOn.of, judgedOn.split], [3, 160, 5000, "train"]);
  assert.ok(chosen.n === 160 && chosen.lossCi95[1] <= 3);
  assert.ok(network.accuracy > 95 && network.macs > 1e6);
  assert.deepEqual(new Set(candidates.map(({ preset }) => preset)), new Set(["refine"]));
  for (const { T, verdict, sop, lossCi95, n } of candidates) {
    if (verdict === "meets") assert.ok(T === chosen.T && sop >= chosen.sop);
    if (verdict === "rejected") assert.ok(lossCi95[0] > 3 && (n === 128 || n === 160));
    assert.ok(T <= chosen.T);
  }
});

test("the saved network has the preset, T and all candidates, and loses on the test images no 10 points", async () => {
  const snn = await loadSnn(join(at, "few.snn.safetensors"));
  const { preset, T, auto: saved } = snn.options;
  assert.deepEqual([preset, T], [auto.chosen?.preset, auto.chosen?.T]);
  assert.deepEqual(saved, JSON.parse(JSON.stringify(auto)));
  const { result } = await evaluate(snn, {
    n: 100,
    threads: 1,
    ...(cache === undefined ? {} : { cacheDir: cache }),
  });
  assert.ok(result.snn.T === T && (result.snn.at.at(-1)?.loss ?? 100) < 10);
});

test("a bound that nothing meets ends with exit code 4, names the closest and writes the front", async () => {
  const front = join(at, "front.html");
  const clipped = { lambdaFactor: 0.02, adjust: "off", alphabet: "multi-level", times: [2, 4] } as const;
  const asked = { ...clipped, maxLoss: 3, judgeN: 160, calibrateN: 64, front };
  const shipped = await loadModel(model);
  await assert.rejects(convertAuto(shipped, asked), (error) => {
    assert.ok(error instanceof RespikeError && error.exitCode === 4 && error.code === "max-loss");
    assert.match(error.value, /^the closest is refine at T = [24]: .* on 128 images$/);
    return true;
  });
  assert.match(readFileSync(front, "utf8"), /<svg[\s\S]*refine \(multi-level\)/);
  await assert.rejects(convertAuto(shipped, asked), { code: "output-exists" });
});

test("what had to be changed in the images is said, as without auto", async () => {
  const folder = join(at, "digits");
  for (let index = 0; index < 20; index++) {
    const own = join(folder, String(index % 10));
    mkdirSync(own, { recursive: true });
    // grey with a transparent half
    const data = Uint8Array.from({ length: 2 * 28 * 28 }, (_, i) => (i % 2 === 1 ? 128 : (i * index) & 255));
    const picture = encodePng({ width: 28, height: 28, channels: 2, depth: 8, data });
    writeFileSync(join(own, `${index}.png`), picture);
  }
  const quick = {
    calibrate: folder,
    calibrateN: 8,
    adjust: "off",
    certify: "off",
    judgeN: 2,
    times: [2],
  } as const;
  const { warnings } = await convertAuto(await loadModel(model), {
    ...quick,
    alphabet: "multi-level",
    maxLoss: 100,
  });
  assert.equal(warnings.filter(({ code }) => code === "images-changed").length, 1);
});

test("what auto chooses is not given, and images that cannot show the bound are refused", async () => {
  const given = await callJson(at, ...few, "--preset", "auto", "-T", "9", "-o", "none.snn.safetensors");
  assert.deepEqual([given.code, given.doc.errors[0]?.where], [2, "-T"]);
  const narrow = await callJson(at, ...few, "--preset", "auto", "-o", "none.snn.safetensors");
  assert.deepEqual([narrow.code, narrow.doc.errors[0]?.where], [2, "--judge-n"]);
  assert.match(narrow.doc.errors[0]?.next ?? "", /390/);
});
