/** Factors found with spikes that were kept are those found with all layers simulated anew each time, also by a search that goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExplicitOptions } from "#src/conversion/convert-options.js";
import type { ResultCache } from "#src/conversion/result-cache.js";
import type { Simulation } from "#src/conversion/simulation.js";
import type { Graph } from "#src/graph/graph.js";
import { convertTiny, referenceSimulation, replayingSimulation } from "./convert-tiny.js";
import { noise, tinyPoolNet, tinyResNet, upTo } from "./tiny-networks.js";

const layerwise = { compensate: "layer", lambda: "max", v0: 0, T: 16 } as const;

const cases: readonly (readonly [string, Graph, ExplicitOptions])[] = [
  ["shortcut A", tinyResNet("A"), layerwise],
  [
    "a projection, int32, signed spikes",
    tinyResNet("B"),
    { ...layerwise, number: "int32", spikes: "signed" },
  ],
  ["shortcut of averages, neurons that average", tinyResNet("avg"), { ...layerwise, avgpool: "neuron" }],
  ["a max pool of bursts", tinyPoolNet(), { ...layerwise, spikes: "burst:3" }],
  [
    "a max pool before neurons, neurons at the output",
    tinyPoolNet(),
    { ...layerwise, maxpool: "before", output: "neuron" },
  ],
];

/** Two pieces of a spike train: 8 images and 1. */
const calibration = { source: noise, indices: upTo(24), judgingIndices: upTo(9, 100) };

/** @param most calls after which it breaks down */
function watchReplays(most = Number.POSITIVE_INFINITY) {
  const given: number[] = [];
  const simulation: Simulation = {
    ...replayingSimulation,
    replayLayer(...call) {
      if (given.length === most) throw new Error("broken off");
      given.push(call[2].size);
      return replayingSimulation.replayLayer(...call);
    },
  };
  return { simulation, given };
}

for (const [name, network, options] of cases) {
  test(`${name}: the same factors and errors as when the reference simulates all layers anew`, async () => {
    const watched = watchReplays();
    const kept = await convertTiny(network, options, { calibration, simulation: watched.simulation });
    const anew = await convertTiny(network, options, {
      calibration,
      simulation: referenceSimulation,
      spikeBytes: -1,
    });
    assert.deepEqual(kept.report.compensation, anew.report.compensation);
    assert.ok(anew.report.compensation?.factors.some(({ kappa }) => kappa > 1));
    assert.equal(watched.given.length, 7 * kept.snn.layers.length);
    assert.ok(
      watched.given.slice(7).every((count) => count > 0),
      `${watched.given}`,
    );
  });
}

test("a search that is broken off and goes on simulates anew what was not kept, and finds the same", async () => {
  const [network, options] = [tinyResNet("A"), layerwise];
  const alone = await convertTiny(network, options, { calibration });
  for (const most of [7, 10, 20]) {
    const entries = new Map<string, Uint8Array>();
    const cache: ResultCache = {
      get: async (key) => entries.get(key) ?? null,
      put: async (key, bytes) => void entries.set(key, bytes),
    };
    const broken = watchReplays(most);
    await assert.rejects(
      convertTiny(network, options, { calibration, simulation: broken.simulation, cache }),
      /broken off/,
    );
    const rest = watchReplays();
    const resumed = await convertTiny(network, options, { calibration, simulation: rest.simulation, cache });
    assert.equal(rest.given[0], 0);
    assert.ok(
      rest.given.slice(14).every((count) => count > 0),
      `${rest.given}`,
    );
    assert.deepEqual(resumed.report.compensation, alone.report.compensation);
  }
});
