/** What a network that refines may not have and may not be asked for: each is refused, by name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RespikeError } from "#src/core/respike-error.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode } from "#src/graph/node-types.js";
import { refinementOf } from "#src/graph/refinement.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { planSnn } from "#src/simulator/plan/plan-snn.js";
import { referenceBackend } from "#src/simulator/reference/reference-backend.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { makeRandomImages, makeRandomSnn, refiningForms } from "./make-random-snn.js";

const alphabet = { lo: -7, hi: 7 };
const refining = { alphabet, refine: refinementOf(7), forms: refiningForms, layers: 2 };

function refuses(call: () => unknown, code: string, exitCode: number, rule: RegExp): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof RespikeError, String(error));
    assert.equal(error.exitCode, exitCode);
    const found = error.problems.find((problem) => problem.code === code && rule.test(problem.rule));
    assert.ok(found, error.message);
    return true;
  });
}

/** The network with each of its nodes changed. */
const change = (snn: { readonly graph: Graph }, of: (node: GraphNode) => GraphNode) =>
  new Graph(snn.graph.nodes.map(of));

test("layers that refine differently, an output that does not, max pools and output neurons: refine-mixed, exit 3", () => {
  const snn = makeRandomSnn(3, refining);
  const one = (node: GraphNode, refine: unknown) =>
    ({ ...node, attributes: { ...node.attributes, refine } }) as GraphNode;
  const first = snn.graph.nodes.find(({ op }) => op === "neuron")?.id;
  const other = { quantum: 1 / 4, shift: 1, halvings: 8 };
  const alike = /alike/;
  for (const [id, refine] of [
    [first, other],
    [first, undefined],
    [snn.graph.output.id, undefined],
  ] as const) {
    const graph = change(snn, (node) => (node.id === id ? one(node, refine) : node));
    refuses(() => planSnn(graph), "refine-mixed", 3, alike);
  }
  const pooled = makeRandomSnn(3, { ...refining, forms: ["before"] });
  refuses(() => planSnn(pooled.graph), "refine-mixed", 3, /no max pool/);
  const counted = makeRandomSnn(3, { ...refining, outputNeurons: true });
  const graph = change(counted, (node) => (node.op === "output" ? one(node, refinementOf(7)) : node));
  refuses(() => planSnn(graph), "refine-mixed", 3, /reads currents/);
});

test("reset to zero, one-sided and too large alphabets, odd quanta and more than 8 halvings: exit 3", () => {
  const make = (options: object) => () => makeRandomSnn(3, { ...refining, ...options });
  refuses(make({ reset: "zero" }), "graph-rule", 3, /reset by subtraction/);
  refuses(make({ alphabet: { lo: 0, hi: 1 } }), "graph-rule", 3, /−g…g/);
  refuses(make({ alphabet: { lo: -16, hi: 16 } }), "graph-rule", 3, /−g…g/);
  refuses(make({ refine: { quantum: 0.3, shift: 1, halvings: 2 } }), "graph-rule", 3, /form/);
  refuses(make({ refine: { quantum: 0.5, shift: 1, halvings: 9 } }), "graph-rule", 3, /form/);
  refuses(make({ refine: { quantum: 0.5, shift: 2, halvings: 5 } }), "graph-rule", 3, /form/);
});

test("readouts of counts, delay, poisson: exit 2, from both backends; final of a network that counts too", async () => {
  const snn = makeRandomSnn(3, refining);
  const images = makeRandomImages(snn, 1, 1, true);
  const request = { images, n: 1, steps: 4, snapshots: [4], readout: "final", delay: 0 } as const;
  for (const backend of [referenceBackend, wasmBackend]) {
    const simulator = await backend.prepare(snn);
    const run = (other: Partial<SimulationRequest>) => () => simulator.run({ ...request, ...other });
    refuses(run({ readout: "mean" }), "simulation-request", 2, /final values/);
    refuses(run({ readout: "count" }), "simulation-request", 2, /final values/);
    refuses(run({ delay: 1 }), "simulation-request", 2, /no mean/);
    refuses(run({ poisson: { seed: 1, imageIndices: [0] } }), "simulation-request", 2, /constant current/);
    const counting = await backend.prepare(makeRandomSnn(3, { layers: 2 }));
    refuses(() => counting.run(request), "simulation-request", 2, /where layers refine/);
    counting.free();
    simulator.free();
  }
});

test("a state that could leave 32 bits: exit 3, membrane-overflow", async () => {
  const snn = makeRandomSnn(5, { ...refining, number: "int32", theta: 900_000, forms: ["conv"] });
  const simulator = await wasmBackend.prepare(snn);
  const images = makeRandomImages(snn, 1, 1);
  const run = (steps: number) =>
    simulator.run({ images, n: 1, steps, snapshots: [steps], readout: "final", delay: 0 });
  refuses(() => run(12), "membrane-overflow", 3, /2³¹/);
  assert.equal(run(1).outputs.length, 3);
});
