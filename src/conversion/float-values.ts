/**
 * Values of chosen nodes for many images, computed on the runner's threads.
 *
 * Knows: jobs, the float backend. May not know: what the values are for.
 */
import { shareMemory } from "../core/share-memory.js";
import type { TaskHandler, TaskRunner } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import { describePixels, type PixelTask } from "./image-source.js";
import { type PixelNetworkShared, preparePixelNetwork } from "./pixel-network.js";

/** The job's name in a worker's table. */
export const floatValuesKind = "float-values";

export interface FloatValuesShared extends PixelNetworkShared {
  readonly keep: readonly string[];
}

/** Handler of the job `float-values`: the kept nodes' values [n,C,H,W], in the order of `keep`. */
export async function startFloatValuesHandler(
  shared: FloatValuesShared,
): Promise<TaskHandler<PixelTask, readonly Float32Array[]>> {
  const network = await preparePixelNetwork(shared);
  return { handle: (task) => shareMemory(network.run(task, shared.keep)), free: () => network.free() };
}

/**
 * Values of `keep` for all tasks, in the order of the tasks.
 *
 * @param batch images of every task but the last
 * @returns id → [N,C,H,W], owned by the caller; the same for any number of threads
 */
export async function computeFloatValues(
  runner: TaskRunner,
  shared: Omit<FloatValuesShared, "nodes"> & { readonly graph: Graph },
  tasks: Iterable<PixelTask> | AsyncIterable<PixelTask>,
  n: number,
  batch: number,
  signal?: AbortSignal | undefined,
): Promise<Map<string, Float32Array>> {
  const { graph, keep } = shared;
  const sizes = keep.map((id) => countElements(graph.shape(id)));
  const values = keep.map((_, which) => new Float32Array(n * (sizes[which] as number)));
  await runner.run<FloatValuesShared, PixelTask, readonly Float32Array[]>({
    kind: floatValuesKind,
    shared: { nodes: graph.nodes, preprocessing: shared.preprocessing, keep, wasmUrl: shared.wasmUrl },
    tasks,
    describe: describePixels,
    signal,
    onResult(result, number) {
      for (const [which, part] of result.entries()) {
        values[which]?.set(part, number * batch * (sizes[which] as number));
      }
    },
  });
  return new Map(keep.map((id, which) => [id, values[which] as Float32Array]));
}
