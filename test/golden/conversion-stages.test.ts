/** The graph at every stage of a conversion against its golden text; UPDATE_GOLDEN=1 writes them anew. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { resolveConvertOptions } from "#src/conversion/convert-options.js";
import { listActivations } from "#src/conversion/list-activations.js";
import type { PassContext } from "#src/conversion/pass.js";
import { passOrder } from "#src/conversion/pass-order.js";
import type { Graph } from "#src/graph/graph.js";
import type { Preprocessing } from "#src/graph/preprocessing.js";
import { printGraph } from "#src/graph/print-graph.js";
import { tinyPoolNet, tinyResNet } from "../conversion/tiny-networks.js";

const folder = join(process.cwd(), "test", "golden");
const isUpdate = process.env.UPDATE_GOLDEN === "1";

/** Every stage that differs from the one before, under its pass's name. */
function printStages(model: Graph, explicit: Parameters<typeof resolveConvertOptions>[0]): string {
  const options = resolveConvertOptions({ number: "int16", ...explicit });
  const preprocessing: Preprocessing = { name: "unit", range: "0..1", mean: [0], std: [1] };
  const bare: PassContext = { options, preprocessing, activations: [], scales: new Map(), warn: () => {} };
  let text = `# model\n${printGraph(model)}`;
  const runAll = (graph: Graph, passes: typeof passOrder.prepare, context: PassContext) =>
    passes.reduce((current, pass) => {
      const after = pass.run(current, context);
      const printed = printGraph(after);
      text +=
        printed === printGraph(current) ? `\n# ${pass.name}: as before\n` : `\n# ${pass.name}\n${printed}`;
      return after;
    }, graph);
  const network = runAll(model, passOrder.prepare, bare);
  const activations = listActivations(network, options);
  const scale = { rate: 0.25, maxRate: 1, deadChannels: [], silentChannels: [] };
  const scales = new Map(activations.map(({ relu }, at) => [relu, { ...scale, lambda: [at + 1] }]));
  runAll(network, [...passOrder.spike, ...passOrder.finish], { ...bare, activations, scales });
  return text;
}

const cases = {
  "resnet-option-a": () => printStages(tinyResNet("A"), {}),
  "resnet-option-b": () => printStages(tinyResNet("B"), {}),
  "resnet-avg": () => printStages(tinyResNet("avg"), {}),
  "resnet-b-shortcuts-off": () => printStages(tinyResNet("B"), { shortcutNorm: "off" }),
  "resnet-avg-authors": () => printStages(tinyResNet("avg"), { preset: "authors" }),
  "pool-gate": () => printStages(tinyPoolNet(), {}),
  "pool-before": () => printStages(tinyPoolNet(), { maxpool: "before" }),
};

for (const [name, print] of Object.entries(cases)) {
  test(`the stages of ${name} print as their golden text`, () => {
    const file = join(folder, `${name}.txt`);
    const text = print();
    if (isUpdate) writeFileSync(file, text);
    assert.ok(existsSync(file), `${file} is missing; run with UPDATE_GOLDEN=1`);
    assert.equal(text, readFileSync(file, "utf8"));
  });
}
