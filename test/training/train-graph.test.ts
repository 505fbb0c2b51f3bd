/** `train` as a library: any graph with gradients, images in memory, with files or without. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { randomUnit } from "#src/core/counter-random.js";
import { RespikeError } from "#src/core/respike-error.js";
import type { Dataset, ImageSet } from "#src/datasets/dataset.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode } from "#src/graph/node-types.js";
import { readCeilings } from "#src/graph/trained-ceilings.js";
import { loadModel } from "#src/library/load-model.js";
import { train } from "#src/library/train.js";
import { addCeilings } from "#src/training/activations.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { readState } from "#src/training/network-state.js";
import { batchNormNode, convNode, inputNode, poolNode, reluNode, withHead } from "./tiny-networks.js";

const folder = mkdtempSync(join(tmpdir(), "respike-graph-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Noise, with lying stripes, standing ones or none: shifts do not change the class. */
function makeImages(n: number): ImageSet {
  const pixels = Uint8Array.from({ length: n * 64 }, (_, at) => {
    const [image, row, column] = [Math.floor(at / 64), Math.floor(at / 8) % 8, at % 8];
    const stripe = [row % 2, column % 2, 0.5][image % 3] as number;
    return 100 * randomUnit(4, at) + 120 * stripe;
  });
  return { n, shape: [1, 8, 8], pixels, labels: Int32Array.from({ length: n }, (_, at) => at % 3) };
}

const data: Dataset = {
  name: "stripes",
  shape: [1, 8, 8],
  classes: 3,
  classNames: ["lying", "standing", "none"],
  splits: { train: makeImages(200), test: makeImages(90) },
};

/** Not one of the named architectures. */
const own = withHead([
  inputNode([1, 8, 8]),
  convNode("first", "input", [6, 1, 3, 3], { padding: [1, 1, 1, 1] }),
  batchNormNode("norm", "first", 6),
  reluNode("r", "norm"),
  poolNode("p", "r", [2, 2], [2, 2]),
]);

const options = { data, epochs: 5, batch: 20, rate: 0.05, flip: false, threads: 1, seed: 4 } as const;

test("a graph of one's own learns; without output and out nothing is written, and the given graph stays as it was", async () => {
  const before = readState(own);
  const { result, graph, folder: kept } = await train({ ...options, graph: own });
  assert.deepEqual([result.arch, result.model, kept], ["graph", null, null]);
  assert.ok(result.test.accuracy > 90, JSON.stringify(result));
  assert.deepEqual(readState(own), before);
  assert.notDeepEqual(readState(graph), before);
  assert.deepEqual(
    graph.nodes.map(({ id, op }) => [id, op]),
    own.nodes.map(({ id, op }) => [id, op]),
  );
  const again = await train({ ...options, graph: own });
  assert.deepEqual(readState(again.graph), readState(graph));
});

test("the outcome goes on as a graph: what was learnt is the beginning", async () => {
  const first = await train({ ...options, graph: own });
  const second = await train({ ...options, graph: first.graph, epochs: 1, rate: 1e-6 });
  assert.ok((second.result.curve[0]?.loss ?? 9) < 0.5 * (first.result.curve[0]?.loss ?? 0));
});

test("a file that no known architecture fits is written with a warning; one that fits is read back", async () => {
  const out = { output: join(folder, "own.safetensors"), out: join(folder, "own"), epochs: 1 };
  const { warnings, result } = await train({ ...options, ...out, graph: own });
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ["weights-alone"],
  );
  assert.ok(result.model !== null && existsSync(join(folder, "own", "results.json")));
  const plan = { classes: 3, blocks: 1, width: 16, batchNormEpsilon: 1e-5, seed: 2 } as const;
  for (const shortcut of ["P", "avg"] as const) {
    const graph = buildResnet({ ...plan, input: [1, 8, 8], shortcut });
    const output = join(folder, `${shortcut}.safetensors`);
    const trained = await train({ ...options, epochs: 1, graph, output });
    assert.deepEqual(trained.warnings, []);
    const model = await loadModel(output);
    assert.equal(model.arch, `resnet8, option ${shortcut}`);
    assert.deepEqual(readState(model.graph), readState(trained.graph));
  }
});

test("going on wants the same graph: another one's weights are refused", async () => {
  const out = { out: join(folder, "again"), epochs: 1 };
  const first = await train({ ...options, ...out, graph: own });
  const resumed = train({ ...options, ...out, graph: first.graph, resume: true });
  await assert.rejects(resumed, /graphSha256: .* there, .* now/);
  const same = await train({ ...options, ...out, graph: own, resume: true });
  assert.deepEqual(same.result.curve, first.result.curve);
});

test("ceilings that a graph has are trained on without a word, begin and decay where it is said", async () => {
  const graph = addCeilings(own, { kind: "clip" }, 1.25);
  const clipped = await train({ ...options, graph, epochs: 1, ceilingDecay: 0 });
  const [ceiling = 0] = readCeilings(clipped.graph).values();
  assert.ok(ceiling !== 1.25 && Math.abs(ceiling - 1.25) < 1, String(ceiling));
  const begun = { ...options, graph: own, activation: "clip", ceiling: 1.25, epochs: 1 } as const;
  const same = await train({ ...begun, ceilingDecay: 0 });
  assert.equal([...readCeilings(same.graph).values()][0], ceiling);
  const decayed = await train({ ...begun, ceilingDecay: 0.5 });
  assert.ok(([...readCeilings(decayed.graph).values()][0] ?? 9) < ceiling);
});

const refusals: readonly (readonly [name: string, call: object, exitCode: number, says: RegExp])[] = [
  ["neither arch nor graph", {}, 2, /architecture is one of .* missing|missing .*architecture is one of/],
  ["both", { graph: own, arch: "resnet8" }, 2, /takes neither arch nor shortcut/],
  ["a ceiling without ceilings", { graph: own, ceiling: 2 }, 2, /only activations clip and qcfs/],
  ["a ceiling of 0", { graph: own, activation: "clip", ceiling: 0 }, 2, /above 0/],
  ["resume without a folder", { graph: own, resume: true }, 2, /run folder/],
];

for (const [name, call, exitCode, says] of refusals) {
  test(`${name} is refused with exit ${exitCode}`, async () => {
    await assert.rejects(train({ ...options, ...call }), (error) => {
      assert.ok(error instanceof RespikeError, String(error));
      assert.equal(error.exitCode, exitCode);
      assert.match(error.message, says);
      return true;
    });
  });
}

test("everything that stands against a graph is named at once: operators without a gradient, shapes, classes", async () => {
  const conv = convNode("grouped", "input", [2, 1, 3, 3]) as Extract<GraphNode, { op: "conv" }>;
  const graph = new Graph([
    inputNode([2, 8, 8]),
    { ...conv, attributes: { ...conv.attributes, groups: 2 } },
    reluNode("r", "grouped"),
    {
      id: "largest",
      op: "pool",
      inputs: ["r"],
      attributes: { kind: "max", kernel: [6, 6], stride: [6, 6], padding: [0, 0, 0, 0] },
      tensors: {},
    },
    { id: "flat", op: "flatten", inputs: ["largest"], attributes: {}, tensors: {} },
  ]);
  await assert.rejects(train({ ...options, graph }), (error) => {
    assert.ok(error instanceof RespikeError);
    assert.equal(error.exitCode, 3);
    assert.deepEqual(
      error.problems.map(({ where }) => where),
      ["grouped (conv)", "largest (pool)", "flat (flatten)", "input (input)", "flat (flatten)"],
    );
    return true;
  });
});
