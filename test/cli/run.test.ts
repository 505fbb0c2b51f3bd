/** `respike run`: what it says of steps that it did not look at, and that a signal ends it. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { describeRun } from "#src/cli/verbs/run.js";
import { call, makeWorkplace, model, start } from "./call-respike.js";

const at = makeWorkplace();
after(() => rmSync(at, { recursive: true, force: true }));

const result = (times: readonly number[], predictions: readonly number[]) => ({
  prediction: predictions.at(-1) as number,
  at: times.map((t, index) => ({ t, prediction: predictions[index] as number })),
  alphabet: "binary",
  spikes: { conv1: 12 },
});

test("the last step is T, also where not all steps were looked at", () => {
  const says = (times: readonly number[], predictions: readonly number[]) =>
    describeRun(result(times, predictions)).split("\n")[0];
  assert.equal(
    says([1, 2, 3], [3, 5, 5]),
    "the spiking network says 5 at step 3 and stays with it from step 2 on",
  );
  assert.equal(
    says([8, 16, 32, 20_000], [1, 3, 3, 3]),
    "the spiking network says 3 at step 20000 and stays with it from step 16 on of the steps looked at",
  );
});

test("a class named with control characters is told on one line, without them", () => {
  const text = describeRun({ ...result([1], [0]), name: "cat\u001b[2J\u0007\nerror: forged" });
  assert.match(text, /says 0 \(cat\ufffd\[2J\ufffd error: forged\)/);
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  test(`${signal} ends a run with ${code} within five seconds, long before its steps are done`, async () => {
    const made = await call(
      at,
      "convert",
      model,
      "-o",
      `${signal}.snn.safetensors`,
      "--calibrate",
      "i.npy,l.npy",
      "--calibrate-n",
      "all",
      "-T",
      "8",
    );
    assert.equal(made.code, 0, made.err);
    const words = ["run", `${signal}.snn.safetensors`, "one.npy", "-T", "4000", "--backend", "reference"];
    const { child, done } = start(at, words);
    await wait(1500);
    child.kill(signal);
    const started = performance.now();
    const stopped = await done;
    assert.equal(stopped.code, code, stopped.err);
    assert.ok(performance.now() - started < 5000);
  });
