/**
 * The plain evaluator: every operator by its definition, obviously right and slow.
 *
 * Knows: which function evaluates which operator; values are float32, sums float64.
 * May not know: WebAssembly, batches (images go through one by one), files.
 *
 * It is the oracle of the dense backend, and that of whoever doubts a value.
 */
import type { Graph } from "../graph/graph.js";
import type { NodeOf, Op, Shape } from "../graph/node-types.js";
import { checkRun, needsOf, splitImages } from "./check-run.js";
import type { FloatBackend, FloatNetwork } from "./float-network.js";
import {
  evaluateConcat,
  evaluateFlatten,
  evaluatePad,
  evaluateShortcut,
  evaluateSlice,
} from "./plain-arrangement.js";
import {
  evaluateAdd,
  evaluateAffine,
  evaluateBatchNorm,
  evaluateNeuron,
  evaluateOutput,
  evaluateRelu,
} from "./plain-elements.js";
import type { PlainValue } from "./plain-values.js";
import { evaluateConv, evaluateLinear, evaluatePool } from "./plain-windows.js";

type Evaluate<O extends Op> = (node: NodeOf<O>, inputs: readonly PlainValue[], shape: Shape) => PlainValue;

const operators: { readonly [O in Exclude<Op, "input">]: Evaluate<O> } = {
  conv: evaluateConv,
  linear: evaluateLinear,
  pool: evaluatePool,
  "batch-norm": evaluateBatchNorm,
  relu: evaluateRelu,
  add: evaluateAdd,
  affine: evaluateAffine,
  neuron: evaluateNeuron,
  output: evaluateOutput,
  concat: evaluateConcat,
  pad: evaluatePad,
  slice: evaluateSlice,
  flatten: evaluateFlatten,
  shortcut: evaluateShortcut,
};

/** Values of the nodes in `keep` (and of all they need) for one image. */
function evaluateImage(
  graph: Graph,
  image: Float32Array,
  keep: readonly string[],
  replaced: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  const needed = needsOf(graph, keep);
  const wanted = new Set(keep);
  const values = new Map<string, PlainValue>();
  const readers = new Map<string, number>();
  const kept = new Map<string, Float32Array>();
  for (const node of graph.nodes) {
    if (!needed.has(node.id)) continue;
    const shape = graph.shape(node.id);
    const inputs = node.inputs.map((id) => values.get(id) as PlainValue);
    const evaluate = node.op === "input" ? null : (operators[node.op] as Evaluate<Op>);
    const value = evaluate === null ? { shape, data: image } : evaluate(node as NodeOf<Op>, inputs, shape);
    const given = replaced.get(node.id);
    values.set(node.id, given === undefined ? value : { shape, data: given });
    readers.set(node.id, graph.consumers(node.id).filter(({ id }) => needed.has(id)).length);
    if (wanted.has(node.id)) kept.set(node.id, value.data);
    for (const id of new Set(node.inputs)) {
      const left = (readers.get(id) ?? 0) - 1;
      readers.set(id, left);
      if (left === 0) values.delete(id);
    }
  }
  return kept;
}

function prepareNetwork(graph: Graph): FloatNetwork {
  return {
    graph,
    run(images, n, keep, replaced = new Map()) {
      const results = checkRun(graph, images, n, keep, replaced);
      splitImages(graph, images, n).forEach((image, index) => {
        const own = new Map<string, Float32Array>();
        for (const [id, value] of replaced) {
          const size = value.length / n;
          own.set(id, value.subarray(index * size, (index + 1) * size));
        }
        for (const [id, value] of evaluateImage(graph, image, keep, own)) {
          results.get(id)?.set(value, index * value.length);
        }
      });
      return results;
    },
    free() {},
  };
}

export const plainBackend: FloatBackend = {
  name: "plain",
  prepare: (graph) => Promise.resolve(prepareNetwork(graph)),
};
