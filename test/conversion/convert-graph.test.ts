/** The whole conversion on small networks: what passes keep, what the SNN is, what the limit of many steps is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { truncateSnn } from "#src/conversion/truncate-snn.js";
import { planEvaluation } from "#src/evaluation/evaluation-plan.js";
import { decodeSnn } from "#src/formats/snn/decode-snn.js";
import { encodeSnn } from "#src/formats/snn/encode-snn.js";
import { isOp, type NodeOf } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { plainBackend } from "#src/inference/plain-backend.js";
import { forEachSynapse } from "#src/simulator/plan/enumerate-synapses.js";
import { planSnn } from "#src/simulator/plan/plan-snn.js";
import { convertTiny, prepareImages, simulate } from "./convert-tiny.js";
import { type Shortcut, tinyPoolNet, tinyResNet, upTo } from "./tiny-networks.js";

const shortcuts: readonly Shortcut[] = ["A", "B", "avg"];

test("every preserving pass differs by at most 1e-5 of the largest output, and all are reported", async () => {
  for (const shortcut of shortcuts) {
    const { report } = await convertTiny(tinyResNet(shortcut));
    assert.deepEqual(
      report.passes.map(({ name }) => name),
      [
        "fold-batch-norm",
        "lower-shortcuts",
        "add-activations",
        "order-max-pools",
        "normalise-weights",
        "normalise-shortcuts",
        "place-neurons",
        "gather-currents",
        "compose-synapses",
        "silence-dead-channels",
        "refine-quanta",
        "number-format",
      ],
    );
    for (const pass of report.passes) {
      assert.equal(pass.images, 24 + 32);
      if (pass.preserves === "function")
        assert.ok((pass.maxRelDiff ?? 1) <= 1e-5, `${shortcut} ${pass.name}`);
    }
  }
});

test("with --lambda max the largest calibration activation over λ is 1 in every layer (to 1e-6)", async () => {
  for (const lambdaScope of ["layer", "channel"] as const) {
    const { report } = await convertTiny(tinyResNet("A"), { lambda: "max", lambdaScope });
    for (const layer of report.layers) assert.ok(Math.abs(layer.maxRate - 1) <= 1e-6, layer.name);
  }
});

test("clipping nothing, the float spiking graph gives the network's logits on calibration images (to 1e-4)", async () => {
  const images = prepareImages(24);
  for (const shortcut of shortcuts) {
    for (const lambdaScope of ["layer", "channel"] as const) {
      const { snn } = await convertTiny(tinyResNet(shortcut), {
        lambda: "max",
        lambdaScope,
        number: "float32",
      });
      const [expected, found] = await Promise.all(
        [snn.network, snn.graph].map(async (graph) => {
          const network = await plainBackend.prepare(graph);
          return network.run(images, 24, [graph.output.id]).get(graph.output.id) as Float32Array;
        }),
      );
      assertClose(found as Float32Array, expected as Float32Array, 1e-4, `${shortcut} ${lambdaScope}`);
    }
  }
});

test("layers have the file's names, λ stands in the list, weights in the tensors", async () => {
  const { snn, report } = await convertTiny(tinyResNet("B"));
  const names = ["conv1", "layer1.0.conv1", "layer1.0", "layer2.0.conv1", "layer2.0"];
  assert.deepEqual(
    snn.layers.map(({ name }) => name),
    names,
  );
  assert.deepEqual(
    snn.layers.map(({ activation }) => activation),
    names.map((name) => `${name}.relu`),
  );
  const lambda = snn.layers.map((layer) => layer.lambda[0]);
  assert.deepEqual(
    report.layers.map(({ lambdaIn }) => lambdaIn),
    [[1], [lambda[0]], [lambda[1], lambda[0]], [lambda[2]], [lambda[3], lambda[2]]],
  );
  assert.deepEqual(
    report.layers.map(({ neurons }) => neurons),
    [256, 256, 256, 128, 128],
  );
});

test("an identity's synapse is λ_in/λ_out of its θ, a half integer at most away; off it is θ", async () => {
  for (const shortcutNorm of ["on", "off"] as const) {
    const { snn } = await convertTiny(tinyResNet("A"), { shortcutNorm });
    const node = snn.graph.node("layer1.0.add.shortcut.synapses") as NodeOf<"affine">;
    const theta = (snn.graph.node("layer1.0") as NodeOf<"neuron">).tensors.threshold?.data as Int32Array;
    const [from, to] = [snn.layers[0]?.lambda[0] as number, snn.layers[2]?.lambda[0] as number];
    assert.ok(to / from > 1.5, "the block is chosen with a ratio far from 1");
    const ratio = shortcutNorm === "on" ? from / to : 1;
    const scale = Int32Array.from(node.tensors.scale?.data as Int16Array);
    for (const [c, weight] of scale.entries()) {
      assert.ok(Math.abs(weight - ratio * (theta[c] as number)) <= 0.501);
    }
  }
});

test("shortcut normalisation changes the outputs where λ changes", async () => {
  const outputs = async (shortcut: Shortcut, shortcutNorm: "on" | "off") => {
    const { snn } = await convertTiny(tinyResNet(shortcut), {
      lambda: "max",
      shortcutNorm,
      number: "float32",
    });
    const network = await plainBackend.prepare(snn.graph);
    return network.run(prepareImages(24), 24, ["output"]).get("output") as Float32Array;
  };
  for (const shortcut of shortcuts) {
    const [on, off] = [await outputs(shortcut, "on"), await outputs(shortcut, "off")];
    assert.ok(on.some((value, at) => Math.abs(value - (off[at] as number)) > 0.1));
  }
});

test("the SNN is canonical, saves and loads to the same bytes, and is the same twice", async () => {
  for (const shortcut of shortcuts) {
    for (const avgpool of ["current", "neuron"] as const) {
      for (const output of ["current", "neuron"] as const) {
        const [{ snn }, again] = [
          await convertTiny(tinyResNet(shortcut), { avgpool, output }),
          await convertTiny(tinyResNet(shortcut), { avgpool, output }),
        ];
        planSnn(snn.graph);
        const bytes = encodeSnn(snn);
        assert.deepEqual(encodeSnn(decodeSnn(bytes)), bytes);
        assert.deepEqual(encodeSnn(again.snn), bytes);
        const extra = [
          ...(avgpool === "neuron" ? ["avgpool"] : []),
          ...(output === "neuron" ? ["linear"] : []),
        ];
        assert.deepEqual(snn.layers.map(({ name }) => name).slice(5), extra);
      }
    }
  }
});

test("counts over T come within 2/T + 0.02 of the network with its ReLUs clipped at λ (T = 512, mean over layers)", async () => {
  const images = prepareImages(2);
  for (const options of [{}, { maxpool: "before" }, { avgpool: "neuron", output: "neuron" }] as const) {
    for (const graph of [tinyResNet("avg"), tinyPoolNet()]) {
      const { snn } = await convertTiny(graph, { ...options, number: "float32" });
      const limit = await plainBackend.prepare(snn.graph);
      const rates = limit.run(
        images,
        2,
        snn.layers.map(({ name }) => name),
      );
      const { layers } = await simulate(snn, images, 512);
      for (const { name, counts } of layers) {
        const rate = rates.get(name) as Float32Array;
        const error = counts.reduce((sum, n, at) => sum + Math.abs(n / 512 - (rate[at] as number)), 0);
        assert.ok(error / counts.length <= 2 / 512 + 0.02, `${name}: ${error / counts.length}`);
      }
    }
  }
});

test("max pools: the gate stands behind the neurons, `before` puts the neurons behind the pool", async () => {
  const gate = await convertTiny(tinyPoolNet());
  assert.deepEqual(gate.snn.graph.node("maxpool").inputs, ["a"]);
  assert.equal(gate.snn.layers[0]?.activation, "a.relu");
  const before = await convertTiny(tinyPoolNet(), { maxpool: "before" });
  assert.deepEqual(before.snn.graph.node("a").inputs, ["maxpool"]);
  assert.deepEqual(before.snn.graph.shape("a"), [4, 4, 4]);
  assert.equal(before.snn.layers[0]?.activation, "maxpool");
  for (const { snn } of [gate, before]) planSnn(snn.graph);
});

test("integers: no synapses and constant current of any neuron sum to more than the format's limit", async () => {
  const limits = { int16: 32_767, int32: 524_287 } as const;
  const largest = 2.7; // of the cifar10 preprocessing, rounded up
  for (const number of ["int16", "int32"] as const) {
    for (const graph of [tinyResNet("avg"), tinyResNet("B"), tinyPoolNet()]) {
      const { snn } = await convertTiny(graph, { number });
      for (const worst of worstCases(snn, largest)) {
        assert.ok(worst.sum <= limits[number] * 1.02, `${worst.layer}: ${worst.sum}`);
        if (!worst.isImage) assert.ok(worst.sum <= limits[number], `${worst.layer}: ${worst.sum}`);
        if (!worst.isImage) assert.ok(worst.sum >= limits[number] * 0.5 || worst.theta === limits[number]);
      }
    }
  }
});

test("auto leaves layers whose weights are fine enough in int16", async () => {
  const { snn, report } = await convertTiny(tinyResNet("A"), { number: "auto" });
  for (const { number, largestWeight } of report.layers) {
    assert.ok(largestWeight >= 127);
    assert.equal(number, "int16");
  }
  assert.ok(isOp(snn.graph.output, "output"));
});

test("results name the formats of what sums: an output that reads counts holds no weights", async () => {
  const image = { shape: [3, 8, 8], n: 1, pixels: new Uint8Array(192), labels: Int32Array.of(0) } as const;
  for (const output of ["current", "neuron"] as const) {
    const { snn } = await convertTiny(tinyResNet("A"), { output, number: "int32" });
    assert.equal(planEvaluation(snn, image, "tiny").setup.number, "int32", output);
  }
});

test("T above what a format allows is refused with exit 2", async () => {
  await assert.rejects(convertTiny(tinyResNet("A"), { number: "int32", T: 4001 }), { exitCode: 2 });
  await assert.rejects(convertTiny(tinyResNet("A"), { number: "int16", T: 65_001 }), { exitCode: 2 });
});

test("a truncated SNN gives the same counts of its last layer", async () => {
  const { snn } = await convertTiny(tinyResNet("A"));
  const images = prepareImages(2);
  const whole = await simulate(snn, images, 20);
  for (const { name, counts } of whole.layers) {
    const part = await simulate(truncateSnn(snn, name), images, 20);
    assert.deepEqual(part.layers[part.layers.length - 1]?.counts, counts);
  }
});

test("a pass that does not keep the function stops the conversion with exit 4 and its name", async () => {
  const { comparePass } = await import("#src/conversion/measure-difference.js");
  const compare = (after: number) =>
    comparePass("broken", "function", Float32Array.of(0, 1000), Float32Array.of(after, 1000), 64);
  assert.equal(compare(0.09).maxRelDiff, Math.fround(0.09) / 1000);
  assert.throws(() => compare(0.11), { exitCode: 4, where: "pass broken" });
  assert.throws(() => compare(Number.NaN), { exitCode: 4 });
});

test("a network whose own outputs are not finite is refused with exit 3, not blamed on a pass", async () => {
  const { checkOutputs } = await import("#src/conversion/measure-difference.js");
  assert.equal(checkOutputs(Float32Array.of(1, 2)).length, 2);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => checkOutputs(Float32Array.of(1, value)), { exitCode: 3, code: "outputs-not-finite" });
});

test("unknown preprocessing is refused with exit 3", async () => {
  const { convertGraph } = await import("#src/conversion/convert-graph.js");
  const { resolveConvertOptions } = await import("#src/conversion/convert-options.js");
  const { makeInlineRunner } = await import("#src/core/inline-runner.js");
  const { conversionJobs } = await import("#src/conversion/conversion-jobs.js");
  const { noise } = await import("./tiny-networks.js");
  const calibration = { source: noise, indices: upTo(4), judgingIndices: upTo(0) };
  await assert.rejects(
    convertGraph({ graph: tinyResNet("A"), preprocessing: null }, resolveConvertOptions({}), {
      calibration,
      runner: makeInlineRunner(conversionJobs),
    }),
    { exitCode: 3, code: "preprocessing-unknown" },
  );
});

/** The largest |sum| that any neuron or output can see in a step, exactly, target by target. */
function worstCases(snn: Snn, largestPixel: number) {
  const plan = planSnn(snn.graph);
  return [...plan.neurons, plan.output].map((stage) => {
    const size = stage.currentShape[0] * stage.currentShape[1] * stage.currentShape[2];
    const [positive, negative] = [new Float64Array(size), new Float64Array(size)];
    let isImage = false;
    for (const group of stage.groups) {
      const isPixel = group.source === plan.image;
      isImage ||= isPixel;
      forEachSynapse(group, (_, target, weight) => {
        const most = isPixel ? Math.abs(weight) * largestPixel : Math.max(weight, 0);
        const least = isPixel ? -most : Math.min(weight, 0);
        positive[target] = (positive[target] as number) + most;
        negative[target] = (negative[target] as number) + least;
      });
    }
    const spread = stage.current.length / size;
    let sum = 0;
    for (let at = 0; at < size; at++) {
      const current = spread === 1 ? (stage.current[at] as number) : 0;
      sum = Math.max(sum, (positive[at] as number) + current, -(negative[at] as number) - current);
    }
    const theta = Math.max(...("scale" in stage ? stage.scale : stage.threshold));
    return { layer: stage.id, sum, isImage, theta };
  });
}

function assertClose(found: Float32Array, expected: Float32Array, tolerance: number, what: string): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.equal(found.length, expected.length);
  for (const [at, value] of expected.entries()) {
    assert.ok(Math.abs(value - (found[at] as number)) <= tolerance * largest, `${what} at ${at}`);
  }
}
