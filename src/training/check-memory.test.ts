import assert from "node:assert/strict";
import { test } from "node:test";
import { RespikeError } from "../core/respike-error.js";
import { buildResnet } from "./build-resnet.js";
import { checkMemory, estimateMemory, measureFreeMemory } from "./check-memory.js";

const plan = { input: [3, 32, 32], classes: 10, width: 16, batchNormEpsilon: 1e-5, seed: 1 } as const;
const resnet8 = buildResnet({ ...plan, blocks: 1, shortcut: "P" });
const resnet20 = buildResnet({ ...plan, blocks: 3, shortcut: "P" });
const relu = { kind: "relu" } as const;

test("a batch for which memory is there passes; one image more is refused", () => {
  const { fixed, perImage } = estimateMemory(resnet20, relu);
  const free = fixed + 640 * perImage;
  checkMemory(resnet20, relu, 640, free);
  assert.throws(
    () => checkMemory(resnet20, relu, 641, free),
    (error) => {
      assert.ok(error instanceof RespikeError);
      assert.equal(error.exitCode, 2);
      const [problem] = error.problems;
      assert.equal(problem?.code, "too-little-memory");
      assert.match(problem?.value ?? "", /^641 images need about 1\.\d GB, free are 1\.\d GB$/);
      assert.match(problem?.next ?? "", /--batch 640,/);
      return true;
    },
  );
});

test("the largest batch that fits is whole blocks, and passes", () => {
  const free = 5e9;
  let next = "";
  try {
    checkMemory(resnet8, relu, 60_000, free);
  } catch (error) {
    next = (error as RespikeError).problems[0]?.next ?? "";
  }
  const largest = Number(/--batch (\d+),/.exec(next)?.[1]);
  assert.ok(largest > 1000 && largest % 16 === 0, next);
  checkMemory(resnet8, relu, largest, free);
  assert.throws(() => checkMemory(resnet8, relu, largest + 16, free), /too-little-memory|fit into/);
});

test("where not even two images fit, another batch is not advised", () => {
  assert.throws(() => checkMemory(resnet8, relu, 4, 1e6), /free some memory, or train a smaller network/);
});

test("deeper networks and rounded activations need more", () => {
  const of = (graph: typeof resnet8, kind: "relu" | "clip") => estimateMemory(graph, { kind }).perImage;
  assert.ok(of(resnet20, "relu") > 1.5 * of(resnet8, "relu"));
  assert.ok(of(resnet8, "clip") > of(resnet8, "relu"));
  const { perImage } = estimateMemory(resnet8, { kind: "qcfs", levels: 4 });
  assert.ok(perImage > of(resnet8, "clip"));
});

test("free memory is some", () => {
  assert.ok(measureFreeMemory() > 1e7);
});
