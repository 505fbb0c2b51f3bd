/** Each pass on networks small enough to compute by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Warning } from "../../core/respike-error.js";
import { float32Tensor, type Tensor } from "../../core/tensor.js";
import { Graph } from "../../graph/graph.js";
import type { GraphNode, Shape } from "../../graph/node-types.js";
import { type ExplicitOptions, resolveConvertOptions } from "../convert-options.js";
import { listActivations } from "../list-activations.js";
import type { Pass, PassContext } from "../pass.js";
import { addActivations } from "./add-activations.js";
import { composeSynapses } from "./compose-synapses.js";
import { foldBatchNorm } from "./fold-batch-norm.js";
import { gatherCurrents } from "./gather-currents.js";
import { lowerShortcuts } from "./lower-shortcuts.js";
import { normaliseShortcuts } from "./normalise-shortcuts.js";
import { normaliseWeights } from "./normalise-weights.js";
import { numberFormat } from "./number-format.js";
import { placeNeurons } from "./place-neurons.js";
import { silenceDeadChannels } from "./silence-dead-channels.js";

const input = (shape: Shape): GraphNode => ({
  id: "input",
  op: "input",
  inputs: [],
  attributes: { shape },
  tensors: {},
});
const vector = (...values: number[]) => float32Tensor([values.length], values);
const conv = (
  id: string,
  from: string,
  shape: readonly number[],
  weights: readonly number[],
  more: Record<string, Tensor> = {},
  padding = 0,
): GraphNode => ({
  id,
  op: "conv",
  inputs: [from],
  attributes: {
    stride: [1, 1],
    padding: [padding, padding, padding, padding],
    dilation: [1, 1],
    groups: 1,
  },
  tensors: { weight: float32Tensor(shape, weights), ...more },
});
const relu = (layer: string, from: string): GraphNode => ({
  id: `${layer}.relu`,
  op: "relu",
  inputs: [from],
  attributes: { layer, max: null },
  tensors: {},
});
const add = (id: string, ...inputs: string[]): GraphNode => ({
  id,
  op: "add",
  inputs,
  attributes: {},
  tensors: {},
});

function contextOf(
  graph: Graph,
  lambdas: Record<string, number[]>,
  explicit: ExplicitOptions = {},
): PassContext {
  const options = resolveConvertOptions(explicit);
  const said: Warning[] = [];
  return {
    options,
    preprocessing: { name: "flags", range: "0..1", mean: [0], std: [0.5] },
    activations: listActivations(graph, options),
    scales: new Map(
      Object.entries(lambdas).map(([layer, lambda]) => [
        `${layer}.relu`,
        {
          lambda: lambda.map((value) => value || 1),
          rate: 0.123456,
          maxRate: 1,
          deadChannels: [],
          silentChannels: lambda.flatMap((value, c) => (value === 0 ? [c] : [])),
        },
      ]),
    ),
    warn: (warning) => said.push(warning),
  };
}
const runAll = (graph: Graph, context: PassContext, ...passes: Pass[]) =>
  passes.reduce((current, pass) => pass.run(current, context), graph);
const numbers = (graph: Graph, id: string, name: string) =>
  Array.from(graph.node(id).tensors[name]?.data as Float32Array, Number);

/** [1,2,2] → conv 1×1 (2x + 1) → relu → conv 1×1 (−3x + 6) → + identity → relu → conv 1×1 (5x + 1). */
const residual = new Graph([
  input([1, 2, 2]),
  conv("a", "input", [1, 1, 1, 1], [2], { bias: vector(1) }),
  relu("a", "a"),
  conv("b", "a.relu", [1, 1, 1, 1], [-3], { bias: vector(6) }),
  add("sum", "b", "a.relu"),
  relu("block", "sum"),
  conv("c", "block.relu", [1, 1, 2, 2], [5, 5, 5, 5], { bias: vector(1) }),
]);

test("batch norm folds as W·γ/√(σ²+ε), β + (b − µ)·γ/√(σ²+ε)", () => {
  const tensors = { gamma: vector(3), beta: vector(0.5), mean: vector(1), variance: vector(3.75) };
  const norm: GraphNode = {
    id: "bn",
    op: "batch-norm",
    inputs: ["a"],
    attributes: { epsilon: 0.25 },
    tensors,
  };
  for (const [more, bias] of [
    [{ bias: vector(4) }, 0.5 + (4 - 1) * 1.5],
    [{}, 0.5 - 1.5],
  ] as const) {
    const graph = new Graph([input([1, 2, 2]), conv("a", "input", [1, 1, 1, 1], [2], more), norm]);
    const folded = foldBatchNorm.run(graph, contextOf(graph, {}));
    assert.deepEqual(
      folded.nodes.map(({ id }) => id),
      ["input", "a"],
    );
    assert.deepEqual(numbers(folded, "a", "weight"), [3]);
    assert.deepEqual(numbers(folded, "a", "bias"), [bias]);
  }
});

test("a batch norm whose convolution others read too becomes a scale and a shift", () => {
  const tensors = { gamma: vector(3), beta: vector(0.5), mean: vector(1), variance: vector(4) };
  const graph = new Graph([
    input([1, 2, 2]),
    conv("a", "input", [1, 1, 1, 1], [2]),
    { id: "bn", op: "batch-norm", inputs: ["a"], attributes: { epsilon: 0 }, tensors },
    add("sum", "bn", "a"),
  ]);
  const folded = foldBatchNorm.run(graph, contextOf(graph, {}));
  assert.deepEqual(numbers(folded, "bn", "scale"), [1.5]);
  assert.deepEqual(numbers(folded, "bn", "shift"), [-1]);
});

test("normalisation: W·λ_in/λ_out, b/λ_out; the identity λ_in/λ_out; the last layer W·λ_in", () => {
  const context = contextOf(residual, { a: [4], block: [8] });
  const graph = runAll(residual, context, normaliseWeights, normaliseShortcuts);
  assert.deepEqual(numbers(graph, "a", "weight"), [2 / 4]);
  assert.deepEqual(numbers(graph, "a", "bias"), [1 / 4]);
  assert.deepEqual(numbers(graph, "b", "weight"), [(-3 * 4) / 8]);
  assert.deepEqual(numbers(graph, "b", "bias"), [6 / 8]);
  assert.deepEqual(numbers(graph, "sum.shortcut", "scale"), [4 / 8]);
  assert.deepEqual(numbers(graph, "c", "weight"), [40, 40, 40, 40]);
  assert.deepEqual(numbers(graph, "c", "bias"), [1]);
  for (const shortcutNorm of ["off", "projections"] as const) {
    const off = contextOf(residual, { a: [4], block: [8] }, { shortcutNorm });
    const changed = runAll(residual, off, normaliseWeights, normaliseShortcuts);
    assert.deepEqual(numbers(changed, "sum.shortcut", "scale"), [1]);
  }
  const equal = contextOf(residual, { a: [0.3], block: [0.3] });
  const same = runAll(residual, equal, normaliseWeights, normaliseShortcuts);
  assert.deepEqual(numbers(same, "sum.shortcut", "scale"), [1]);
});

test("a projection: W·λ_in/λ_out and b/λ_out; with --shortcut-norm off W and b/λ_out", () => {
  const graph = new Graph([
    ...residual.nodes.slice(0, 3),
    conv("inner", "a.relu", [1, 1, 1, 1], [1]),
    relu("inner", "inner"),
    conv("b", "inner.relu", [1, 1, 1, 1], [-3], { bias: vector(6) }),
    conv("projection", "a.relu", [1, 1, 1, 1], [10], { bias: vector(2) }),
    add("sum", "b", "projection"),
    ...residual.nodes.slice(5),
  ]);
  for (const [shortcutNorm, weight] of [
    ["on", 5],
    ["projections", 5],
    ["off", 10],
  ] as const) {
    const context = contextOf(graph, { a: [4], inner: [2], block: [8] }, { shortcutNorm });
    const normalised = runAll(graph, context, normaliseWeights, normaliseShortcuts);
    assert.deepEqual(numbers(normalised, "projection", "weight"), [weight]);
    assert.deepEqual(numbers(normalised, "projection", "bias"), [2 / 8]);
    assert.deepEqual(numbers(normalised, "b", "weight"), [(-3 * 2) / 8]);
    assert.deepEqual(
      normalised.nodes.map(({ id }) => id),
      graph.nodes.map(({ id }) => id),
    );
  }
});

test("option A and avg: scale before the zero channels, composed into the pool's 1/4", () => {
  for (const kind of ["A", "avg"] as const) {
    const graph = new Graph([
      input([2, 4, 4]),
      relu("first", "input"),
      conv("b", "first.relu", [4, 2, 1, 1], [1, 0, 0, 1, 1, 1, 2, 2]),
      {
        id: "b.half",
        op: "slice",
        inputs: ["b"],
        attributes: { start: [0, 0, 0], stop: [4, 4, 4], step: [1, 2, 2] },
        tensors: {},
      },
      { id: "short", op: "shortcut", inputs: ["first.relu"], attributes: { kind, channels: 4 }, tensors: {} },
      add("sum", "b.half", "short"),
      relu("block", "sum"),
      conv("c", "block.relu", [1, 4, 2, 2], new Array(16).fill(1)),
    ]);
    const lowered = lowerShortcuts.run(graph, contextOf(graph, {}));
    const context = contextOf(lowered, { first: [3, 5], block: [2, 4, 8, 16] }, { lambdaScope: "channel" });
    const normalised = runAll(lowered, context, normaliseWeights, normaliseShortcuts);
    assert.deepEqual(numbers(normalised, "sum.shortcut", "scale"), [3 / 4, 5 / 8]);
    assert.deepEqual(normalised.node("sum.shortcut").inputs, ["short.pixels"]);
    assert.deepEqual(normalised.node("short").inputs, ["sum.shortcut"]);
    assert.deepEqual(numbers(normalised, "b", "weight"), [3 / 2, 0, 0, 5 / 4, 3 / 8, 5 / 8, 6 / 16, 10 / 16]);
  }
});

test("biases become the neurons' current: one a channel, a map where padding comes after them", () => {
  const graph = new Graph([
    input([1, 3, 3]),
    {
      id: "scaled",
      op: "affine",
      inputs: ["input"],
      attributes: {},
      tensors: { scale: vector(2), shift: vector(1) },
    },
    conv("a", "scaled", [1, 1, 3, 3], new Array(9).fill(1), { bias: vector(10) }, 1),
    relu("a", "a"),
    conv("c", "a.relu", [1, 1, 3, 3], new Array(9).fill(1), { bias: vector(-2) }),
  ]);
  const placed = placeNeurons.run(graph, contextOf(graph, {}));
  const gathered = composeSynapses.run(
    gatherCurrents.run(placed, contextOf(graph, {})),
    contextOf(graph, {}),
  );
  assert.deepEqual(numbers(gathered, "a", "current"), [14, 16, 14, 16, 19, 16, 14, 16, 14]);
  assert.deepEqual(numbers(gathered, "a.synapses", "weight"), new Array(9).fill(2));
  assert.deepEqual(numbers(gathered, "output", "current"), [-2]);
  assert.equal(gathered.has("scaled.synapses"), false);
  assert.deepEqual(numbers(gathered, "a", "threshold"), [1]);
  assert.deepEqual(numbers(gathered, "a", "v0"), [0.5]);
});

test("an average pool joins the linear node behind it; with --avgpool neuron it is a convolution", () => {
  const graph = new Graph([
    input([2, 2, 2]),
    relu("first", "input"),
    {
      id: "pool",
      op: "pool",
      inputs: ["first.relu"],
      attributes: { kind: "average", kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] },
      tensors: {},
    },
    { id: "flat", op: "flatten", inputs: ["pool"], attributes: {}, tensors: {} },
    {
      id: "fc",
      op: "linear",
      inputs: ["flat"],
      attributes: {},
      tensors: { weight: float32Tensor([1, 2], [4, 8]) },
    },
  ]);
  const rest = [normaliseWeights, normaliseShortcuts, placeNeurons, gatherCurrents];
  const context = contextOf(graph, { first: [3] });
  const linear = runAll(graph, context, addActivations, ...rest);
  const composed = composeSynapses.run(linear, context);
  assert.deepEqual(numbers(composed, "fc.synapses", "weight"), [3, 3, 3, 3, 6, 6, 6, 6]);
  const asked = contextOf(graph, { first: [3], pool: [2] }, { avgpool: "neuron" });
  const neurons = composeSynapses.run(runAll(graph, asked, addActivations, ...rest), asked);
  assert.deepEqual(numbers(neurons, "pool.synapses", "weight"), new Array(8).fill((0.25 * 3) / 2));
  assert.deepEqual(numbers(neurons, "fc.synapses", "weight"), [8, 16]);
  assert.equal(neurons.node("pool").op, "neuron");
});

test("two weighted nodes in a row are refused by name, and so are weights into two layers of different λ", () => {
  const graph = new Graph([
    input([1, 2, 2]),
    conv("a", "input", [1, 1, 1, 1], [2]),
    conv("b", "a", [1, 1, 1, 1], [2]),
    relu("b", "b"),
    conv("c", "b.relu", [1, 1, 2, 2], [1, 1, 1, 1]),
  ]);
  const context = contextOf(graph, {});
  assert.throws(() => runAll(graph, context, placeNeurons, gatherCurrents, composeSynapses), {
    exitCode: 3,
    code: "not-convertible",
    where: "a.synapses (conv)",
  });
  const before = new Graph([
    input([1, 2, 2]),
    conv("a", "input", [1, 1, 1, 1], [2]),
    relu("x", "a"),
    relu("y", "a"),
    conv("b", "x.relu", [1, 1, 1, 1], [2]),
    conv("c", "y.relu", [1, 1, 1, 1], [2]),
    add("sum", "b", "c"),
  ]);
  assert.throws(() => normaliseWeights.run(before, contextOf(before, { x: [1], y: [2] })), {
    exitCode: 3,
    where: "a (conv)",
  });
});

test("silent channels: weights, current and V(0) are 0, others stay; a warning names them", () => {
  const graph = new Graph([
    input([1, 1, 1]),
    conv("a", "input", [2, 1, 1, 1], [2, 3], { bias: vector(1, 1) }),
    relu("a", "a"),
    conv("c", "a.relu", [1, 2, 1, 1], [1, 1]),
  ]);
  const said: Warning[] = [];
  const context = { ...contextOf(graph, { a: [0, 2] }), warn: (warning: Warning) => said.push(warning) };
  const silenced = runAll(
    graph,
    context,
    normaliseWeights,
    placeNeurons,
    gatherCurrents,
    silenceDeadChannels,
  );
  assert.deepEqual(numbers(silenced, "a.synapses", "weight"), [0, 1.5]);
  assert.deepEqual(numbers(silenced, "a", "current"), [0, 0.5]);
  assert.deepEqual(numbers(silenced, "a", "v0"), [0, 0.5]);
  assert.deepEqual(
    said.map(({ code, where }) => [code, where]),
    [["dead-channels", "a"]],
  );
});

test("integers: θ is the largest k whose rounded worst cases stay within 32,767; V(0) = ⌊k·v0⌋", () => {
  const graph = new Graph([
    input([1, 1, 1]),
    conv("a", "input", [1, 1, 1, 1], [0.1], { bias: vector(-0.2) }),
    relu("a", "a"),
    conv("b", "a.relu", [2, 1, 1, 1], [1.5, -0.25], { bias: vector(0.5, 0) }),
    relu("b", "b"),
    conv("c", "b.relu", [1, 2, 1, 1], [3, -5], { bias: vector(1) }),
  ]);
  const context = contextOf(graph, {}, { number: "int16" });
  const coarse = runAll(graph, context, placeNeurons, gatherCurrents, composeSynapses, numberFormat);
  // b, channel 0: 1.5k + 0.5k ≤ 32767 → k = 16383 with round(1.5k) = 24575, round(0.5k) = 8192; channel 1: the limit.
  assert.deepEqual(numbers(coarse, "b", "threshold"), [16_383, 32_767]);
  assert.deepEqual(numbers(coarse, "b.synapses", "weight"), [24_575, -8192]);
  assert.deepEqual(numbers(coarse, "b", "current"), [8192, 0]);
  assert.deepEqual(numbers(coarse, "b", "v0"), [8191, 16_383]);
  // a: the image's |x̂| is at most 2, so 0.1·2·k + 0.2k ≤ 32767 never binds.
  assert.deepEqual(numbers(coarse, "a", "threshold"), [32_767]);
  assert.deepEqual(numbers(coarse, "a", "v0"), [16_383]);
  // output: Σ⁺ = 3k + k ≤ 32767 and Σ⁻ = 5k ≤ 32767 → k = 6553; the logits are sums over k.
  assert.deepEqual(numbers(coarse, "output", "scale"), [6553]);
  assert.deepEqual(numbers(coarse, "c.synapses", "weight"), [3 * 6553, -5 * 6553]);
  assert.deepEqual(numbers(coarse, "output", "current"), [6553]);
  const fine = runAll(
    graph,
    contextOf(graph, {}, { number: "int32" }),
    placeNeurons,
    gatherCurrents,
    composeSynapses,
  );
  const wide = numberFormat.run(fine, {
    ...contextOf(graph, {}, { number: "int32" }),
  });
  assert.deepEqual(numbers(wide, "b", "threshold"), [262_143, 524_287]);
  assert.equal(wide.node("b.synapses").tensors.weight?.dtype, "int32");
});

test("auto: int16, and int32 where the largest int16 weight is under 127", () => {
  // At θ = 32,767, the largest: 0.0038 → 125, 0.0039 → 128.
  const graph = new Graph([
    input([1, 1, 1]),
    conv("a", "input", [1, 1, 1, 1], [0.5]),
    relu("a", "a"),
    conv("b", "a.relu", [1, 1, 1, 1], [0.0038]),
    relu("b", "b"),
    conv("c", "b.relu", [1, 1, 1, 1], [0.0039]),
  ]);
  const context = contextOf(graph, {}, { number: "auto" });
  const deployed = runAll(graph, context, placeNeurons, gatherCurrents, composeSynapses, numberFormat);
  const formats = deployed.nodes.flatMap(({ attributes }) =>
    "number" in attributes ? [attributes.number] : [],
  );
  assert.deepEqual(formats, ["int16", "int32", "int16"]);
  assert.deepEqual(numbers(deployed, "b.synapses", "weight"), [Math.round(0.0038 * 524_287)]);
  assert.deepEqual(numbers(deployed, "c.synapses", "weight"), [128]);
});
