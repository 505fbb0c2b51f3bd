/** Shapes, rules, rewriting and printing of the graph. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RespikeError } from "../core/respike-error.js";
import { float32Tensor } from "../core/tensor.js";
import { Graph } from "./graph.js";
import type { GraphNode } from "./node-types.js";
import { printGraph } from "./print-graph.js";

const input: GraphNode = {
  id: "input",
  op: "input",
  inputs: [],
  attributes: { shape: [3, 8, 8] },
  tensors: {},
};

function makeConv(id: string, from: string, weightShape: readonly number[], groups = 1): GraphNode {
  const size = weightShape.reduce((a, b) => a * b, 1);
  return {
    id,
    op: "conv",
    inputs: [from],
    attributes: { stride: [2, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups },
    tensors: { weight: float32Tensor(weightShape, new Float32Array(size)) },
  };
}

const relu: GraphNode = {
  id: "r",
  op: "relu",
  inputs: ["a"],
  attributes: { layer: "a", max: null },
  tensors: {},
};

function problemsOf(nodes: readonly GraphNode[]) {
  try {
    new Graph(nodes);
  } catch (error) {
    assert.ok(error instanceof RespikeError);
    return error.problems;
  }
  return assert.fail("the graph was accepted");
}

test("shapes follow stride, padding and kernel", () => {
  const graph = new Graph([input, makeConv("a", "input", [4, 3, 3, 3]), relu]);
  assert.deepEqual(graph.shape("r"), [4, 4, 8]);
  assert.deepEqual(
    graph.consumers("a").map((node) => node.id),
    ["r"],
  );
  assert.equal(graph.output.id, "r");
});

test("every broken rule is named at once, each with its node", () => {
  const problems = problemsOf([
    input,
    makeConv("a", "input", [4, 2, 3, 3]),
    makeConv("b", "nowhere", [4, 3, 3, 3]),
    { ...input, id: "other" },
  ]);
  const text = problems.map((problem) => `${problem.where}: ${problem.value}`).join("\n");
  assert.match(text, /a \(conv\): 3 input channels, weight wants 2 × 1 group/);
  assert.match(text, /b \(conv\): 'nowhere' does not/);
  assert.match(text, /graph: 2/);
});

test("a weight that is not a number is refused by name", () => {
  const conv = makeConv("a", "input", [4, 3, 3, 3]);
  (conv.tensors.weight?.data as Float32Array)[7] = Number.NaN;
  assert.match(problemsOf([input, conv])[0]?.value ?? "", /NaN at 7/);
});

test("attributes of the wrong form are refused", () => {
  const conv = makeConv("a", "input", [4, 3, 3, 3]);
  const broken = { ...conv, attributes: { ...conv.attributes, stride: [0, 1] } } as GraphNode;
  assert.match(problemsOf([input, broken])[0]?.value ?? "", /stride/);
});

test("a pool whose windows hold more than any machine can look at is refused", () => {
  const pool: GraphNode = {
    id: "p",
    op: "pool",
    inputs: ["input"],
    attributes: {
      kind: "max",
      kernel: [1_000_000, 1_000_000],
      stride: [1, 1],
      padding: [500_000, 500_000, 500_000, 500_000],
    },
    tensors: {},
  };
  assert.match(problemsOf([input, pool])[0]?.rule ?? "", /windows/);
});

test("rewriting gives a new graph and follows renamed nodes", () => {
  const graph = new Graph([input, makeConv("a", "input", [4, 3, 3, 3]), relu]);
  const scale: GraphNode = {
    id: "s",
    op: "affine",
    inputs: ["a"],
    attributes: {},
    tensors: { scale: float32Tensor([4], [1, 1, 1, 1]) },
  };
  const next = graph.rewrite((node) => (node.id === "r" ? [scale, { ...relu, inputs: ["s"] }] : node));
  assert.deepEqual(
    next.nodes.map((node) => node.id),
    ["input", "a", "s", "r"],
  );
  assert.equal(graph.nodes.length, 3);
  const without = next.rewrite((node) => (node.id === "s" ? [] : node), new Map([["s", "a"]]));
  assert.deepEqual(without.node("r").inputs, ["a"]);
});

test("the printer gives one line a node with op, inputs, shape, attributes and tensors", () => {
  const text = printGraph(new Graph([input, makeConv("a", "input", [4, 3, 3, 3]), relu]));
  assert.equal(text.trimEnd().split("\n").length, 3);
  assert.match(
    text,
    /^a +conv +input +\[4,4,8\] +dilation=\[1,1\].* stride=\[2,1\] weight:float32\[4,3,3,3\]$/m,
  );
});
