/** The plan of a network: windows and lists of synapses are two views of the same thing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode } from "#src/graph/node-types.js";
import { isGate, sentAlphabet } from "#src/graph/spike-sources.js";
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

/** Input → nodes → neurons → output, of one element each; the nodes `more` stand between `synapse` and the neurons. */
function chain(more: readonly GraphNode[]): Graph {
  const int = (value: number) => ({ dtype: "int32" as const, shape: [1], data: Int32Array.of(value) });
  const weight = { dtype: "int32" as const, shape: [1, 1], data: Int32Array.of(1) };
  const last = more[more.length - 1]?.id ?? "synapse";
  return new Graph([
    { id: "input", op: "input", inputs: [], attributes: { shape: [1, 1, 1] }, tensors: {} },
    { id: "synapse", op: "linear", inputs: ["input"], attributes: {}, tensors: { weight } },
    ...more,
    {
      id: "neurons",
      op: "neuron",
      inputs: [last],
      attributes: { layer: "neurons", lo: 0, hi: 1, reset: "subtract", number: "int32" },
      tensors: { threshold: int(1), v0: int(0), current: int(0) },
    },
    { id: "output", op: "output", inputs: ["neurons"], attributes: { number: "int32" }, tensors: {} },
  ]);
}
const sum = (id: string, of: string): GraphNode => ({
  id,
  op: "add",
  inputs: [of, of],
  attributes: {},
  tensors: {},
});
const join = (id: string, of: string): GraphNode => ({ ...sum(id, of), op: "concat" });
const first = (id: string, of: string): GraphNode => ({
  id,
  op: "slice",
  inputs: [of],
  attributes: { start: [0, 0, 0], stop: [1, 1, 1], step: [1, 1, 1] },
  tensors: {},
});
const refusal = { exitCode: 3, code: "snn-not-canonical" };

test("one sum stands on a path; a sum of sums is refused, as each would double the synapses", () => {
  const one = planSnn(chain([sum("a", "synapse")]));
  assert.equal(one.neurons[0]?.groups.length, 2);
  assert.throws(() => planSnn(chain([sum("a", "synapse"), sum("b", "a")])), refusal);
  assert.throws(() => planSnn(chain([sum("a", "synapse"), first("s", "a"), sum("b", "s")])), refusal);
});

test("values joined with themselves again and again are refused after 500 nodes; long paths are followed", () => {
  const doubled: GraphNode[] = [];
  for (let level = 0; level < 12; level++) {
    const before = doubled[doubled.length - 1]?.id ?? "synapse";
    doubled.push(join(`join${level}`, before), first(`first${level}`, `join${level}`));
  }
  assert.throws(() => planSnn(chain(doubled)), { ...refusal, rule: /500 nodes/ });
  const long = Array.from({ length: 490 }, (_, at) => first(`s${at}`, at === 0 ? "synapse" : `s${at - 1}`));
  assert.equal(planSnn(chain(long)).neurons[0]?.groups.length, 1);
  const longer = Array.from({ length: 30_000 }, (_, at) =>
    first(`s${at}`, at === 0 ? "synapse" : `s${at - 1}`),
  );
  assert.throws(() => planSnn(chain(longer)), { ...refusal, rule: /500 nodes/ });
});

test("a long row of gates: each sends what its neurons may send", () => {
  const window = { kernel: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0] } as const;
  const base = chain([]).nodes;
  const gates = Array.from(
    { length: 20_000 },
    (_, at): GraphNode => ({
      id: `gate${at}`,
      op: "pool",
      inputs: [at === 0 ? "neurons" : `gate${at - 1}`],
      attributes: { kind: "max", ...window },
      tensors: {},
    }),
  );
  const last = gates[gates.length - 1] as GraphNode;
  const graph = new Graph([...base.slice(0, -1), ...gates]);
  assert.ok(isGate(graph, last));
  assert.deepEqual(sentAlphabet(graph, last), { lo: 0, hi: 1 });
});
