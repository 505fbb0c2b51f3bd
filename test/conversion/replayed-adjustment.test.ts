/** Adjusted to spikes that were kept, a network is the same as adjusted to layers that are simulated anew each time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExplicitOptions } from "#src/conversion/convert-options.js";
import { truncateSnn } from "#src/conversion/truncate-snn.js";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { jobTable } from "#src/evaluation/job-table.js";
import { replayLayer } from "#src/evaluation/replay-layer.js";
import type { Graph } from "#src/graph/graph.js";
import type { Snn } from "#src/graph/snn.js";
import { makeWasmBackend, wasmBackend } from "#src/simulator/wasm-backend.js";
import { convertTiny, prepareImages, referenceSimulation, replayingSimulation } from "./convert-tiny.js";
import { noise, tinyPoolNet, tinyResNet, upTo } from "./tiny-networks.js";

const fitted = { T: 5, lambda: "mmse", lambdaScope: "channel", adjust: "bias+potential" } as const;
const refined = { T: 3, lambda: "max", spikes: "refine:7", adjust: "bias" } as const;

const cases: readonly (readonly [string, Graph, ExplicitOptions])[] = [
  ["binary spikes, shortcut A", tinyResNet("A"), fitted],
  [
    "binary spikes, a projection, a potential a neuron",
    tinyResNet("B"),
    { ...fitted, adjustScope: "neuron" },
  ],
  ["signed spikes, shortcut of averages", tinyResNet("avg"), { ...fitted, spikes: "signed" }],
  ["binary spikes read after 2 of 5 steps", tinyResNet("A"), { ...fitted, delay: 2 }],
  ["binary spikes of which two steps are read, fitted to all five", tinyResNet("A"), { ...fitted, delay: 3 }],
  [
    "binary spikes read after 2 of 5 steps, currents alone, a projection",
    tinyResNet("B"),
    { ...fitted, adjust: "bias", delay: 2 },
  ],
  ["bursts, a max pool of spikes", tinyPoolNet(), { ...fitted, v0: 0, spikes: "signed-burst:3" }],
  [
    "a max pool before neurons, neurons at the output",
    tinyPoolNet(),
    { ...fitted, maxpool: "before", output: "neuron" },
  ],
  ["neurons that average", tinyResNet("B"), { ...fitted, avgpool: "neuron" }],
  ["neurons that refine, a projection", tinyResNet("B"), refined],
  ["neurons that refine, shortcut A, int32", tinyResNet("A"), { ...refined, number: "int32" }],
];

/** Two pieces of a spike train: 8 images and 1. */
const calibration = { source: noise, indices: upTo(9), judgingIndices: upTo(4, 100) };

const tensorsOf = ({ graph }: Snn) =>
  graph.nodes.flatMap(({ id, tensors }) =>
    Object.entries(tensors).map(([name, { data }]) => [`${id} ${name}`, Array.from(data as Int32Array)]),
  );

for (const [name, network, options] of cases) {
  test(`${name}: the same tensors and errors as when the reference simulates all layers anew`, async () => {
    const replayed: number[] = [];
    const counting = {
      ...replayingSimulation,
      replayLayer: (...call: Parameters<typeof replayingSimulation.replayLayer>) => {
        replayed.push(call[2].size);
        return replayingSimulation.replayLayer(...call);
      },
    };
    const kept = await convertTiny(network, options, { calibration, simulation: counting });
    const anew = await convertTiny(network, options, {
      calibration,
      simulation: referenceSimulation,
      spikeBytes: -1,
    });
    assert.deepEqual(tensorsOf(kept.snn), tensorsOf(anew.snn));
    assert.deepEqual(kept.report.adjustment, anew.report.adjustment);
    assert.ok(anew.report.adjustment?.layers.some(({ before, after }) => after < before));
    const each = (options.adjust === "bias" ? 2 : 3) + (options.delay === undefined ? 0 : 1);
    assert.equal(replayed.length, each * kept.snn.layers.length);
    assert.ok(
      replayed.slice(each).every((given) => given > 0),
      `${replayed}`,
    );
  });
}

test("float32: the same tensors whether spikes are kept, find no room, or only some of them do", async () => {
  const options = { ...fitted, number: "float32" } as const;
  const [all, none, some] = await Promise.all(
    [2 ** 20, -1, 9 * 5 * 64 * 2].map((spikeBytes) =>
      convertTiny(tinyResNet("B"), options, { calibration, spikeBytes }),
    ),
  );
  assert.ok(all && none && some);
  assert.deepEqual(tensorsOf(all.snn), tensorsOf(none.snn));
  assert.deepEqual(tensorsOf(some.snn), tensorsOf(none.snn));
});

test("spikes kept in time blocks and by 8 images are those of one block, and replay to the counts of the whole network, of all steps and of the last 100", async () => {
  const { snn } = await convertTiny(tinyResNet("B"), { T: 150, spikes: "signed" });
  const [first, , last] = ["layer1.0", "layer2.0.conv1", "layer2.0"];
  const [images, n, steps] = [prepareImages(20), 20, 150];
  const asked = { images, n, steps, snapshots: [steps], readout: "mean", delay: 0 } as const;
  const keepSpikes = snn.layers.map(({ name }) => name);
  const whole = (await wasmBackend.prepare(snn)).run({ ...asked, keepSpikes });
  const cramped = (await makeWasmBackend(4096).prepare(snn)).run({ ...asked, keepSpikes });
  for (const layer of keepSpikes)
    assert.deepEqual(cramped.spikes?.get(layer), whole.spikes?.get(layer), layer);
  const sent = whole.spikes?.get(first as string) ?? new Uint16Array(0);
  const piece = sent.length / n;
  const pieces = [0, 8, 16].map((from) => sent.slice(from * piece, Math.min(n, from + 8) * piece));
  const given = new Map([[first as string, pieces]]);
  const end = truncateSnn(snn, last as string, new Set(given.keys()));
  const run = await replayLayer(end, images, makeInlineRunner(jobTable), {
    layer: last as string,
    given,
    steps,
    delay: 50,
  });
  const before = (await wasmBackend.prepare(snn)).run({ ...asked, steps: 50, snapshots: [50] });
  const [early, counts] = [before, whole].map(
    ({ layers }) => layers.find(({ name }) => name === last)?.counts,
  );
  assert.deepEqual(run.counts, counts);
  assert.deepEqual(
    run.late,
    counts?.map((count, at) => count - (early?.[at] as number)),
  );
  const joined = run.sent.flatMap((each) => Array.from(each));
  assert.deepEqual(joined, Array.from(whole.spikes?.get(last as string) ?? []));
});

test("kernels that one simulator leaves serve the next, larger and smaller, to the same counts and outputs as new ones", async () => {
  const [small, large] = [
    await convertTiny(tinyPoolNet(), { T: 9 }),
    await convertTiny(tinyResNet("B"), { T: 70, spikes: "signed" }),
  ];
  for (const [{ snn }, steps] of [
    [small, 9],
    [large, 70],
    [small, 9],
    [large, 70],
  ] as const) {
    const asked = {
      images: prepareImages(5),
      n: 5,
      steps,
      snapshots: [steps],
      readout: "mean",
      delay: 0,
    } as const;
    const simulator = await wasmBackend.prepare(snn, { handsOn: true });
    const found = simulator.run(asked);
    simulator.free();
    assert.throws(() => simulator.run(asked), /the simulator was freed/);
    assert.deepEqual(found, (await makeWasmBackend().prepare(snn)).run(asked));
  }
});

test("spikes that are missing, too many, or of no layer are refused by name", async () => {
  const { snn } = await convertTiny(tinyResNet("A"), { T: 8 });
  const asked = {
    images: prepareImages(1),
    n: 1,
    steps: 8,
    snapshots: [8],
    readout: "mean",
    delay: 0,
  } as const;
  const given = new Set(["layer1.0"]);
  const end = truncateSnn(snn, "layer2.0.conv1", given);
  const simulator = await wasmBackend.prepare(end, { replayed: [...given] });
  assert.throws(() => simulator.run(asked), /layer1\.0: 0 \(512 words of spikes/);
  const replay = new Map([["layer1.0", new Uint16Array(513)]]);
  assert.throws(() => simulator.run({ ...asked, replay }), /513/);
  const whole = await wasmBackend.prepare(snn);
  assert.throws(() => whole.run({ ...asked, keepSpikes: ["layer9"] }), /layer9/);
  await assert.rejects(() => wasmBackend.prepare(snn, { replayed: ["layer9"] }));
});
