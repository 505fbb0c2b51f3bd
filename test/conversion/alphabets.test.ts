/** Spike alphabets in a conversion: what is saved, and thresholds that no spike of the alphabet can overflow. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveConvertOptions } from "#src/conversion/convert-options.js";
import type { PassContext } from "#src/conversion/pass.js";
import { composeSynapses } from "#src/conversion/passes/compose-synapses.js";
import { gatherCurrents } from "#src/conversion/passes/gather-currents.js";
import { numberFormat } from "#src/conversion/passes/number-format.js";
import { placeNeurons } from "#src/conversion/passes/place-neurons.js";
import { float32Tensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import { type GraphNode, isOp } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { plainBackend } from "#src/inference/plain-backend.js";
import { forEachSynapse } from "#src/simulator/plan/enumerate-synapses.js";
import { planSnn } from "#src/simulator/plan/plan-snn.js";
import { convertTiny, prepareImages, simulate } from "./convert-tiny.js";
import { input, relu, tinyPoolNet, tinyResNet } from "./tiny-networks.js";

const alphabets = ["binary", "burst:4", "signed", "signed-burst:3"] as const;

/** 1×1 kernels over one pixel. */
const conv = (id: string, from: string, shape: readonly number[], weights: readonly number[]): GraphNode => ({
  id,
  op: "conv",
  inputs: [from],
  attributes: { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 },
  tensors: { weight: float32Tensor(shape, weights) },
});

test("θ counts the largest spike of either sign, through gates too, by hand", () => {
  const gate = {
    id: "gate",
    op: "pool",
    inputs: ["a.relu"],
    attributes: { kind: "max", kernel: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0] },
    tensors: {},
  } as const;
  // b hears 2·s₀ − 1·s₁ of a, at once or through a gate.
  const thetaOf = (spikes: string, from: "gate" | "a.relu") => {
    const graph = new Graph([
      input([1, 1, 1]),
      conv("a", "input", [2, 1, 1, 1], [0.1, 0.1]),
      relu("a", "a"),
      ...(from === "gate" ? [gate] : []),
      conv("b", from, [1, 2, 1, 1], [2, -1]),
      relu("b", "b"),
      conv("c", "b.relu", [1, 1, 1, 1], [1]),
    ]);
    const context: PassContext = {
      options: resolveConvertOptions({ spikes, number: "int16" }),
      preprocessing: { name: "flags", range: "0..1", mean: [0], std: [1] },
      activations: [],
      scales: new Map(),
      warn: () => 0,
    };
    const passes = [placeNeurons, gatherCurrents, composeSynapses, numberFormat];
    const deployed = passes.reduce((current, pass) => pass.run(current, context), graph);
    return Number(deployed.node("b").tensors.threshold?.data[0]);
  };
  for (const from of ["a.relu", "gate"] as const) {
    // Σ⁺ = 2k: ⌊32,767/2⌋. Burst of 4: 8k. Signed: s₀ = 1 and s₁ = −1 give 3k. Signed bursts of 4: 12k.
    assert.equal(thetaOf("binary", from), 16_383);
    assert.equal(thetaOf("burst:4", from), 4_095);
    assert.equal(thetaOf("signed", from), 10_922);
    assert.equal(thetaOf("signed-burst:4", from), 2_730);
  }
});

test("no target's sum leaves its format, whatever its sources send; the largest θ is taken", async () => {
  const limits = { int16: 32_767, int32: 524_287 };
  for (const number of ["int16", "int32"] as const) {
    for (const spikes of alphabets) {
      for (const graph of [tinyResNet("avg"), tinyPoolNet()]) {
        const { snn } = await convertTiny(graph, { number, spikes });
        for (const { layer, sum, theta, heardImage } of worstCases(snn)) {
          assert.ok(sum <= limits[number], `${spikes} ${layer}: ${sum}`);
          if (!heardImage)
            assert.ok(sum >= limits[number] * 0.5 || theta === limits[number], `${layer}: ${sum}`);
        }
      }
    }
  }
});

test("neurons of every layer have the alphabet asked for, and it is saved with the options", async () => {
  for (const [spikes, lo, hi] of [
    ["burst:4", 0, 4],
    ["signed", -1, 1],
    ["signed-burst:3", -3, 3],
  ] as const) {
    const { snn } = await convertTiny(tinyResNet("A"), { spikes, output: "neuron" });
    assert.equal(snn.options.spikes, spikes);
    for (const node of snn.graph.nodes)
      if (isOp(node, "neuron")) assert.deepEqual([node.attributes.lo, node.attributes.hi], [lo, hi], node.id);
  }
});

test("signed spikes take back what came too early: nearer to the limit of many steps than binary ones", async () => {
  const images = prepareImages(6);
  const errorOf = async (spikes: string) => {
    const { snn } = await convertTiny(tinyResNet("A"), { spikes, lambda: "max", number: "float32" });
    const { output } = snn.graph;
    const limit = (await plainBackend.prepare(snn.graph)).run(images, 6, [output.id]).get(output.id);
    const { outputs } = await simulate(snn, images, 24);
    return outputs.reduce((sum, value, i) => sum + Math.abs(value - (limit?.[i] as number)), 0);
  };
  assert.ok((await errorOf("signed")) < (await errorOf("binary")));
});

/** The largest |sum| that a neuron or output can see in a step from spikes and constant current, target by target. */
function worstCases(snn: Snn) {
  const plan = planSnn(snn.graph);
  return [...plan.neurons, plan.output].map((stage) => {
    const size = stage.currentShape[0] * stage.currentShape[1] * stage.currentShape[2];
    const [most, least] = [new Float64Array(size), new Float64Array(size)];
    for (const group of stage.groups) {
      const sent = snn.graph.node(group.source);
      const from = isOp(sent, "pool") ? snn.graph.node(sent.inputs[0] as string) : sent;
      if (!isOp(from, "neuron")) continue;
      const { lo, hi } = from.attributes;
      forEachSynapse(group, (_, target, weight) => {
        most[target] = (most[target] as number) + Math.max(weight * lo, weight * hi);
        least[target] = (least[target] as number) + Math.min(weight * lo, weight * hi);
      });
    }
    const sums = Array.from(most, (up, at) => {
      const current = stage.current[at] as number;
      return Math.max(up + current, -((least[at] as number) + current));
    });
    return {
      layer: stage.id,
      sum: sums.reduce((a, b) => Math.max(a, b), 0),
      theta: Math.max(...("scale" in stage ? stage.scale : stage.threshold)),
      heardImage: stage.groups.some(({ source }) => source === plan.image),
    };
  });
}
