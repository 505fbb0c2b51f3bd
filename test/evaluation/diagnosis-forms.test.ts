/** Wiring is zero to rounding in every form of a correct conversion, and layers can be replaced in all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { convertGraph } from "#src/conversion/convert-graph.js";
import { type ExplicitOptions, resolveConvertOptions } from "#src/conversion/convert-options.js";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { float32Tensor, type Tensor } from "#src/core/tensor.js";
import { diagnoseSnn } from "#src/evaluation/diagnosis/diagnose-snn.js";
import { replaceLayer } from "#src/evaluation/diagnosis/replace-layer.js";
import { jobTable } from "#src/evaluation/job-table.js";
import type { Graph } from "#src/graph/graph.js";
import type { GraphNode, Readout } from "#src/graph/node-types.js";
import { type Preprocessing, preprocessingPresets } from "#src/graph/preprocessing.js";
import { denseBackend } from "#src/inference/dense-backend.js";
import { convertTiny, prepareImages } from "../conversion/convert-tiny.js";
import { noise, tinyPoolNet, tinyResNet, noiseSet as train, upTo } from "../conversion/tiny-networks.js";

const runner = makeInlineRunner(jobTable);
const n = 6;

const forms: readonly (readonly [name: string, graph: () => Graph, options: ExplicitOptions])[] = [
  ["option A", () => tinyResNet("A"), {}],
  ["projection", () => tinyResNet("B"), {}],
  ["average shortcut", () => tinyResNet("avg"), {}],
  ["gate", tinyPoolNet, {}],
  ["pool before", tinyPoolNet, { maxpool: "before" }],
  ["neurons after pools and at the output", () => tinyResNet("A"), { avgpool: "neuron", output: "neuron" }],
  ["count+softmax", tinyPoolNet, { output: "neuron", readout: "count+softmax" }],
  ["signed", () => tinyResNet("B"), { spikes: "signed" }],
  ["burst:3", tinyPoolNet, { spikes: "burst:3" }],
  ["signed-burst:2", () => tinyResNet("A"), { spikes: "signed-burst:2", v0: 0 }],
  ["reset to zero", () => tinyResNet("A"), { reset: "zero" }],
  ["reset to zero, pool before", tinyPoolNet, { reset: "zero", maxpool: "before" }],
  ["float32", () => tinyResNet("avg"), { number: "float32", lambdaScope: "channel" }],
  ["int16", () => tinyResNet("A"), { number: "int16", lambda: "max", delay: 5 }],
  [
    "calibrated: λ, currents, potentials",
    () => tinyResNet("A"),
    { lambda: "mmse", lambdaScope: "channel", adjust: "bias+potential" },
  ],
  [
    "calibrated currents, signed, float32",
    () => tinyResNet("B"),
    { spikes: "signed", adjust: "bias", number: "float32" },
  ],
  ["refined", () => tinyResNet("A"), { spikes: "refine:7", T: 4 }],
  ["refined, calibrated", () => tinyResNet("B"), { preset: "refine", adjust: "bias", T: 3 }],
  ["preset binary", () => tinyResNet("B"), { preset: "binary", adjust: "bias+potential", T: 24 }],
  ["preset binary, gate", tinyPoolNet, { preset: "binary", adjust: "bias+potential", T: 16 }],
  ["first steps left out, pool before", tinyPoolNet, { delay: 15, maxpool: "before" }],
  ["first steps left out, reset to zero", tinyPoolNet, { delay: 15, reset: "zero" }],
  [
    "first steps left out, reset to zero, pool before",
    tinyPoolNet,
    { delay: 15, reset: "zero", maxpool: "before" },
  ],
  [
    "first steps left out, signed, neurons after pools",
    () => tinyResNet("avg"),
    { delay: 15, spikes: "signed", avgpool: "neuron" },
  ],
  [
    "first steps left out, burst:3, float32",
    tinyPoolNet,
    { delay: 15, spikes: "burst:3", number: "float32" },
  ],
  ["one step read", () => tinyResNet("A"), { delay: 23, number: "int16" }],
  ["counts, which leave no step out", tinyPoolNet, { delay: 15, output: "neuron", readout: "count" }],
  ["compensated layer by layer", () => tinyResNet("B"), { compensate: "layer", lambda: "max" }],
];

for (const [name, graph, options] of forms) {
  test(`${name}: no defect, effects are finite`, async () => {
    const { snn } = await convertTiny(graph(), {
      ...(options.preset === undefined ? { T: 24 } : {}),
      calibrateN: 24,
      ...options,
    });
    const run = {
      snn,
      train,
      data: "noise",
      indices: upTo(n, 150),
      steps: snn.options.T as number,
      readout: snn.options.readout as Readout,
      delay: snn.options.delay as number,
      seed: 0,
    };
    const diagnosis = await diagnoseSnn(run, runner, { whatIf: "all" });
    assert.deepEqual(
      diagnosis.findings.map(({ layer }) => layer).sort(),
      snn.layers.map((layer) => layer.name).sort(),
    );
    for (const { name: layer, parts, roundingBound, isDefect, effect } of diagnosis.layers) {
      assert.ok(!isDefect, `${layer}: wiring ${parts.wiring}, rounding explains ${roundingBound}`);
      assert.ok(Object.values(parts).every((part) => Number.isFinite(part) && part >= 0));
      assert.ok(effect !== null && Number.isFinite(effect.evenness) && effect.allLocal <= 100);
    }
    assert.ok(diagnosis.layers.some(({ total }) => total > 1e-4));
    const { limit, atT } = diagnosis.certificate;
    assert.ok((limit.epsilon ?? 9) < 0.7 && Number.isFinite(atT.epsilon));
  });
}

test("pixels up to 255 (--preprocess raw): rounding of the first layer's weights is no defect", async () => {
  const small = (node: GraphNode): GraphNode => {
    if (node.op !== "conv" || node.inputs[0] !== graph.input.id) return node;
    const weight = node.tensors.weight as Tensor;
    const scaled = Float32Array.from(weight.data as Float32Array, (value) => value / 255);
    return { ...node, tensors: { ...node.tensors, weight: float32Tensor(weight.shape, scaled) } };
  };
  const graph = tinyResNet("A");
  const raw = { graph: graph.rewrite(small), preprocessing: preprocessingPresets.raw as Preprocessing };
  for (const number of ["int16", "auto"] as const) {
    const { snn } = await convertGraph(raw, resolveConvertOptions({ T: 24, number }), {
      calibration: { source: noise, indices: upTo(24), judgingIndices: upTo(0) },
      runner,
    });
    const run = { snn, train, data: "noise", indices: upTo(n, 150), steps: 24, seed: 0 };
    const { layers } = await diagnoseSnn({ ...run, readout: "mean", delay: 0 }, runner, { whatIf: 0 });
    for (const { name, parts, roundingBound, isDefect } of layers)
      assert.ok(!isDefect, `${number}, ${name}: wiring ${parts.wiring}, rounding explains ${roundingBound}`);
  }
});

test("a replaced layer that sends its own rate of the limit leaves the limit's outputs within 10⁻⁴", async () => {
  for (const [name, graph, options] of forms) {
    if (options.number !== undefined && options.number !== "float32") continue;
    const { snn } = await convertTiny(graph(), { T: 24, calibrateN: 24, ...options, number: "float32" });
    const images = prepareImages(1, 150);
    const output = snn.graph.output.id;
    const whole = await denseBackend.prepare(snn.graph);
    for (const { name: layer } of snn.layers) {
      if (snn.graph.output.inputs[0] === layer) continue;
      const values = whole.run(images, 1, [output, layer]);
      const replaced = replaceLayer(snn, layer);
      const network = await denseBackend.prepare(replaced.snn.graph);
      const joined = replaced.joinImage(images, values.get(layer) as Float32Array);
      const outputs = network.run(joined, 1, [replaced.snn.graph.output.id]).values().next().value;
      for (const [k, value] of (values.get(output) as Float32Array).entries()) {
        const other = outputs?.[k] ?? Number.NaN;
        assert.ok(
          Math.abs(other - value) <= 1e-4 * Math.max(1, Math.abs(value)),
          `${name}, ${layer}: ${other}, ${value}`,
        );
      }
      network.free();
    }
    whole.free();
  }
});
