/**
 * `respike inspect FILE`: what a file holds, before anything is done with it.
 *
 * Knows: how an inspection reads for people. May not know: how it is made.
 */
import { printGraph } from "../../graph/print-graph.js";
import { type InspectedFile, inspect } from "../../library/inspect.js";
import { cleanLine } from "../../report/clean-text.js";
import { describeCertificate } from "../../report/describe-certificate.js";
import { describeOptions } from "../../report/describe-options.js";
import { layTable } from "../../report/render-table.js";
import { switchFlag } from "../flags.js";
import { modelFlags } from "../model-flags.js";
import { defineVerb } from "../verb.js";

export const inspectVerb = defineVerb({
  name: "inspect",
  summary: "show what a model or a saved SNN holds, and what each node becomes",
  arguments: [{ name: "FILE", description: "a model file or a .snn.safetensors", required: true }],
  flags: { ...modelFlags, text: switchFlag({ description: "print the graph, one node a line" }) },
  explanation:
    "Reads the file as data (nothing in it is run), names the architecture and the evidence for it, and lists every node: 'spikes' where neurons will stand, 'linear' where currents flow, 'gate' for max pools, 'refused' with the reason where conversion would stop.",
  examples: [
    ["respike inspect resnet20.th", "architecture, preprocessing, neurons, operations"],
    ["respike inspect resnet20.snn.safetensors --text", "the spiking graph with its shapes"],
  ],
  async run([file], flags) {
    const inspected = await inspect(file as string, flags);
    return {
      result: inspected.inspection,
      text: flags.text === true ? printGraph(inspected.graph).trimEnd() : describe(inspected),
      warnings: inspected.warnings,
    };
  },
});

function describe({ inspection }: InspectedFile): string {
  const { totals, preprocessing, nodes, certificate } = inspection;
  const number = (value: number) => value.toLocaleString("en-US");
  const facts = [
    ["kind", `${inspection.kind} (${inspection.format})`],
    ["architecture", inspection.arch],
    ...inspection.evidence.map((sentence) => ["because", sentence]),
    ["input", `[${inspection.inputShape.join(",")}], ${inspection.classes} classes`],
    [
      "preprocessing",
      preprocessing === null ? "not in the file: give --preprocess" : describePreprocessing(preprocessing),
    ],
    ...describeOptions(inspection),
    ["parameters", number(totals.parameters)],
    ["neurons", number(totals.neurons)],
    ["MACs an image", `${number(totals.annMacs)} (${number(totals.annMacsPadded)} counted with padding)`],
    ["fan-out", `${number(totals.structuralFanOut)} synapses of all neurons once`],
    ["SHA-256", inspection.sha256],
    ...(certificate === undefined ? [] : describeCertificate(certificate)).map((fact, at) => [
      at === 0 ? "certificate" : "",
      fact,
    ]),
    ...(inspection.ignoredKeys.length > 0 ? [["ignored", inspection.ignoredKeys.join(", ")]] : []),
  ].map(([name, value]) => `${(name === "" ? "" : `${name}:`).padEnd(15)} ${cleanLine(value ?? "")}`);
  const rows = nodes.map((node) => [
    node.name,
    node.op,
    `[${node.shape.join(",")}]`,
    number(node.parameters),
    node.reason === undefined ? node.status : `${node.status}: ${node.reason}`,
  ]);
  return `${facts.join("\n")}\n\n${layTable(["node", "op", "shape", "parameters", "becomes"], rows)}`;
}

function describePreprocessing({
  name,
  range,
  mean,
  std,
}: {
  name: string;
  range: string;
  mean: readonly number[];
  std: readonly number[];
}): string {
  return `${name} (mean ${mean.join(", ")}; std ${std.join(", ")}; range ${range})`;
}
