/** Ceilings that a network was trained with: in its file, on its graph, as λ. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RespikeError } from "#src/core/respike-error.js";
import { float32Tensor, type Tensor } from "#src/core/tensor.js";
import { parseModel } from "#src/formats/parse-model.js";
import { encodeSafetensors } from "#src/formats/safetensors/encode-safetensors.js";
import { encodeSnn } from "#src/formats/snn/encode-snn.js";
import type { Graph } from "#src/graph/graph.js";
import { type GraphNode, isOp } from "#src/graph/node-types.js";
import { dropCeilings, hasCeilings, readCeilings } from "#src/graph/trained-ceilings.js";
import { addCeilings } from "#src/training/activations.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { listState, readState } from "#src/training/network-state.js";
import { convertTiny } from "./convert-tiny.js";
import { tinyResNet } from "./tiny-networks.js";

/** 0.5, 0.75, 1, … in the network's order. */
function withCeilings(graph: Graph, ceilingOf = (at: number): number => 0.5 + 0.25 * at): Graph {
  let count = 0;
  return graph.rewrite((node): GraphNode => {
    if (!isOp(node, "relu")) return node;
    const max = Math.fround(ceilingOf(count++));
    return {
      ...node,
      attributes: { ...node.attributes, max },
      tensors: { ceiling: float32Tensor([1], [max]) },
    };
  });
}

test("λ of each layer is its ceiling, largest rates are at most 1, the network compared with clips at it", async () => {
  const graph = withCeilings(tinyResNet("A"));
  const { snn, report } = await convertTiny(graph, { lambda: "ceiling" });
  const expected = [...readCeilings(graph).values()];
  assert.deepEqual(
    report.layers.map(({ lambdaOut }) => lambdaOut),
    expected,
  );
  assert.ok(report.layers.every(({ maxRate }) => maxRate <= 1));
  assert.ok(report.layers.some(({ maxRate }) => maxRate === 1));
  assert.equal(report.options.lambda, "ceiling");
  const relus = snn.network.nodes.filter((node) => isOp(node, "relu"));
  assert.deepEqual(
    relus.map((node) => isOp(node, "relu") && node.attributes.max),
    expected,
  );
  assert.ok(relus.every(({ tensors }) => tensors.ceiling === undefined));
  assert.ok(encodeSnn(snn).length > 0);
});

test("the rate of a layer is that of its ceiling: rate · ceiling is the mean activation within 1 %", async () => {
  const ceiling = 4096;
  const graph = withCeilings(tinyResNet("A"), () => ceiling);
  const own = await convertTiny(graph, { lambda: "ceiling" });
  const largest = await convertTiny(dropCeilings(graph), { lambda: "max" });
  const means = ({ snn, report }: typeof own) =>
    snn.graph.nodes.flatMap((node) => {
      const layer = report.layers.find(({ name }) => isOp(node, "neuron") && name === node.attributes.layer);
      if (!isOp(node, "neuron") || layer === undefined) return [];
      return [(node.attributes.rate ?? Number.NaN) * Number([layer.lambdaOut].flat()[0])];
    });
  const [found, exact] = [means(own), means(largest)];
  assert.ok(exact.length > 3 && exact.every((mean) => mean > 0));
  for (const [at, mean] of exact.entries()) {
    assert.ok(Math.abs(Number(found[at]) / mean - 1) < 0.01, `${at}: ${found[at]} for ${mean}`);
  }
});

test("another λ overrides the ceilings, which still clip", async () => {
  const graph = withCeilings(tinyResNet("A"));
  const [own, plain] = [
    await convertTiny(graph, { lambda: "p50" }),
    await convertTiny(dropCeilings(graph), { lambda: "p50" }),
  ];
  assert.deepEqual(own.report.layers, plain.report.layers);
  assert.deepEqual(encodeSnn(own.snn), encodeSnn(plain.snn));
  assert.ok(own.report.layers.some(({ maxRate }) => maxRate > 1));
});

test("neurons that options add have no ceiling and take the percentile", async () => {
  const graph = withCeilings(tinyResNet("A"));
  const { report } = await convertTiny(graph, { lambda: "ceiling", avgpool: "neuron", output: "neuron" });
  const reference = await convertTiny(graph, { lambda: "p99.9", avgpool: "neuron", output: "neuron" });
  const lambdas = (layers: typeof report.layers) => layers.slice(-2).map(({ lambdaOut }) => lambdaOut);
  assert.deepEqual(lambdas(report.layers), lambdas(reference.report.layers));
});

test("--lambda ceiling without ceilings is refused with exit 2; a ReLU6 has none", async () => {
  const clipped = dropCeilings(withCeilings(tinyResNet("A")));
  assert.equal(hasCeilings(clipped), false);
  await assert.rejects(convertTiny(clipped, { lambda: "ceiling" }), (error) => {
    assert.ok(error instanceof RespikeError && error.exitCode === 2);
    assert.match(error.message, /every ReLU has a ceiling that was trained/);
    return true;
  });
});

const fresh = buildResnet({
  input: [1, 28, 28],
  classes: 10,
  blocks: 1,
  width: 16,
  shortcut: "P",
  batchNormEpsilon: 1e-5,
  seed: 1,
});
const trained = withCeilings(addCeilings(fresh, { kind: "qcfs", levels: 8 }));

function encode(change: (tensors: Map<string, Tensor>) => void = () => {}, activation?: unknown): Uint8Array {
  const state = readState(trained);
  const tensors = new Map<string, Tensor>(
    listState(trained).map(({ name, shape }) => [
      name,
      float32Tensor(shape, state.get(name) as Float32Array),
    ]),
  );
  change(tensors);
  return encodeSafetensors(tensors, {
    respike: JSON.stringify({ arch: "resnet8", shortcut: "P", bnEpsilon: 1e-5, activation }),
  });
}

test("a file with ceilings gives the graph that was trained, tensor by tensor", () => {
  const model = parseModel(encode(() => {}, { kind: "qcfs", levels: 8 }));
  assert.deepEqual(readState(model.graph), readState(trained));
  assert.deepEqual(readCeilings(model.graph), readCeilings(trained));
  assert.equal(readCeilings(model.graph).get("layer1.0.conv1.relu"), 0.75);
  assert.ok(hasCeilings(model.graph));
  assert.match(model.evidence.join("\n"), /7 trained ceilings.*8 levels/);
  assert.deepEqual(model.ignoredKeys, []);
});

test("ceilings in a file without metadata are found by their keys", () => {
  const stripped = encodeSafetensors(
    new Map([...readState(trained)].map(([name, data]) => [name, shapeLike(name, data)] as const)),
  );
  assert.ok(hasCeilings(parseModel(stripped).graph));
});

const shapeLike = (name: string, data: Float32Array) =>
  float32Tensor(listState(trained).find((entry) => entry.name === name)?.shape ?? [], data);

for (const [name, change, message] of [
  ["one missing", (t) => void t.delete("layer2.0.relu.ceiling"), /layer2\.0\.relu\.ceiling: it is missing/],
  ["one of 0", (t) => void t.set("conv1.relu.ceiling", float32Tensor([1], [0])), /ceiling: 0 .*above 0/],
  ["one below 0", (t) => void t.set("conv1.relu.ceiling", float32Tensor([1], [-2])), /ceiling: -2/],
  ["one of no number", (t) => void t.set("conv1.relu.ceiling", float32Tensor([1], [Number.NaN])), /NaN/],
  ["one a channel", (t) => void t.set("conv1.relu.ceiling", float32Tensor([2], [1, 1])), /shape \[2\]/],
  ["one too many", (t) => void t.set("layer4.0.relu.ceiling", float32Tensor([1], [1])), /layer4\.0/],
] as readonly [string, (tensors: Map<string, Tensor>) => void, RegExp][]) {
  test(`a file's ceilings: ${name} is refused with exit 3`, () => {
    assert.throws(
      () => parseModel(encode(change)),
      (error) => {
        assert.ok(error instanceof RespikeError && error.exitCode === 3);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("an activation in the metadata that is none is refused", () => {
  for (const activation of [{ kind: "qcfs" }, { kind: "qcfs", levels: 0 }, { kind: "tanh" }, "clip"]) {
    assert.throws(() => parseModel(encode(() => {}, activation)), { exitCode: 3 });
  }
});
