/** A worker that computes as the package's does, until the image that RESPIKE_TEST_DEATH names: `how:index`. */
import { parentPort } from "node:worker_threads";
import { serveTasks } from "#src/core/serve-tasks.js";
import type { TaskHandlerFactory } from "#src/core/task-runner.js";
import type { RunnerMessage } from "#src/core/worker-messages.js";
import { type ChunkShared, type ChunkTask, startChunkHandler } from "#src/evaluation/evaluate-chunk.js";

const [how = "", image = ""] = (process.env.RESPIKE_TEST_DEATH ?? "").split(":");

const deaths: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(7),
  throw: () => {
    throw new Error("broken kernel");
  },
  uncaught: () => {
    setImmediate(() => {
      throw new Error("nobody caught this");
    });
  },
  trap: () => {
    // (func (export "f") unreachable)
    const bytes = "0061736d010000000104016000000302010007050101660000" + "0a05010300000b";
    const module = new WebAssembly.Module(Buffer.from(bytes, "hex"));
    (new WebAssembly.Instance(module).exports.f as () => void)();
  },
  heap: () => {
    const kept: unknown[] = [];
    for (;;) kept.push(new Array(1e5).fill(kept.length));
  },
  buffer: () => new ArrayBuffer(2 ** 46),
};

const start = async (shared: ChunkShared) => {
  const handler = await startChunkHandler(shared);
  return {
    async handle(task: ChunkTask) {
      const record = await handler.handle(task);
      if (task.indices.includes(Number(image))) {
        deaths[how]?.();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return record;
    },
  };
};

const answer = serveTasks({ "evaluate-chunk": start as TaskHandlerFactory });
parentPort?.on("message", async (message: RunnerMessage) => parentPort?.postMessage(await answer(message)));
