/** The library's `evaluate`: a loss above the bound tells its warnings, one that nobody measures is refused. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { RespikeError } from "#src/core/respike-error.js";
import { encodeNpy } from "#src/datasets/npy.js";
import type { Snn } from "#src/graph/snn.js";
import { evaluate } from "#src/library/evaluate.js";
import { convertTiny } from "../conversion/convert-tiny.js";
import { noise, tinyPoolNet, upTo } from "../conversion/tiny-networks.js";

const n = 30;
let folder = "";
let snn: Snn;
const at = (name: string) => join(folder, name);
const call = (out: string) => ({ data: `${at("i.npy")},${at("l.npy")}`, threads: 1, out: at(out) });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "respike-evaluate-"));
  await writeFile(at("i.npy"), encodeNpy([n, 3, 8, 8], noise.read(upTo(n)) as Uint8Array));
  await writeFile(at("l.npy"), encodeNpy([n], new Uint8Array(n).fill(2)));
  ({ snn } = await convertTiny(tinyPoolNet(), { T: 8, lambda: "max", v0: 0, delay: 4 }));
});
after(() => rm(folder, { recursive: true, force: true }));

test("a loss above --max-loss is an error with all warnings, after everything is written", async () => {
  await assert.rejects(evaluate(snn, { ...call("lost"), T: 1, maxLoss: 50 }), (error) => {
    assert.ok(error instanceof RespikeError);
    assert.deepEqual([error.exitCode, error.code], [4, "max-loss"]);
    assert.deepEqual(
      error.warnings.map(({ code }) => code),
      ["made-for-other-steps", "no-correlation"],
    );
    return true;
  });
  assert.ok(existsSync(join(at("lost"), "results.json")));
});

test("--max-loss without the network is refused before anything is simulated", async () => {
  await assert.rejects(evaluate(snn, { ...call("unmeasured"), noAnn: true, maxLoss: 1 }), {
    exitCode: 2,
    where: "--max-loss",
  });
  assert.ok(!existsSync(at("unmeasured")));
});
