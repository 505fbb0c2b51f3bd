/**
 * Where a training run stopped being numbers: the first layer whose value is not finite.
 *
 * Knows: the forward pass with batch statistics, one node after the other.
 * May not know: how the run came there.
 */
import type { Graph } from "../graph/graph.js";
import { encodeOnnxModel, makeValueInfo } from "../inference/onnx-model.js";
import type { Engine } from "./load-engine.js";
import { lowerNodes } from "./lower-to-training-graph.js";
import { listState, type NetworkState } from "./network-state.js";
import type { GradientRules } from "./rules/rule-table.js";

/** The first tensor of a state, momenta included, that has a value that is not finite, for people; null where all are. */
export function findNonFinite(state: NetworkState): string | null {
  return findValue(state, (value) => !Number.isFinite(value));
}

/** The first ceiling of a state that is not above 0, where nothing passes; null where all are. */
export function findClosedCeiling(state: NetworkState): string | null {
  return findValue(state, (value, name) => name.endsWith(".ceiling") && !(value > 0));
}

function findValue(state: NetworkState, isWanted: (value: number, name: string) => boolean): string | null {
  for (const [name, values] of state) {
    const at = values.findIndex((value) => isWanted(value, name));
    if (at >= 0) return `${name}[${at}] is ${values[at]}`;
  }
  return null;
}

/**
 * @param rules that the step was lowered with
 * @param state before the step whose loss was no number
 * @param pixels preprocessed [N,C,H,W] of that step
 * @returns what was not finite, for people: a tensor of the state, or a node of the network; null where all are
 */
export async function findDivergence(
  engine: Engine,
  graph: Graph,
  rules: GradientRules,
  state: NetworkState,
  pixels: Float32Array,
  batch: number,
): Promise<string | null> {
  const broken = findNonFinite(state);
  if (broken !== null) return broken;
  const entries = listState(graph);
  const shape = [batch, ...graph.input.attributes.shape];
  const { model, nodes } = lowerSizes(graph, rules, shape);
  const session = await engine.InferenceSession.create(model, { logSeverityLevel: 3 });
  try {
    const tensor = (data: Float32Array, extents: readonly number[]) =>
      new engine.Tensor("float32", data, extents);
    const feeds = Object.fromEntries(
      entries.map(({ name, shape: extents }) => [name, tensor(state.get(name) as Float32Array, extents)]),
    );
    const results = await session.run({ ...feeds, images: tensor(pixels, shape) });
    const first = nodes.findIndex((_, at) => !Number.isFinite(Number(results[sizeName(at)]?.data[0])));
    const node = graph.nodes.find(({ id }) => id === nodes[first]);
    return node === undefined ? null : `the value of ${node.id} (${node.op}) is not finite`;
  } finally {
    await session.release();
  }
}

const sizeName = (at: number) => `size/${at}`;

/** A model whose outputs are Σ|value| of each node, not finite where a value is not. @param shape of the images, [N,C,H,W] */
function lowerSizes(graph: Graph, rules: GradientRules, shape: readonly number[]) {
  const { builder, values, opsets } = lowerNodes(graph, shape[0] as number, rules);
  const outputs = [...values.values()].map((value, at) => {
    const size = builder.emit("ReduceL1", [value], { keepdims: { int: 0 } });
    builder.emitAs(sizeName(at), "Identity", [size]);
    return makeValueInfo(sizeName(at), "float32", []);
  });
  const model = encodeOnnxModel({
    nodes: builder.nodes,
    initializers: builder.initializers,
    inputs: [
      makeValueInfo("images", "float32", shape),
      ...listState(graph).map((entry) => makeValueInfo(entry.name, "float32", entry.shape)),
    ],
    outputs,
    opsets,
  });
  return { model, nodes: [...values.keys()] };
}
