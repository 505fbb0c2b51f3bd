/** Activation statistics: what they are, and that nothing but model, data and options changes them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { conversionJobs } from "#src/conversion/conversion-jobs.js";
import { type ImageSource, readTasks } from "#src/conversion/image-source.js";
import type { PassContext } from "#src/conversion/pass.js";
import { foldBatchNorm } from "#src/conversion/passes/fold-batch-norm.js";
import { lowerShortcuts } from "#src/conversion/passes/lower-shortcuts.js";
import { percentileFraction } from "#src/conversion/statistics/activation-histogram.js";
import {
  collectStatistics,
  type StatisticsRequest,
} from "#src/conversion/statistics/activation-statistics.js";
import { findStatistics } from "#src/conversion/statistics/cached-statistics.js";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import type { Job, TaskRunner } from "#src/core/task-runner.js";
import { float32Tensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import { type GraphNode, isOp } from "#src/graph/node-types.js";
import { plainBackend } from "#src/inference/plain-backend.js";
import { convertTiny, prepareImages, preprocessing } from "./convert-tiny.js";
import { noise, tinyResNet, upTo } from "./tiny-networks.js";

const graph = lowerShortcuts.run(foldBatchNorm.run(tinyResNet("A"), {} as PassContext), {} as PassContext);
const ids = graph.nodes.filter((node) => isOp(node, "relu")).map(({ id }) => id);
const requestOf = (scope: "layer" | "channel", lambda = "p99"): StatisticsRequest => ({
  graph,
  preprocessing,
  ids,
  scopes: ids.map(() => scope),
  rule: lambda === "max" ? "max" : percentileFraction(lambda),
});
const n = 24;
const integers = ({ tensors }: GraphNode, name: string) => Int32Array.from(tensors[name]?.data as Int32Array);

/** Runs tasks last first, as threads may. */
const backwardRunner: TaskRunner = {
  threads: 2,
  async run<Shared, Task, Result>(job: Job<Shared, Task, Result>) {
    const tasks: Task[] = [];
    for await (const task of job.tasks) tasks.push(task);
    await makeInlineRunner(conversionJobs).run<Shared, Task, Result>({
      ...job,
      tasks: [...tasks].reverse(),
      onResult: (result, at) => job.onResult(result, tasks.length - 1 - at),
    });
  },
};

test("λ is the plain evaluator's sorted[⌊p·n⌋ − 1] within 0.1 %, in a layer and in a channel", async () => {
  const plain = await plainBackend.prepare(graph);
  const values = plain.run(prepareImages(n), n, ids);
  for (const scope of ["layer", "channel"] as const) {
    const tasks = readTasks(noise, upTo(n), 7, preprocessing);
    const found = await collectStatistics(makeInlineRunner(conversionJobs), requestOf(scope), tasks, n);
    for (const id of ids) {
      const [channels, height, width] = graph.shape(id);
      const all = Array.from(values.get(id) as Float32Array);
      const groups =
        scope === "layer"
          ? [all]
          : Array.from({ length: channels }, (_, c) =>
              all.filter((_value, at) => Math.floor(at / (height * width)) % channels === c),
            );
      for (const [at, group] of groups.entries()) {
        const sorted = group.sort((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.floor(sorted.length * 0.99) - 1)] as number;
        const lambda = found.get(id)?.lambda[at] as number;
        assert.ok(Math.abs(lambda - exact) <= 0.0011 * exact, `${id} ${at}: ${lambda} for ${exact}`);
      }
    }
  }
});

test("the rate is the plain evaluator's mean of min(a, λ)/λ within 0.2 %, in a layer and over channels", async () => {
  const plain = await plainBackend.prepare(graph);
  const values = plain.run(prepareImages(n), n, ids);
  for (const scope of ["layer", "channel"] as const) {
    const tasks = readTasks(noise, upTo(n), 7, preprocessing);
    const found = await collectStatistics(makeInlineRunner(conversionJobs), requestOf(scope), tasks, n);
    for (const id of ids) {
      const [channels, height, width] = graph.shape(id);
      const { lambda = [], rate = Number.NaN } = found.get(id) ?? {};
      const all = Array.from(values.get(id) as Float32Array);
      const sum = all.reduce((total, value, at) => {
        const channel = Math.floor(at / (height * width)) % channels;
        const limit = lambda[lambda.length === 1 ? 0 : channel] as number;
        return total + (limit > 0 ? Math.min(Math.max(value, 0), limit) / limit : 0);
      }, 0);
      const exact = sum / all.length;
      assert.ok(exact > 0 && Math.abs(rate / exact - 1) <= 0.002, `${id}: ${rate} for ${exact}`);
    }
  }
});

test("statistics are the same for batches of 1, 5 and 24 and for tasks in any order", async () => {
  for (const scope of ["layer", "channel"] as const) {
    const collect = (batch: number, runner: TaskRunner) =>
      collectStatistics(runner, requestOf(scope), readTasks(noise, upTo(n), batch, preprocessing), n);
    const first = await collect(1, makeInlineRunner(conversionJobs));
    assert.deepEqual(await collect(5, makeInlineRunner(conversionJobs)), first);
    assert.deepEqual(await collect(24, backwardRunner), first);
    assert.deepEqual(await collect(5, backwardRunner), first);
  }
});

/** A cache, and a runner that counts how often images are looked at. */
function watchCollecting() {
  const entries = new Map<string, Uint8Array>();
  let count = 0;
  const inline = makeInlineRunner(conversionJobs);
  const runner: TaskRunner = {
    threads: 1,
    run: (job) => {
      count++;
      return inline.run(job);
    },
  };
  const cache = {
    get: async (key: string) => entries.get(key) ?? null,
    put: async (key: string, bytes: Uint8Array) => void entries.set(key, bytes),
  };
  return { entries, cache, runner, collected: () => count };
}

test("the cache is asked by network, pixels and options; a damaged entry is collected anew", async () => {
  const { entries, cache } = watchCollecting();
  const find = (request: StatisticsRequest, indices = upTo(n), source: ImageSource = noise) =>
    findStatistics(makeInlineRunner(conversionJobs), request, source, indices, cache);
  const first = await find(requestOf("layer"));
  // λ and what it was read from
  assert.equal(entries.size, 2);
  const countingRunner: TaskRunner = {
    threads: 1,
    run: () => {
      throw new Error("collected again");
    },
  };
  const again = await findStatistics(countingRunner, requestOf("layer"), noise, upTo(n), cache);
  assert.deepEqual(again, first);
  await find(requestOf("channel"));
  await find(requestOf("layer", "max"));
  await find(requestOf("layer"), upTo(n - 1));
  await find({ ...requestOf("layer"), graph: tinyResNet("A") });
  assert.equal(entries.size, 5 + 4);
  for (const key of entries.keys()) entries.set(key, new TextEncoder().encode('[["x",{"lambda":[-1]}]]'));
  assert.deepEqual(await find(requestOf("layer")), first);
});

test("λ by another rule is read from what was kept, equal to what is collected", async () => {
  const { cache, runner, collected } = watchCollecting();
  for (const scope of ["layer", "channel"] as const) {
    const before = collected();
    const [percentile, largest] = [requestOf(scope), requestOf(scope, "max")];
    await findStatistics(runner, percentile, noise, upTo(n), cache);
    const second = await findStatistics(runner, largest, noise, upTo(n), cache);
    assert.equal(collected(), before + 1);
    assert.deepEqual(second, await findStatistics(runner, largest, noise, upTo(n), undefined));
  }
});

test("λ of least squared error for another T is read from what was kept, equal to what is collected; damaged bytes are not", async () => {
  const { entries, cache, runner, collected } = watchCollecting();
  const requestAt = (steps: number, scope: "layer" | "channel"): StatisticsRequest => ({
    ...requestOf(scope),
    rule: { name: "mmse", steps, largest: 1 },
  });
  const find = (steps: number, scope: "layer" | "channel", kept: typeof cache | undefined = cache) =>
    findStatistics(runner, requestAt(steps, scope), noise, upTo(n), kept);
  for (const scope of ["layer", "channel"] as const) {
    const before = collected();
    const first = await find(4, scope);
    const second = await find(32, scope);
    assert.equal(collected(), before + 1);
    assert.notDeepEqual(second, first);
    assert.deepEqual(second, await find(32, scope, undefined));
  }
  const damaged = [...entries].map(([key, bytes]) => [key, bytes.slice(0, bytes.length - 1)] as const);
  for (const [key, bytes] of damaged) entries.set(key, bytes);
  const before = collected();
  const third = await find(8, "layer");
  assert.equal(collected(), before + 1);
  assert.deepEqual(third, await find(8, "layer", undefined));
});

test("output neurons have one λ for all logits, that of a layer, with --lambda-scope channel too", async () => {
  const lambdaOf = async (lambdaScope: "layer" | "channel") => {
    const { report } = await convertTiny(tinyResNet("A"), { output: "neuron", lambda: "p90", lambdaScope });
    return report.layers.at(-1)?.lambdaOut;
  };
  const lambda = await lambdaOf("channel");
  assert.equal(typeof lambda, "number");
  assert.equal(lambda, await lambdaOf("layer"));
});

test("a percentile of 0 becomes the maximum with a warning; a channel that is always 0 never fires", async () => {
  const source = tinyResNet("A");
  const quiet = new Graph(
    source.nodes.map((node) =>
      node.id === "bn1"
        ? ({
            ...node,
            tensors: { ...node.tensors, beta: float32Tensor([4], [-100, 0.3, 0.3, 0.3]) },
          } as typeof node)
        : node,
    ),
  );
  const { snn, report } = await convertTiny(quiet, { lambdaScope: "channel" });
  const [first] = report.layers;
  assert.deepEqual(first?.deadChannels, [0]);
  assert.equal([first?.lambdaOut ?? []].flat()[0], 1);
  const warning = report.warnings.find(({ code, where }) => code === "dead-channels" && where === "conv1");
  assert.match(warning?.message ?? "", /1 of 4 channels \(0\)/);
  const weight = integers(snn.graph.node("conv1.synapses"), "weight");
  assert.ok(weight.subarray(0, 27).every((w) => w === 0));
  const neuron = snn.graph.node("conv1");
  assert.equal(integers(neuron, "current")[0], 0);
  assert.equal(integers(neuron, "v0")[0], 0);
  const rare = await convertTiny(source, { lambda: "p1" });
  assert.ok(rare.report.warnings.some(({ code }) => code === "lambda-is-maximum"));
  for (const { maxRate } of rare.report.layers) assert.ok(maxRate <= 1.0001);
});
