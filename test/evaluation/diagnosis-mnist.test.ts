/** Planted faults in the shipped network: each is named. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { randomWord } from "#src/core/counter-random.js";
import type { ImageSet } from "#src/datasets/dataset.js";
import { parseModel } from "#src/formats/parse-model.js";
import { checkFaults, convertFloat, images } from "./check-faults.js";

/** Images that are smooth, so that the network has something to see; every byte follows from its place. */
function makeImages(n: number, [channels, height, width]: readonly [number, number, number]): ImageSet {
  const size = channels * height * width;
  const pixels = new Uint8Array(n * size);
  for (let image = 0; image < n; image++) {
    const draw = (which: number, choices: number) => randomWord(7, image, which) % choices;
    for (let stroke = 0; stroke < 4; stroke++) {
      const [y0, x0, slope] = [draw(stroke, height), draw(stroke + 9, width), draw(stroke + 18, 5) - 2];
      for (let step = -7; step < 8; step++) {
        for (const [dy, dx] of [
          [0, 0],
          [0, 1],
          [1, 0],
        ] as const) {
          const [y, x] = [y0 + step + dy, x0 + Math.round((step * slope) / 2) + dx];
          if (y >= 0 && y < height && x >= 0 && x < width) pixels[image * size + y * width + x] = 255;
        }
      }
    }
  }
  return { n, shape: [channels, height, width], pixels, labels: new Int32Array(n) };
}

test("the shipped MNIST network, on drawn strokes", async (t) => {
  const file = join(
    fileURLToPath(new URL("../../../", import.meta.url)),
    "networks/mnist-resnet8.safetensors",
  );
  const model = parseModel(readFileSync(file), { fileName: "mnist-resnet8.safetensors" });
  assert.ok(model.preprocessing !== null);
  const train = makeImages(100 + images, [1, 28, 28]);
  const snn = await convertFloat(model.graph, model.preprocessing, train);
  await t.test("all steps read", (own) => checkFaults(own, snn, train));
  await t.test("the first 20 of 32 steps left out", (own) => checkFaults(own, snn, train, 20));
});
