/** What a conversion reports of its rounding: the same as two conversions compared by hand, and why it is left out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { measureRounding } from "#src/conversion/measure-rounding.js";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { predictClass } from "#src/core/predict-class.js";
import { refuseInput } from "#src/core/respike-error.js";
import { compareSpikes } from "#src/evaluation/compare-spikes.js";
import { jobTable } from "#src/evaluation/job-table.js";
import { isOp } from "#src/graph/node-types.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { convertTiny, prepareImages, referenceSimulation } from "./convert-tiny.js";
import { noise, tinyResNet, upTo } from "./tiny-networks.js";

const steps = 32;
const contextOf = (simulation: typeof referenceSimulation | undefined, judging = upTo(70, 1000)) => ({
  calibration: { source: noise, indices: upTo(8), judgingIndices: judging },
  runner: makeInlineRunner(jobTable),
  simulation,
});

test("spikes and predictions of floats and integers are compared image by image", async () => {
  const { snn: float } = await convertTiny(tinyResNet("A"), { number: "float32", T: steps });
  const { snn: integer } = await convertTiny(tinyResNet("A"), { number: "int16", T: steps });
  const n = 10;
  const images = prepareImages(n);
  const options = { steps, readout: "mean", delay: 0 } as const;
  const compared = await compareSpikes(float, integer, images, makeInlineRunner(jobTable), options);
  const request = { images, n, snapshots: [steps], ...options };
  const [one, other] = [
    (await wasmBackend.prepare(float)).run(request),
    (await wasmBackend.prepare(integer)).run(request),
  ];
  let [difference, spikes] = [0, 0];
  for (const [index, { counts }] of one.layers.entries()) {
    for (const [at, count] of counts.entries()) {
      spikes += count;
      difference += Math.abs(count - (other.layers[index]?.counts[at] as number));
    }
  }
  assert.ok(spikes > 0 && difference > 0, `${difference} of ${spikes}`);
  assert.deepEqual([compared.difference, compared.spikes], [difference, spikes]);
  for (const [which, { outputs }] of [one, other].entries()) {
    const classes = outputs.length / n;
    const expected = Array.from({ length: n }, (_, i) =>
      predictClass(outputs.subarray(i * classes, (i + 1) * classes)),
    );
    assert.deepEqual([...(compared.predictions[which] ?? [])], expected);
  }
});

test("a conversion reports it at the T asked for; the saved network does not depend on it", async () => {
  const context = { simulation: referenceSimulation };
  const { report, snn } = await convertTiny(tinyResNet("A"), { T: steps }, context);
  const { rounding } = report;
  assert.equal(rounding.skipped, null);
  assert.equal(rounding.steps, steps);
  assert.ok(rounding.images > 0 && rounding.images <= 64);
  assert.ok((rounding.spikeDifference ?? 0) > 0 && (rounding.spikeDifference ?? 1) < 0.1);
  const { float = 0, integer = 0 } = rounding.accuracy ?? {};
  assert.ok(Math.abs(float - integer - (100 * (rounding.changedPredictions ?? 0)) / rounding.images) < 1e-9);
  const { snn: without } = await convertTiny(tinyResNet("A"), { T: steps }, { simulation: undefined });
  assert.deepEqual(without.graph.nodes, snn.graph.nodes);
});

test("64 images, fewer where that is long, at least 4; none is a reason that is told", async () => {
  const { snn: float } = await convertTiny(tinyResNet("A"), { number: "float32" });
  const { snn: integer } = await convertTiny(tinyResNet("A"));
  const asked: number[] = [];
  const counting = {
    ...referenceSimulation,
    async compare(_: unknown, __: unknown, indices: Uint32Array) {
      asked.push(indices.length);
      return { changedPredictions: 1, difference: 5, spikes: 0, correct: [2, 1] as const };
    },
  };
  await measureRounding(float, integer, 64, contextOf(counting));
  await measureRounding(float, integer, 60_000, contextOf(counting));
  const silent = await measureRounding(float, integer, 65_000_000, contextOf(counting));
  // 1,024 neurons: 1.6e9 updates are 26 images of 60,000 steps.
  assert.deepEqual(asked, [64, 26, 4]);
  assert.equal(silent.spikeDifference, null);
  const whyNot = async (...[one, context]: [typeof float, ReturnType<typeof contextOf>]) =>
    (await measureRounding(one, integer, 64, context)).skipped;
  assert.match((await whyNot(integer, contextOf(counting))) ?? "", /float32/);
  assert.match((await whyNot(float, contextOf(undefined))) ?? "", /no simulator/);
  assert.match((await whyNot(float, contextOf(counting, upTo(0)))) ?? "", /held back/);
  const refusing = {
    ...counting,
    compare: () =>
      Promise.reject(refuseInput({ code: "not-supported", where: "n", rule: "r", value: "v", next: "x" })),
  };
  assert.match((await whyNot(float, contextOf(refusing))) ?? "", /n: v/);
});

test("the largest weight of each channel is that of all its synapses, and their largest that of the layer", async () => {
  const { snn, report } = await convertTiny(tinyResNet("A"));
  for (const layer of report.layers) {
    assert.equal(layer.largestWeights.length, snn.graph.shape(layer.name)[0]);
    assert.equal(Math.max(...layer.largestWeights), layer.largestWeight);
  }
  const block = report.layers.find(({ name }) => name === "layer1.0");
  const numbersOf = (id: string, tensor: string) =>
    Array.from(snn.graph.node(id).tensors[tensor]?.data as ArrayLike<number>);
  const convolution = snn.graph.nodes.find(
    (node) => isOp(node, "conv") && node.id.startsWith("layer1.0.conv2"),
  );
  const weights = numbersOf(convolution?.id ?? "", "weight");
  const scale = numbersOf("layer1.0.add.shortcut.synapses", "scale");
  const expected = scale.map((shortcut, c) => {
    const own = weights.slice((c * weights.length) / scale.length, ((c + 1) * weights.length) / scale.length);
    return Math.max(Math.abs(shortcut), ...own.map(Math.abs));
  });
  assert.deepEqual(block?.largestWeights, expected);
  assert.ok(new Set(expected).size > 1);
});
