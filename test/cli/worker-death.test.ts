/** A worker that is stopped in the middle of a command: exit 5, the images named, nothing lost or counted wrongly. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { callJson, type Envelope, makeWorkplace, model } from "./call-respike.js";

const at = makeWorkplace();
after(() => rmSync(at, { recursive: true, force: true }));

const evaluation = [
  "evaluate",
  "a.snn.safetensors",
  "--data",
  "i.npy,l.npy",
  "--batch",
  "2",
  "--threads",
  "2",
  "--hash",
];

async function withStopAfter(results: number, ...words: string[]) {
  const hook = new URL("./stop-workers.js", import.meta.url).href;
  const before = { ...process.env };
  Object.assign(process.env, { NODE_OPTIONS: `--import ${hook}`, RESPIKE_TEST_STOP_AFTER: String(results) });
  try {
    return await callJson(at, ...words);
  } finally {
    process.env = before;
  }
}

const withoutRun = ({ result: { run: _, ...rest } }: Envelope) => rest;

test("evaluate names the images of a stopped worker; --resume gives the undisturbed results", async () => {
  const conversion = ["convert", model, "--calibrate", "i.npy,l.npy", "--calibrate-n", "all", "-T", "16"];
  assert.equal((await callJson(at, ...conversion, "-o", "a.snn.safetensors")).code, 0);
  const undisturbed = await callJson(at, ...evaluation, "--out", "undisturbed");
  assert.equal(undisturbed.code, 0, undisturbed.err);

  const died = await withStopAfter(5, ...evaluation, "--out", "run");
  assert.deepEqual([died.code, died.doc.errors[0]?.code], [5, "worker-died"]);
  assert.match(died.doc.errors[0]?.where ?? "", /^task \d+ of job 'evaluate-chunk' \(images \d+…\d+\)$/);
  const resumed = await callJson(at, ...evaluation, "--out", "run", "--resume");
  assert.equal(resumed.code, 0, resumed.err);
  assert.deepEqual(withoutRun(resumed.doc), withoutRun(undisturbed.doc));
});
