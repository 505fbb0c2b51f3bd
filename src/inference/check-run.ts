/**
 * What every float backend checks and makes before it evaluates anything.
 *
 * Knows: sizes of images and results, which nodes a result needs.
 * May not know: how a node is evaluated.
 */
import { exitCodes, RespikeError } from "../core/respike-error.js";
import { countElements } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";

/**
 * Room for the results of a run: id → zeros [N,C,H,W].
 *
 * @throws RangeError where the images are not n images of the network's input, an id is unknown, or
 * replaced values are not of n images (defects of the caller); RespikeError (exit 5) where the results do not fit into memory
 */
export function checkRun(
  graph: Graph,
  images: Float32Array,
  n: number,
  keep: readonly string[],
  replaced: ReadonlyMap<string, Float32Array> = new Map(),
): Map<string, Float32Array> {
  const { shape } = graph.input.attributes;
  const expected = n * countElements(shape);
  if (!Number.isInteger(n) || n < 0 || images.length !== expected) {
    throw new RangeError(`${n} images of [${shape}] have ${expected} values, given ${images.length}`);
  }
  for (const [id, { length }] of replaced) {
    const wanted = n * countElements(graph.shape(id));
    if (length !== wanted) throw new RangeError(`'${id}' has ${wanted} values, given ${length}`);
  }
  const sizes = keep.map((id) => [id, n * countElements(graph.shape(id))] as const);
  try {
    return new Map(sizes.map(([id, size]) => [id, new Float32Array(size)]));
  } catch (cause) {
    const values = sizes.reduce((sum, [, size]) => sum + size, 0);
    throw outOfMemory(`values of ${keep.length} nodes for ${n} images`, 4 * values, cause);
  }
}

/** Views of the single images in a batch. */
export function splitImages(graph: Graph, images: Float32Array, n: number): Float32Array[] {
  const size = countElements(graph.input.attributes.shape);
  return Array.from({ length: n }, (_, index) => images.subarray(index * size, (index + 1) * size));
}

/** Ids of the given nodes and of all that they are computed from. */
export function needsOf(graph: Graph, keep: readonly string[]): ReadonlySet<string> {
  const needed = new Set(keep);
  for (const node of [...graph.nodes].reverse()) {
    if (needed.has(node.id)) for (const id of node.inputs) needed.add(id);
  }
  return needed;
}

/** Memory that the machine does not give (exit 5). */
export function outOfMemory(where: string, bytes: number, cause?: unknown): RespikeError {
  return new RespikeError(
    exitCodes.environment,
    {
      code: "out-of-memory",
      where,
      rule: "the memory asked for is available",
      value: `${Math.ceil(bytes / 2 ** 20)} MiB`,
      next: "use fewer images at once, a smaller network or a machine with more memory",
    },
    cause === undefined ? {} : { cause },
  );
}
