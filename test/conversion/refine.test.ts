/** Conversion to layers that refine: what the preset holds, what is refused, and that the value told is the network's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExplicitOptions, resolveConvertOptions } from "#src/conversion/convert-options.js";
import { networkBackend } from "#src/evaluation/backend-list.js";
import { isOp } from "#src/graph/node-types.js";
import { quantumAt, refinementOf } from "#src/graph/refinement.js";
import { nameAlphabets } from "#src/graph/spike-sources.js";
import { convertTiny, prepareImages, simulate } from "./convert-tiny.js";
import { tinyResNet } from "./tiny-networks.js";

test("preset refine: spikes −7…7, 0.8 × channel maximum of 128 images, currents fitted, final values, T = 3", () => {
  const { spikes, lambda, lambdaScope, lambdaFactor, calibrateN, adjust, readout, T, v0, shrink } =
    resolveConvertOptions({ preset: "refine" });
  assert.deepEqual(
    [spikes, lambda, lambdaScope, lambdaFactor, calibrateN, adjust, readout, T, v0, shrink],
    ["refine:7", "max", "channel", 0.8, 128, "bias", "final", 3, 0, 1],
  );
});

test("what a value that is refined cannot have is refused with exit 2, and final without it", () => {
  const spikes = "refine:7";
  for (const options of [
    { spikes, readout: "mean" },
    { spikes, output: "neuron" },
    { spikes, reset: "zero" },
    { spikes, v0: 0.5 },
    { spikes, delay: 1, T: 8 },
    { spikes, compensate: "layer" },
    { spikes, adjust: "bias+potential" },
    { spikes, shrink: 4 },
    { spikes: "refine:16" },
    { readout: "final" },
    { lambdaFactor: 0 },
  ] satisfies readonly ExplicitOptions[]) {
    assert.throws(() => resolveConvertOptions(options), { exitCode: 2 }, JSON.stringify(options));
  }
});

/** Largest |logits − the network's| over the largest |logit|, on images that calibration has not seen. */
async function logitError(options: ExplicitOptions): Promise<number> {
  const { snn } = await convertTiny(tinyResNet("A"), { lambda: "max", lambdaScope: "channel", ...options });
  const images = prepareImages(8);
  const { outputs } = await simulate(snn, images, options.T ?? 1);
  const network = await networkBackend.prepare(snn.network);
  const wanted =
    network.run(images, 8, [snn.network.output.id]).get(snn.network.output.id) ?? new Float32Array(0);
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (
    outputs.reduce((most, value, i) => Math.max(most, Math.abs(value - (wanted[i] as number))), 0) / largest
  );
}

test("more steps come nearer to the network's logits: within 10 % at T = 3, 1 % at T = 9 (float32)", async () => {
  const at = (T: number) => logitError({ spikes: "refine:7", number: "float32", T });
  const [one, three, nine] = [await at(1), await at(3), await at(9)];
  assert.ok(one > three && three > nine && three < 0.1 && nine < 0.01, `${one} ${three} ${nine}`);
});

test("in integers too, by fourths, and adjusted: within 5 % at T = 6", async () => {
  for (const options of [
    {},
    { shrink: 2, spikes: "refine:15" },
    { preset: "refine", adjust: "bias" },
  ] as const) {
    const error = await logitError({ spikes: "refine:7", T: 6, ...options });
    assert.ok(error < 0.05, `${JSON.stringify(options)}: ${error}`);
  }
});

test("an SNN that refines: every layer and the output do, values told are λ·q·N of the activations", async () => {
  const { snn } = await convertTiny(tinyResNet("A"), { preset: "refine", adjust: "bias", T: 6 });
  assert.equal(nameAlphabets(snn.graph), "refine:7");
  const refine = refinementOf(7);
  for (const node of snn.graph.nodes)
    if (isOp(node, "neuron", "output")) assert.deepEqual(node.attributes.refine, refine, node.id);
  const images = prepareImages(4);
  const { layers } = await simulate(snn, images, 6);
  const network = await networkBackend.prepare(snn.network);
  const values = network.run(
    images,
    4,
    snn.layers.map(({ activation }) => activation),
  );
  for (const { name, activation, lambda } of snn.layers) {
    const counts = layers.find((layer) => layer.name === name)?.counts ?? new Int32Array(0);
    const own = values.get(activation) ?? new Float32Array(0);
    const [channels, height, width] = snn.graph.shape(name);
    let [error, size] = [0, 0];
    for (const [i, count] of counts.entries()) {
      const scale = lambda[lambda.length === 1 ? 0 : Math.floor(i / (height * width)) % channels] as number;
      error += (scale * quantumAt(refine, 6) * count - Math.max(0, own[i] as number)) ** 2;
      size += Math.max(0, own[i] as number) ** 2;
    }
    assert.ok(error < 0.01 * size, `${name}: relative squared error ${error / size}`);
  }
});
