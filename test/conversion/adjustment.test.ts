/** Layers fitted to the spikes that they get: what changes, what is kept, what it gains. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { averageChannels, measureMisfit, unitsOf } from "#src/conversion/adjustment/adjustment.js";
import { shiftCurrents, shiftPotentials } from "#src/conversion/adjustment/shift-layer.js";
import type { ExplicitOptions } from "#src/conversion/convert-options.js";
import type { Tensor } from "#src/core/tensor.js";
import { warnOfOtherSteps } from "#src/graph/made-for-steps.js";
import type { NodeOf } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { convertTiny, prepareImages, simulate } from "./convert-tiny.js";
import { tinyPoolNet, tinyResNet } from "./tiny-networks.js";

const numbers = (tensor: Tensor | undefined) => Array.from((tensor?.data ?? []) as ArrayLike<number>);

test("the misfit of counts: Σ(λN/T − a)²/Σa² and the mean of (a − y)/λ, to 1e-12", async () => {
  const { snn } = await convertTiny(tinyResNet("A"), { number: "float32" });
  const node = snn.graph.node(snn.layers[0]?.name ?? "") as NodeOf<"neuron">;
  const units = unitsOf(node, 2, [2, 4], 8);
  const counts = Int32Array.of(4, 0, 2, 8, 8, 1, 0, 4);
  const activation = Float32Array.of(1, -3, 1, 5, 2, 0.25, 0, 2);
  const { error, shift } = measureMisfit(counts, activation, units, 2);
  // y: 1 0 1 4 | 2 .25 0 2
  assert.ok(Math.abs(error - 1 / (1 + 1 + 25 + 4 + 0.0625 + 4)) < 1e-12);
  assert.deepEqual([...shift], [0, 0, 0, 0.125]);
  assert.deepEqual([...averageChannels(shift, 2)], [0, 0.0625]);
  const refining = {
    ...node,
    attributes: { ...node.attributes, refine: { quantum: 1 / 8, shift: 1, halvings: 8 } },
  };
  const refined = unitsOf(refining as NodeOf<"neuron">, 2, [1], 3);
  assert.deepEqual([refined.perCount, refined.perActivation], [1 / 32, 8]);
});

test("shifts are added to currents of each channel, potentials become one a channel or one a neuron", async () => {
  const { snn } = await convertTiny(tinyResNet("A"), { number: "float32" });
  const layer = snn.layers[0]?.name ?? "";
  const [channels, height, width] = snn.graph.shape(layer);
  const added = Float64Array.from({ length: channels }, (_, c) => c / 8);
  const before = snn.graph.node(layer);
  const after = shiftCurrents(snn.graph, layer, added).node(layer);
  const shift = numbers(after.tensors.current).map(
    (v, at) => v - (numbers(before.tensors.current)[at] as number),
  );
  const perChannel = shift.length / channels;
  for (const [at, value] of shift.entries())
    assert.ok(Math.abs(value - (added[Math.floor(at / perChannel)] as number)) < 1e-6);
  const one = shiftPotentials(snn.graph, layer, added);
  assert.deepEqual(
    numbers(one.node(layer).tensors.v0),
    [...added].map((v) => v + 0.5),
  );
  const neurons = Float64Array.from({ length: channels * height * width }, (_, i) => i / 1024);
  const each = shiftPotentials(one, layer, neurons).node(layer).tensors.v0;
  assert.deepEqual(each?.shape, [channels, height, width]);
  const last = channels * height * width - 1;
  assert.equal(each?.data[last], (channels - 1) / 8 + 0.5 + last / 1024);
});

for (const adjustScope of ["channel", "neuron"] as const) {
  test(`bias and potential one a ${adjustScope}: each layer's error falls or stays, a missing half θ is mended by a tenth or more, and the conversion is the same again`, async () => {
    const options = {
      T: 8,
      v0: 0,
      lambda: "mmse",
      lambdaScope: "channel",
      adjust: "bias+potential",
      adjustScope,
    } as const;
    const { snn, report } = await convertTiny(tinyResNet("B"), options);
    const { adjustment } = report;
    assert.equal(adjustment?.images, 24);
    assert.deepEqual(
      adjustment?.layers.map(({ name }) => name),
      snn.layers.map(({ name }) => name),
    );
    for (const { name, before, bias, potential, after } of adjustment?.layers ?? []) {
      const tried = [before, bias, potential].filter((each) => each !== null);
      assert.equal(after, Math.min(...tried), name);
    }
    assert.ok(adjustment?.layers.some(({ before, after }) => after < 0.9 * before));
    const again = await convertTiny(tinyResNet("B"), options);
    for (const node of snn.graph.nodes) {
      for (const [name, tensor] of Object.entries(node.tensors))
        assert.deepEqual(again.snn.graph.node(node.id).tensors[name]?.data, tensor.data);
    }
  });
}

test("what is reported is what the saved network does: the last layer's error, to 1e-6", async () => {
  const options = { T: 8, lambda: "mmse", lambdaScope: "channel", adjust: "bias" } as const;
  const { snn, report } = await convertTiny(tinyResNet("A"), options);
  const last = report.adjustment?.layers.at(-1);
  const layer = snn.layers.at(-1);
  assert.ok(last && layer && last.name === layer.name);
  const { layers } = await simulate(snn, prepareImages(24), 8);
  const counts = layers.find(({ name }) => name === layer.name)?.counts as Int32Array;
  const { plainBackend } = await import("#src/inference/plain-backend.js");
  const network = await plainBackend.prepare(snn.network);
  const activation = network
    .run(prepareImages(24), 24, [layer.activation])
    .get(layer.activation) as Float32Array;
  const node = snn.graph.node(layer.name) as NodeOf<"neuron">;
  const units = unitsOf(node, snn.graph.shape(layer.name)[0], layer.lambda, 8);
  const { error } = measureMisfit(counts, activation, units, 24);
  assert.ok(Math.abs(error - last.after) < 1e-6, `${error}, not ${last.after}`);
});

test("where steps are left out, currents are fitted to those that are read: a layer's mean there is nearer than by all steps, in 9 of 10 layers of 4 networks", async () => {
  const made = { T: 16, lambda: "max", lambdaScope: "channel", adjust: "bias+potential" } as const;
  let [nearer, layers] = [0, 0];
  for (const network of [tinyResNet("A"), tinyResNet("B"), tinyResNet("avg"), tinyPoolNet()]) {
    const [all, late] = [
      await convertTiny(network, made),
      await convertTiny(network, { ...made, delay: 10 }),
    ];
    const [before, after] = [await missLate(all.snn, 16, 10), await missLate(late.snn, 16, 10)];
    nearer += after.filter((miss, at) => miss < (before[at] as number)).length;
    layers += after.length;
    assert.equal(late.report.adjustment?.delay, 10);
  }
  assert.ok(nearer >= 0.9 * layers, `${nearer} of ${layers}`);
});

test("thresholds of least error are those of the steps that are read: T = 16 without the first 10 has those of T = 6, counts have all", async () => {
  const scaled = async (options: ExplicitOptions) =>
    (
      await convertTiny(tinyResNet("A"), { lambda: "mmse", lambdaScope: "channel", ...options })
    ).snn.layers.map(({ lambda }) => lambda);
  const [late, six, all] = [
    await scaled({ T: 16, delay: 10 }),
    await scaled({ T: 6 }),
    await scaled({ T: 16 }),
  ];
  assert.deepEqual(late, six);
  assert.notDeepEqual(late, all);
  const counted = { output: "neuron", readout: "count" } as const;
  assert.deepEqual(await scaled({ T: 16, delay: 10, ...counted }), await scaled({ T: 16, ...counted }));
});

test("where fewer than three steps are read, thresholds and currents are fitted to all: T = 5 without the first 3 has the thresholds of T = 5", async () => {
  const made = { T: 5, lambda: "mmse", lambdaScope: "channel", adjust: "bias+potential" } as const;
  const [few, enough, five, three] = [
    await convertTiny(tinyResNet("A"), { ...made, delay: 3 }),
    await convertTiny(tinyResNet("A"), { ...made, delay: 2 }),
    await convertTiny(tinyResNet("A"), made),
    await convertTiny(tinyResNet("A"), { ...made, T: 3 }),
  ];
  const scaled = ({ snn }: typeof few) => snn.layers.map(({ lambda }) => lambda);
  assert.deepEqual(scaled(few), scaled(five));
  assert.deepEqual(scaled(enough), scaled(three));
  assert.deepEqual(
    [few, enough].map(({ report }) => report.adjustment?.delay),
    [0, 2],
  );
});

/** Of each layer the root mean square over channels of the mean over images and positions of (a − y)/λ, y of the steps after `delay`. */
async function missLate(snn: Snn, T: number, delay: number): Promise<readonly number[]> {
  const images = prepareImages(24);
  const [early, whole] = [await simulate(snn, images, delay), await simulate(snn, images, T)];
  const { plainBackend } = await import("#src/inference/plain-backend.js");
  const network = await plainBackend.prepare(snn.network);
  return snn.layers.map(({ name, activation, lambda }) => {
    const [all, first] = [whole, early].map(
      ({ layers }) => layers.find((each) => each.name === name)?.counts as Int32Array,
    ) as [Int32Array, Int32Array];
    const [channels] = snn.graph.shape(name);
    const units = unitsOf(snn.graph.node(name) as NodeOf<"neuron">, channels, lambda, T - delay);
    const wanted = network.run(images, 24, [activation]).get(activation) as Float32Array;
    const late = all.map((count, at) => count - (first[at] as number));
    const means = averageChannels(measureMisfit(late, wanted, units, 24).shift, channels);
    return Math.sqrt(means.reduce((sum, mean) => sum + mean * mean, 0) / channels);
  });
}

test("a network made for one T says so at another, one that fits any T does not", async () => {
  const made = await convertTiny(tinyResNet("A"), { T: 8, lambda: "mmse", adjust: "bias" });
  assert.equal(warnOfOtherSteps(made.snn, 8), null);
  const warning = warnOfOtherSteps(made.snn, 16);
  assert.equal(warning?.code, "made-for-other-steps");
  assert.match(
    warning?.message ?? "",
    /made for T = 8: its thresholds, constant currents; convert again with -T 16/,
  );
  const any = await convertTiny(tinyResNet("A"), { T: 8 });
  assert.equal(warnOfOtherSteps(any.snn, 16), null);
});
