/** The networks in networks/ are those that their provenance describes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hashBytes } from "#src/core/sha256.js";
import { parseModel } from "#src/formats/parse-model.js";
import { preprocessingPresets } from "#src/graph/preprocessing.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { readState } from "#src/training/network-state.js";

const folder = new URL("../../../networks/", import.meta.url);

interface Provenance {
  readonly sha256: string;
  readonly testAccuracy: number;
  readonly testImages: number;
  readonly curve: readonly { readonly judgedAccuracy: number }[];
  readonly bestEpoch: number;
  readonly command: string;
  readonly seed?: number;
  readonly run?: { readonly seed: number };
  readonly commit: string;
  readonly engine: string;
  /** What the run did not record, in words, by the field's name. */
  readonly notes?: Readonly<Record<string, string>>;
}

interface Kept {
  readonly name: string;
  readonly arch: string;
  readonly data: "mnist" | "cifar10" | "cifar100";
  readonly input: readonly [number, number, number];
  readonly blocks: number;
  /** Least accuracy on all test images. */
  readonly goal: number;
  readonly keep: "best" | "last";
  /** P by default. */
  readonly shortcut?: "none";
  /** 10 by default. */
  readonly classes?: number;
}

const networks: readonly Kept[] = [
  {
    name: "mnist-resnet8",
    arch: "resnet8, option P",
    data: "mnist",
    input: [1, 28, 28],
    blocks: 1,
    goal: 0.995,
    keep: "best",
  },
  {
    name: "cifar10-resnet20",
    arch: "resnet20, option P",
    data: "cifar10",
    input: [3, 32, 32],
    blocks: 3,
    goal: 0.91,
    keep: "last",
  },
  {
    name: "cifar10-plain20",
    arch: "plain20",
    data: "cifar10",
    input: [3, 32, 32],
    blocks: 3,
    goal: 0.89,
    keep: "last",
    shortcut: "none",
  },
  {
    name: "cifar10-resnet44",
    arch: "resnet44, option P",
    data: "cifar10",
    input: [3, 32, 32],
    blocks: 7,
    goal: 0.91,
    keep: "last",
  },
  {
    name: "cifar10-plain44",
    arch: "plain44",
    data: "cifar10",
    input: [3, 32, 32],
    blocks: 7,
    goal: 0.79,
    keep: "last",
    shortcut: "none",
  },
  {
    name: "cifar100-resnet44",
    arch: "resnet44, option P",
    data: "cifar100",
    input: [3, 32, 32],
    blocks: 7,
    goal: 0.67,
    keep: "last",
    classes: 100,
  },
];

for (const network of networks) {
  const { name, arch, data, input, blocks, goal, keep, shortcut = "P", classes = 10 } = network;
  const bytes = new Uint8Array(readFileSync(new URL(`${name}.safetensors`, folder)));
  const text = readFileSync(new URL(`${name}.provenance.json`, folder), "utf8");
  const provenance = JSON.parse(text) as Provenance;

  test(`${name} has the hash, and the accuracy of at least ${100 * goal} %, that its provenance states`, () => {
    assert.equal(hashBytes(bytes), provenance.sha256);
    assert.equal(provenance.testImages, 10_000);
    assert.ok(provenance.testAccuracy >= goal);
  });

  test(`${name}: its provenance tells the command, the seed and the commit`, () => {
    const { command, commit, seed = provenance.run?.seed } = provenance;
    assert.match(command, / --seed 1\b/);
    assert.equal(seed, 1);
    assert.match(commit, /^[0-9a-f]{40}$/);
  });

  test(`${name}: its provenance tells the engine's version, or says that it was not recorded`, () => {
    const { engine, notes } = provenance;
    if (!/^onnxruntime-node \d+\.\d+\.\d+$/.test(engine)) assert.match(notes?.engine ?? "", /not recorded/);
  });

  test(`${name}: the epoch is the ${keep === "last" ? "last" : "latest with the highest accuracy on the judged images"}`, () => {
    const accuracies = provenance.curve.map(({ judgedAccuracy }) => judgedAccuracy);
    const best = keep === "last" ? accuracies.length : accuracies.lastIndexOf(Math.max(...accuracies)) + 1;
    assert.equal(provenance.bestEpoch, best);
  });

  test(`${name} loads without flags, as the architecture that was trained, with nothing left over`, () => {
    const model = parseModel(bytes, { fileName: `${name}.safetensors` });
    assert.equal(model.arch, arch);
    assert.deepEqual(model.preprocessing, preprocessingPresets[data]);
    assert.deepEqual(model.ignoredKeys, []);
    const plan = { classes, blocks, width: 16, shortcut, batchNormEpsilon: 1e-5, seed: 1 } as const;
    const fresh = buildResnet({ ...plan, input });
    const outline = (graph: typeof fresh) =>
      graph.nodes.map(({ id, op, inputs, attributes }) => ({ id, op, inputs, attributes }));
    assert.deepEqual(outline(model.graph), outline(fresh));
    assert.deepEqual([...readState(model.graph).keys()], [...readState(fresh).keys()]);
  });
}
