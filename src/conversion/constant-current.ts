/**
 * The constant part of a synapse path: what it brings when no spike does.
 *
 * Knows: affine nodes; a bias before zero padding or a pool differs at the border, so it is a map.
 * May not know: neurons.
 */
import { countElements, float32Tensor, type Tensor } from "../core/tensor.js";
import { Graph } from "../graph/graph.js";
import { type GraphNode, isOp } from "../graph/node-types.js";
import { plainBackend } from "../inference/plain-backend.js";
import type { SynapsePath } from "./synapse-paths.js";
import { readNumbers } from "./tensor-values.js";

/** Whether a node adds something of its own. */
export function hasConstant(node: GraphNode): boolean {
  return node.tensors.bias !== undefined || (isOp(node, "affine") && node.tensors.shift !== undefined);
}

/** A node without what it adds. */
export function withoutConstant(node: GraphNode): GraphNode {
  const tensors = Object.fromEntries(
    Object.entries(node.tensors).filter(([name]) => name !== "bias" && name !== "shift"),
  );
  return { ...node, tensors } as GraphNode;
}

/**
 * Sum of the paths' constants at their common end: [C] where it is the same at each position, else [C,H,W].
 */
export async function sumConstants(
  graph: Graph,
  paths: readonly SynapsePath[],
  channels: number,
): Promise<Tensor<"float32">> {
  const end = graph.shape(paths[0]?.nodes.at(-1)?.id ?? graph.input.id);
  const area = countElements(end) / channels;
  const map = new Float64Array(channels * area);
  for (const path of paths) {
    const constant = await constantOf(graph, path, area);
    for (let at = 0; at < map.length; at++) map[at] = (map[at] as number) + (constant?.[at] ?? 0);
  }
  const uniform = map.every((value, at) => value === map[at - (at % area)]);
  return uniform
    ? float32Tensor(
        [channels],
        Float32Array.from({ length: channels }, (_, c) => map[c * area] as number),
      )
    : float32Tensor(end, Float32Array.from(map));
}

async function constantOf(graph: Graph, path: SynapsePath, area: number): Promise<ArrayLike<number> | null> {
  const last = path.nodes.at(-1);
  const adding = path.nodes.filter(hasConstant);
  if (last === undefined || adding.length === 0) return null;
  if (adding.length === 1 && adding[0] === last) {
    const bias = readNumbers(last, last.tensors.bias === undefined ? "shift" : "bias");
    return Float64Array.from(
      { length: bias.length * area },
      (_, at) => bias[Math.floor(at / area)] as number,
    );
  }
  const shape = graph.shape(path.source);
  const input: GraphNode = { id: path.source, op: "input", inputs: [], attributes: { shape }, tensors: {} };
  const network = await plainBackend.prepare(new Graph([input, ...path.nodes]));
  const values = network.run(new Float32Array(countElements(shape)), 1, [last.id]);
  network.free();
  return values.get(last.id) ?? null;
}
