/** A readout that leaves steps out: layers are judged by the steps that are read, counted here by the reference simulator. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { diagnoseSnn } from "#src/evaluation/diagnosis/diagnose-snn.js";
import { jobTable } from "#src/evaluation/job-table.js";
import { denseBackend } from "#src/inference/dense-backend.js";
import { convertTiny, prepareImages, simulate } from "../conversion/convert-tiny.js";
import { tinyPoolNet, tinyResNet, noiseSet as train, upTo } from "../conversion/tiny-networks.js";

const n = 6;

for (const [name, graph] of [
  ["ResNet", () => tinyResNet("B")],
  ["network with a pool", tinyPoolNet],
] as const) {
  test(`${name}: the error of each layer is that of λ·(N(T) − N(d))/(T − d) within 10⁻⁶, its wiring rounding`, async () => {
    const [T, d] = [16, 10];
    const { snn } = await convertTiny(graph(), {
      preset: "binary",
      adjust: "bias+potential",
      T,
      calibrateN: 24,
    });
    assert.equal(snn.options.delay, d);
    const run = { snn, train, data: "noise", indices: upTo(n, 150), steps: T, delay: d, seed: 0 };
    const diagnosis = await diagnoseSnn({ ...run, readout: "mean" }, makeInlineRunner(jobTable), {
      whatIf: 0,
    });
    assert.deepEqual([diagnosis.T, diagnosis.delay], [T, d]);
    const images = prepareImages(n, 150);
    const [last, before] = [await simulate(snn, images, T), await simulate(snn, images, d)];
    const network = await denseBackend.prepare(snn.network);
    const values = network.run(
      images,
      n,
      snn.layers.map(({ activation }) => activation),
    );
    for (const [at, { name: layer, activation, lambda }] of snn.layers.entries()) {
      const own = values.get(activation) as Float32Array;
      const area = own.length / n / (snn.graph.shape(layer)[0] as number);
      const [late, early] = [last.layers[at]?.counts, before.layers[at]?.counts];
      let [errors, squares] = [0, 0];
      for (const [i, a] of own.entries()) {
        const c = Math.floor(i / area) % lambda.length;
        const y = ((lambda[c] as number) * ((late?.[i] as number) - (early?.[i] as number))) / (T - d);
        errors += (y - a) ** 2;
        squares += a ** 2;
      }
      const judged = diagnosis.layers[at];
      assert.equal(judged?.name, layer);
      assert.ok(Math.abs((judged?.total ?? 9) - errors / squares) < 1e-6, `${layer}: ${judged?.total}`);
      assert.ok(!judged?.isDefect && (judged?.parts.wiring ?? 9) < 1e-4, `${layer}: ${judged?.parts.wiring}`);
    }
    network.free();
  });
}
