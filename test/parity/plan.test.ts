/** The plan of a network: windows and lists of synapses are two views of the same thing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { forEachSynapse } from "#src/simulator/plan/enumerate-synapses.js";
import { planSnn } from "#src/simulator/plan/plan-snn.js";
import type { SynapseGroup } from "#src/simulator/plan/snn-plan.js";
import { windowOf } from "#src/simulator/plan/window-synapses.js";
import { makeRandomSnn } from "./make-random-snn.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 7);

/** (source, target) → sum of weights, zeros left out, from the window's definition. */
function expandWindow(group: SynapseGroup): Map<string, number> | null {
  const window = windowOf(group);
  if (window === null) return null;
  const synapses = new Map<string, number>();
  const [sources, height, width] = window.sourceShape;
  const [targets, outHeight, outWidth] = window.targetShape;
  let at = 0;
  for (let ky = 0; ky < window.kernel[0]; ky++) {
    for (let kx = 0; kx < window.kernel[1]; kx++) {
      for (let c = 0; c < sources; c++) {
        for (let o = 0; o < targets; o++) {
          const weight = window.weights[at++] as number;
          if (weight === 0) continue;
          for (let pixel = 0; pixel < outHeight * outWidth; pixel++) {
            const y =
              Math.floor(pixel / outWidth) * window.stride[0] + window.offset[0] + ky * window.dilation[0];
            const x = (pixel % outWidth) * window.stride[1] + window.offset[1] + kx * window.dilation[1];
            if (y < 0 || y >= height || x < 0 || x >= width) continue;
            synapses.set(`${(c * height + y) * width + x} ${o * outHeight * outWidth + pixel}`, weight);
          }
        }
      }
    }
  }
  return synapses;
}

test(`windows hold exactly the synapses that the enumeration visits (seed ${seed})`, () => {
  let [windows, others] = [0, 0];
  for (let each = 0; each < 20; each++) {
    const plan = planSnn(makeRandomSnn(seed + each).graph);
    for (const stage of plan.stages) {
      for (const group of stage.kind === "gate" ? [] : stage.groups) {
        const fromWindow = expandWindow(group);
        if (fromWindow === null) {
          others++;
          continue;
        }
        windows++;
        const listed = new Map<string, number>();
        forEachSynapse(group, (source, target, weight) => {
          if (weight !== 0)
            listed.set(`${source} ${target}`, (listed.get(`${source} ${target}`) ?? 0) + weight);
        });
        assert.deepEqual([...fromWindow].sort(), [...listed].sort(), `seed ${seed + each}, ${group.node.id}`);
      }
    }
  }
  assert.ok(windows > 50, `${windows} windows, ${others} irregular groups`);
});
