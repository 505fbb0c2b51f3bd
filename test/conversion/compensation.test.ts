/** Compensation: what is searched, what is kept, what is multiplied. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { layerGrid } from "#src/conversion/compensation/compensate-layer.js";
import { compensateShared } from "#src/conversion/compensation/compensate-shared.js";
import { noMemory, type SearchMemory } from "#src/conversion/compensation/search-memory.js";
import { randomUnit } from "#src/core/counter-random.js";
import type { NodeOf } from "#src/graph/node-types.js";
import { convertTiny } from "./convert-tiny.js";
import { tinyResNet, upTo } from "./tiny-networks.js";

/** A bench whose simulator agrees with the network on `agreeing(τ)` of 100 images and fires at `rate`. */
const search = (agreeing: (tau: number) => number, rate: number) =>
  searchWhere((tau, image) => image < agreeing(tau), rate);

/** The same where `agrees(τ, image)`; images are simulated by eights. */
async function searchWhere(
  agrees: (tau: number, image: number) => boolean,
  rate: number,
  memory: SearchMemory = noMemory,
) {
  const { snn } = await convertTiny(tinyResNet("A"), { number: "float32" });
  const said: string[] = [];
  const judging = upTo(100);
  const looked: number[] = [];
  const result = await compensateShared(
    {
      graph: snn.graph,
      layers: snn.layers.map(({ name }) => name),
      deploy: (graph, kappas) => ({
        ...snn,
        graph,
        layers: snn.layers.map((layer) => ({ ...layer, kappa: kappas.get(layer.name) ?? 1 })),
      }),
      simulation: {
        async predict(candidate, indices, _steps, isEnough = () => false) {
          const tau = candidate.layers[0]?.kappa ?? 0;
          const predictions = new Int32Array(indices.length).fill(-1);
          const outputs = new Float64Array(2 * indices.length);
          let done = 0;
          for (; done < indices.length && (done % 8 !== 0 || !isEnough(predictions)); done++) {
            const label = Number(!agrees(tau, indices[done] as number));
            predictions[done] = label;
            outputs[2 * done + label] = 1 + (indices[done] as number);
          }
          if (indices.length === judging.length) looked.push(done);
          return {
            predictions,
            outputs,
            maxRates: new Map(snn.layers.map(({ name }) => [name, name === "layer2.0" ? rate : 1])),
          };
        },
        replayLayer: () => Promise.reject(new Error("not asked for")),
        compare: () => Promise.reject(new Error("not asked for")),
      },
      memory,
      steps: 10,
      say: ({ code }) => said.push(code),
      progress: () => {},
    },
    { calibration: upTo(5), judging, networkPredictions: new Int32Array(100) },
  );
  const [all] = result.report.factors;
  return { ...result, tried: all?.tried.map(({ factor }) => factor) ?? [], all, said, looked };
}

const seed = 7;
test(`a factor that cannot win any more is given up; what wins is what all images say (seed ${seed})`, async () => {
  for (let round = 0; round < 5; round++) {
    const agrees = (tau: number, image: number) => {
      const k = Math.round(Math.log(tau) / Math.log(1.005));
      const hardness = randomUnit(seed, round, image, 0);
      return hardness + 0.4 * randomUnit(seed, round, image, k + 1) + 0.004 * Math.abs(k - 2 * round) < 1;
    };
    const { tried, all, looked } = await searchWhere(agrees, 0.5);
    const scores = tried.map((tau) => upTo(100).filter((image) => agrees(tau, image)).length);
    const best = scores.indexOf(Math.max(...scores));
    assert.equal(all?.kappa, tried[best]);
    assert.deepEqual([all?.before, all?.after], [scores[0], scores[best]]);
    assert.equal(tried.length, best + 6, "five without a better one");
    const given = all?.tried.map(({ images = 100 }) => images) ?? [];
    for (const [at, { score, images }] of all?.tried.entries() ?? []) {
      if (images === undefined) assert.equal(score, scores[at]);
      else assert.ok(score < (scores[at] as number) && (looked[at] as number) <= images + 8);
    }
    assert.deepEqual(
      looked.map((n) => n < 100),
      given.map((n) => Math.ceil(n / 8) * 8 < 100),
    );
    assert.ok(Math.min(...looked) < 90, `${looked}`);
  }
});

test("shared tries 1.005^k, takes the best and stops after five without a better one", async () => {
  const { tried, all, report, said } = await search(
    (tau) => (Math.abs(tau - 1.005 ** 3) < 1e-9 ? 90 : 80),
    0.5,
  );
  assert.deepEqual(
    tried,
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map((k) => 1.005 ** k),
  );
  assert.equal(all?.kappa, 1.005 ** 3);
  assert.deepEqual([all?.before, all?.after], [80, 90]);
  assert.equal(report.largestFactor, 2);
  assert.deepEqual(said, []);
});

test("shared keeps 1 on a tie and where the bound is at most 1.005, and says so", async () => {
  const tie = await search(() => 80, 0.5);
  assert.equal(tie.all?.kappa, 1);
  assert.equal(tie.tried.length, 6);
  assert.deepEqual(tie.said, ["compensation-keeps-1"]);
  const bounded = await search((tau) => 80 * tau, 0.999);
  assert.deepEqual(bounded.tried, [1]);
  assert.deepEqual(bounded.said, ["compensation-keeps-1"]);
  const atBound = await search((tau) => 80 * tau, 1 / 1.005);
  assert.equal(atBound.report.largestFactor, 1.005);
  assert.deepEqual(atBound.tried, [1]);
  const silent = await search(() => 80, 0);
  assert.deepEqual(silent.tried, [1]);
  const near = await search((tau) => 80 * tau, 1 / 1.012);
  assert.deepEqual(near.tried, [1, 1.005, 1.005 ** 2]);
});

test("layer takes each κ from the grid by the least error, and multiplies weights, shortcut and current", async () => {
  const plain = await convertTiny(tinyResNet("A"), { number: "float32", v0: 0, lambda: "max", T: 32 });
  const { snn, report } = await convertTiny(tinyResNet("A"), {
    number: "float32",
    v0: 0,
    lambda: "max",
    T: 32,
    compensate: "layer",
  });
  const factors = report.compensation?.factors ?? [];
  assert.deepEqual(
    factors.map(({ name }) => name),
    snn.layers.map(({ name }) => name),
  );
  assert.ok(factors.some(({ kappa }) => kappa > 1));
  for (const { kappa, before, after, tried } of factors) {
    assert.deepEqual(
      tried.map(({ factor }) => factor),
      layerGrid,
    );
    assert.equal(Math.min(...tried.map(({ score }) => score)), after);
    assert.ok(layerGrid.includes(kappa) && after <= before);
  }
  const block = snn.layers.find(({ name }) => name === "layer1.0");
  assert.equal(block?.kappa, factors.find(({ name }) => name === "layer1.0")?.kappa);
  const names = ["layer1.0.conv2.synapses", "layer1.0.add.shortcut.synapses", "layer1.0"] as const;
  for (const name of names) {
    const read = (graph: typeof snn.graph) => {
      const { tensors } = graph.node(name) as NodeOf<"neuron">;
      return (tensors.weight ?? tensors.scale ?? tensors.current)?.data as Float32Array;
    };
    const [before, after] = [read(plain.snn.graph), read(snn.graph)];
    for (const [at, value] of after.entries()) {
      assert.ok(Math.abs(value - (before[at] as number) * (block?.kappa ?? 0)) <= 1e-5);
    }
  }
  assert.ok(
    report.passes.some(({ name, preserves }) => name === "compensate-layer" && preserves === "nothing"),
  );
});

test("without judging images compensation is refused with exit 2", async () => {
  const { noise } = await import("./tiny-networks.js");
  await assert.rejects(
    convertTiny(
      tinyResNet("A"),
      { compensate: "shared" },
      { calibration: { source: noise, indices: upTo(8), judgingIndices: upTo(0) } },
    ),
    { exitCode: 2 },
  );
});
