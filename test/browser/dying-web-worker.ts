/** A Web Worker that computes as the package's does and closes itself at the image that its URL names: `?die=13`. */

import { alive } from "#src/browser/web-worker.js";
import { serveTasks } from "#src/core/serve-tasks.js";
import type { TaskHandlerFactory } from "#src/core/task-runner.js";
import type { RunnerMessage } from "#src/core/worker-messages.js";
import { type ChunkShared, type ChunkTask, startChunkHandler } from "#src/evaluation/evaluate-chunk.js";

const image = Number(new URL(self.location.href).searchParams.get("die"));

const start = async (shared: ChunkShared) => {
  const handler = await startChunkHandler(shared);
  return {
    async handle(task: ChunkTask) {
      const result = await handler.handle(task);
      if (!task.indices.includes(image)) return result;
      self.close();
      return await new Promise<never>(() => {});
    },
  };
};

const answer = serveTasks({ "evaluate-chunk": start as TaskHandlerFactory });
self.onmessage = async ({ data }: MessageEvent<RunnerMessage>) => self.postMessage(await answer(data));
void navigator.locks.request(self.name, () => {
  self.postMessage(alive);
  return new Promise(() => {});
});
