/** Weights without a graph: recognised, accounted for key by key, built. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { RespikeError } from "#src/core/respike-error.js";
import { float32Tensor } from "#src/core/tensor.js";
import { describeSupport } from "#src/formats/describe-support.js";
import type { ModelOptions } from "#src/formats/format.js";
import { parseModel } from "#src/formats/parse-model.js";
import { encodeSafetensors } from "#src/formats/safetensors/encode-safetensors.js";
import type { Graph } from "#src/graph/graph.js";
import { makeWeights, type Weights } from "./write-checkpoints.js";

const parse = (weights: Weights, options: ModelOptions = {}, metadata = {}) =>
  parseModel(encodeSafetensors(weights, metadata), options);
const problemsOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof RespikeError, String(error));
    assert.equal(error.exitCode, 3);
    return error.problems;
  }
  return assert.fail("it was accepted");
};
const ids = (graph: Graph) => graph.nodes.map(({ id }) => id);

test("resnet8 with option P: nodes, ids and shapes", () => {
  const { graph, arch } = parse(makeWeights({ blocks: 1, shortcut: "P", channels: 1 }));
  assert.equal(arch, "resnet8, option P");
  assert.deepEqual(ids(graph).slice(0, 13), [
    "input",
    "conv1",
    "bn1",
    "conv1.relu",
    "layer1.0.conv1",
    "layer1.0.bn1",
    "layer1.0.conv1.relu",
    "layer1.0.conv2",
    "layer1.0.bn2",
    "layer1.0.shortcut.0",
    "layer1.0.shortcut.1",
    "layer1.0.add",
    "layer1.0.relu",
  ]);
  assert.deepEqual(graph.shape("input"), [1, 28, 28]);
  assert.deepEqual(graph.shape("layer3.0.relu"), [64, 7, 7]);
  assert.deepEqual(ids(graph).slice(-2), ["avgpool", "linear"]);
  const layers = graph.nodes.flatMap((node) => (node.op === "relu" ? [node.attributes.layer] : []));
  assert.deepEqual(layers.slice(0, 3), ["conv1", "layer1.0.conv1", "layer1.0"]);
});

test("options A, B and avg, torchvision's names, fc, classes from the tensors", () => {
  const plainKeys = makeWeights({ blocks: 3, shortcut: "A", classes: 7 });
  const a = parse(plainKeys);
  assert.equal(a.arch, "resnet20, option A");
  assert.deepEqual(a.graph.shape("linear"), [7, 1, 1]);
  assert.ok(ids(a.graph).includes("layer2.0.shortcut") && !ids(a.graph).includes("layer1.0.shortcut"));
  assert.equal(a.warnings.find(({ code }) => code === "shortcut-assumed") !== undefined, true);
  assert.equal(parse(plainKeys, { shortcut: "avg" }).arch, "resnet20, option avg");
  const b = parse(makeWeights({ blocks: 3, shortcut: "B", projection: "downsample", head: "fc" }));
  assert.equal(b.arch, "resnet20, option B");
  assert.ok(ids(b.graph).includes("layer2.0.downsample.0") && ids(b.graph).includes("fc"));
  assert.equal(parse(plainKeys, { arch: "plain20" }).arch, "plain20");
});

test("a common prefix is stripped and said", () => {
  const { graph, warnings } = parse(makeWeights({ blocks: 1, shortcut: "B", prefix: "module.model." }));
  assert.ok(graph.has("conv1"));
  assert.match(warnings.find(({ code }) => code === "prefix-stripped")?.message ?? "", /'module\.model\.'/);
});

test("missing, surplus and misshapen keys are all in one error, with expected shapes", () => {
  const weights = makeWeights({ blocks: 3, shortcut: "A", prefix: "module." });
  weights.delete("module.layer2.1.bn2.running_var");
  weights.set("module.layer1.0.conv1.weight", float32Tensor([16, 16, 1, 1], new Float32Array(256)));
  weights.set("module.extra.weight", float32Tensor([5], new Float32Array(5)));
  const problems = problemsOf(() => parse(weights)).map(
    ({ where, rule, value }) => `${where} ${rule} ${value}`,
  );
  assert.equal(problems.length, 3);
  assert.ok(problems.some((line) => /layer2\.1\.bn2\.running_var.*\[32\].*missing/.test(line)));
  assert.ok(problems.some((line) => /layer1\.0\.conv1\.weight.*\[16,16,3,3\].*\[16,16,1,1\]/.test(line)));
  assert.ok(problems.some((line) => /module\.extra\.weight.*surplus/.test(line)));
});

test("in a flat file too, what an optimiser keeps, scores and counters are ignored and listed", () => {
  const weights = makeWeights({ blocks: 1, shortcut: "A", prefix: "module." });
  const others = ["best_prec1", "optimizer.state.0.exp_avg", "scheduler.last_epoch"];
  for (const key of others) weights.set(key, float32Tensor([1], new Float32Array(1)));
  weights.set("module.bn1.num_batches_tracked", float32Tensor([], new Float32Array(1)));
  const { arch, ignoredKeys } = parse(weights);
  assert.equal(arch, "resnet8, option A");
  assert.deepEqual(ignoredKeys, [...others, "module.bn1.num_batches_tracked"]);
});

test("the wrong architecture names what is missing; an unknown one names the known", () => {
  const weights = makeWeights({ blocks: 1, shortcut: "B" });
  const [first, ...others] = problemsOf(() => parse(weights, { arch: "resnet20" }));
  assert.match(first?.value ?? "", /resnet20 was asked for, the keys are those of resnet8/);
  assert.ok(others.length > 10);
  assert.match(problemsOf(() => parse(weights, { arch: "resnet50" }))[0]?.rule ?? "", /resnet110/);
  const two = makeWeights({ blocks: 2, shortcut: "A" });
  assert.match(problemsOf(() => parse(two))[0]?.value ?? "", /resnet with 6 blocks/);
});

test("a weight that is not a number is refused, wherever it is", () => {
  const weights = makeWeights({ blocks: 1, shortcut: "A" });
  weights.get("layer3.0.conv2.weight")?.data.fill(Number.NaN, 5, 6);
  assert.match(problemsOf(() => parse(weights))[0]?.value ?? "", /NaN at 5/);
});

test("a variance that has no root is refused by name", () => {
  const weights = makeWeights({ blocks: 1, shortcut: "A" });
  weights.get("bn1.running_var")?.data.fill(-0.5, 3, 4);
  assert.match(problemsOf(() => parse(weights))[0]?.value ?? "", /-0\.5 \+ 0\.00001 in channel 3/);
});

test("where plain and residual networks have the same keys, flags or names decide, or the file is refused", () => {
  const rename = (key: string) =>
    key
      .replace(/^(conv|bn)1\./, "$10.")
      .replace(/^layer(\d)\.(\d)/, (_, stage, index) => `convs.${3 * (stage - 1) + Number(index)}`);
  const weights = new Map(
    [...makeWeights({ blocks: 3, shortcut: "A" })].map(([key, value]) => [rename(key), value]),
  );
  assert.match(
    problemsOf(() => parse(weights))[0]?.next ?? "",
    /--arch plain20, or --arch resnet20 --shortcut A\|avg/,
  );
  assert.equal(parse(weights, { arch: "plain20" }).arch, "plain20");
  assert.equal(parse(weights, { shortcut: "A" }).arch, "resnet20, option A");
  assert.equal(parse(weights, { arch: "resnet20" }).arch, "resnet20, option avg");
  const named = parse(weights, { fileName: "my-plainnet.pth" });
  assert.equal(named.arch, "plain20");
  assert.deepEqual(named.graph.nodes.flatMap((node) => (node.op === "relu" ? [node.id] : [])).slice(0, 3), [
    "conv0.relu",
    "convs.0.conv1.relu",
    "convs.0.conv2.relu",
  ]);
  assert.match(named.warnings.map(({ message }) => message).join(), /'my-plainnet\.pth' says plain/);
  assert.ok(problemsOf(() => parse(weights, { arch: "plain20", shortcut: "A" })).length === 1);
});

test("metadata gives architecture, preprocessing and epsilon; options go before it", () => {
  const respike = JSON.stringify({
    arch: "resnet8",
    shortcut: "P",
    preprocessing: { name: "mnist", range: "0..1", mean: [0.1307], std: [0.3081] },
    bnEpsilon: 0.001,
  });
  const weights = makeWeights({ blocks: 1, shortcut: "P", channels: 1 });
  const model = parse(weights, {}, { respike });
  assert.deepEqual(model.preprocessing?.mean, [0.1307]);
  assert.deepEqual(model.warnings, []);
  const norm = model.graph.node("bn1");
  assert.ok(norm.op === "batch-norm" && norm.attributes.epsilon === 0.001);
  const other = parse(weights, { bnEpsilon: 0.1 }, { respike }).graph.node("bn1");
  assert.ok(other.op === "batch-norm" && other.attributes.epsilon === 0.1);
  assert.match(problemsOf(() => parse(weights, {}, { respike: "{" }))[0]?.where ?? "", /metadata 'respike'/);
  assert.match(
    problemsOf(() => parse(weights, {}, { respike: '{"shortcut":"C"}' }))[0]?.value ?? "",
    /shortcut/,
  );
  assert.match(problemsOf(() => parse(weights, {}, { mean: "0.1,x", std: "1" }))[0]?.where ?? "", /metadata/);
});

test("metadata that is not understood is told by name", () => {
  const weights = makeWeights({ blocks: 1, shortcut: "P", channels: 1 });
  const said = (metadata: Readonly<Record<string, string>>) => {
    const { warnings, preprocessing } = parse(weights, { arch: "resnet8", bnEpsilon: 1e-5 }, metadata);
    assert.equal(preprocessing, null);
    return warnings.map(({ code, message }) => `${code}: ${message}`);
  };
  const [misspelt, ...others] = said({ respike: '{"arch":"resnet8","bnEps":1e-3,"__proto__":1}' });
  assert.match(misspelt ?? "", /^metadata-unknown: .*'bnEps'.*bnEpsilon/);
  assert.deepEqual(others, []);
  assert.match(said({ mean: "0.5" }).join(), /^preprocessing-incomplete: .*has mean but no std/);
  assert.match(
    said({ std: "0.5", range: "0..1" }).join(),
    /^preprocessing-incomplete: .*std and range but no mean/,
  );
  assert.match(said({ range: "0..255" }).join(), /has range but no mean and no std/);
  assert.deepEqual(said({ dataset: "mnist" }), []);
});

test("every node of these networks is supported, and neurons stand where ReLUs stood", () => {
  const { graph } = parse(makeWeights({ blocks: 1, shortcut: "A" }));
  const support = describeSupport(graph);
  assert.equal(support.get("layer2.0.shortcut")?.status, "linear");
  assert.equal(support.get("layer2.0.relu")?.status, "spikes");
  assert.ok([...support.values()].every(({ status }) => status !== "refused"));
});

const shared = process.env.RESPIKE_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const published: readonly (readonly [
  file: string,
  arch: string,
  parameters: number,
  options?: ModelOptions,
])[] = [
  ["cifar10-resnet20.th", "resnet20, option A", 269_722],
  ["cifar10-resnet32.th", "resnet32, option A", 464_154],
  ["cifar10-resnet44.th", "resnet44, option A", 658_586],
  ["cifar10-resnet56.th", "resnet56, option A", 853_018],
  ["cifar10-resnet110.safetensors", "resnet110, option A", 1_727_962],
  ["cifar100-resnet32.safetensors", "resnet32, option B", 472_756],
  ["cifar10-plainnet20.pth", "plain20", 270_410],
  ["cifar10-plainnet56.pth", "plain56", 855_050, { arch: "plain56" }],
  ["cifar10-avgresnet20.pth", "resnet20, option avg", 270_410],
  ["cifar10-avgresnet56.pth", "resnet56, option avg", 855_050, { shortcut: "avg" }],
];
for (const [file, arch, parameters, options] of published) {
  test(`published network ${file} has ${parameters} parameters`, (t) => {
    const path = `${shared}/models/${file}`;
    if (!existsSync(path)) return t.skip(`no ${path}: set RESPIKE_SHARED`);
    const fileName = options === undefined ? file : "renamed";
    const model = parseModel(readFileSync(path), { ...options, fileName });
    assert.equal(model.arch, arch);
    const learned = model.graph.nodes.flatMap(({ tensors }) =>
      Object.entries(tensors).flatMap(([name, { data }]) =>
        /mean|variance/.test(name) ? [] : [data.length],
      ),
    );
    assert.equal(
      learned.reduce((sum, length) => sum + length, 0),
      parameters,
    );
  });
}
