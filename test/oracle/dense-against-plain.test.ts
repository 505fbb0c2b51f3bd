/** The dense backend against the plain evaluator, operator by operator. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph } from "#src/graph/graph.js";
import { denseBackend } from "#src/inference/dense-backend.js";
import { plainBackend } from "#src/inference/plain-backend.js";
import { normalImages, randomGraphs } from "./random-graphs.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 20_261_125);
const images = 3;

/** Largest difference, relative to the largest magnitude of the plain result. */
async function largestDifference(graph: Graph, x: Float32Array): Promise<number> {
  const keep = graph.nodes.map(({ id }) => id);
  const plain = await plainBackend.prepare(graph);
  const dense = await denseBackend.prepare(graph);
  const expected = plain.run(x, images, keep);
  const actual = dense.run(x, images, keep);
  let largest = 0;
  for (const id of keep) {
    const [want, have] = [expected.get(id), actual.get(id)];
    assert.ok(want !== undefined && have !== undefined && want.length === have.length, id);
    const scale = want.reduce((top, value) => Math.max(top, Math.abs(value)), 1e-30);
    want.forEach((value, at) => {
      const difference = Math.abs(value - (have[at] as number)) / scale;
      assert.ok(Number.isFinite(difference), `${id}[${at}]: ${value} and ${have[at]}`);
      largest = Math.max(largest, difference);
    });
  }
  dense.free();
  return largest;
}

test(`dense equals plain within 2e-6 of the largest value on random graphs (seed ${seed})`, async () => {
  let largest = 0;
  const seen = new Set<string>();
  for (const { graph, operator } of randomGraphs(seed, 12)) {
    const difference = await largestDifference(
      graph,
      normalImages(seed, images, graph.input.attributes.shape),
    );
    assert.ok(difference < 2e-6, `seed ${seed}, ${operator}: ${difference}`);
    largest = Math.max(largest, difference);
    seen.add(operator.split(" ")[0] as string);
  }
  assert.equal(seen.size, 14, "every operator but the input was drawn");
  assert.ok(largest > 0, "float32 sums differ from float64 ones somewhere");
});

test("dense results are the same bytes in any batch", async () => {
  for (const { graph, operator } of randomGraphs(seed, 2)) {
    const { shape } = graph.input.attributes;
    const size = shape[0] * shape[1] * shape[2];
    const x = normalImages(seed, images, shape);
    const network = await denseBackend.prepare(graph);
    const { id } = graph.output;
    const together = network.run(x, images, [id]).get(id);
    const alone = [2, 0, 1].map(
      (at) => [at, network.run(x.slice(at * size, (at + 1) * size), 1, [id]).get(id)] as const,
    );
    const each = (together?.length ?? 0) / images;
    for (const [at, value] of alone) {
      assert.deepEqual(together?.slice(at * each, (at + 1) * each), value, operator);
    }
  }
});
