import assert from "node:assert/strict";
import { test } from "node:test";
import { makeInlineRunner } from "./inline-runner.js";

test("timers run between tasks of the calling thread, so that a signal stops a job", async () => {
  const controller = new AbortController();
  const reason = new Error("stopped by a timer");
  setTimeout(() => controller.abort(reason), 1);
  let handled = 0;
  const handle = (milliseconds: number) => {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
    return ++handled;
  };
  const runner = makeInlineRunner({ busy: () => ({ handle }) });
  const job = {
    kind: "busy",
    shared: null,
    tasks: new Array<number>(20).fill(60),
    onResult: () => {},
    signal: controller.signal,
  };
  await assert.rejects(runner.run(job), reason);
  assert.ok(handled > 0 && handled < 20, `${handled} tasks were handled`);
});
