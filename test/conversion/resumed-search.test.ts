/** A search for compensation that is broken off goes on where it stopped, and finds what it would have found. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConvertOptions } from "#src/conversion/convert-options.js";
import type { ResultCache } from "#src/conversion/result-cache.js";
import type { Simulation } from "#src/conversion/simulation.js";
import { convertTiny, replayingSimulation } from "./convert-tiny.js";
import { tinyResNet } from "./tiny-networks.js";

function keepInMemory(): ResultCache & { readonly entries: Map<string, Uint8Array> } {
  const entries = new Map<string, Uint8Array>();
  return {
    entries,
    get: async (key) => entries.get(key) ?? null,
    put: async (key, bytes) => void entries.set(key, bytes),
  };
}

/** Breaks down at the call after so many. */
function countCalls(most = Number.POSITIVE_INFINITY) {
  let calls = 0;
  const count = () => {
    if (calls === most) throw new Error("broken off");
    calls++;
  };
  const simulation: Simulation = {
    ...replayingSimulation,
    predict(...given) {
      count();
      return replayingSimulation.predict(...given);
    },
    replayLayer(...given) {
      count();
      return replayingSimulation.replayLayer(...given);
    },
  };
  return { simulation, calls: () => calls };
}

const optionsOf = (compensate: ConvertOptions["compensate"]) =>
  ({ compensate, lambda: "max", v0: 0, T: 16 }) as const;

for (const method of ["shared", "layer"] as const) {
  test(`${method}: what was simulated before the break is not simulated again`, async () => {
    const [network, options] = [tinyResNet("A"), optionsOf(method)];
    const whole = countCalls();
    const alone = await convertTiny(network, options, { simulation: whole.simulation });
    const cache = keepInMemory();
    const broken = countCalls(4);
    await assert.rejects(
      convertTiny(network, options, { simulation: broken.simulation, cache }),
      /broken off/,
    );
    const rest = countCalls();
    const resumed = await convertTiny(network, options, { simulation: rest.simulation, cache });
    assert.equal(rest.calls(), whole.calls() - 4);
    assert.deepEqual(resumed.report.compensation, alone.report.compensation);
    const again = countCalls();
    const third = await convertTiny(network, options, { simulation: again.simulation, cache });
    assert.equal(again.calls(), 0);
    assert.deepEqual(third.report.compensation, alone.report.compensation);
  });

  test(`${method}: nothing of another T or of other shortcuts is taken, and damaged entries are found anew`, async () => {
    const [network, options] = [tinyResNet("A"), optionsOf(method)];
    const cache = keepInMemory();
    const first = countCalls();
    await convertTiny(network, options, { simulation: first.simulation, cache });
    for (const other of [{ T: 17 }, { shortcutNorm: "off" }] as const) {
      const own = countCalls();
      const alone = await convertTiny(network, { ...options, ...other }, { simulation: own.simulation });
      const kept = countCalls();
      const found = await convertTiny(
        network,
        { ...options, ...other },
        { simulation: kept.simulation, cache },
      );
      assert.equal(kept.calls(), own.calls());
      assert.deepEqual(found.report.compensation, alone.report.compensation);
    }
    for (const key of cache.entries.keys()) cache.entries.set(key, new TextEncoder().encode('{"score":"0"}'));
    const anew = countCalls();
    await convertTiny(network, options, { simulation: anew.simulation, cache });
    assert.equal(anew.calls(), first.calls());
  });
}
