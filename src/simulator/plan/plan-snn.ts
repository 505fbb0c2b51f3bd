/**
 * From a canonical spiking graph to its stages, with every rule of the form checked.
 *
 * Knows: graph/snn.ts. May not know: backends, images.
 */
import { type Problem, RespikeError, refuseInput } from "../../core/respike-error.js";
import type { Tensor } from "../../core/tensor.js";
import { refinementOfGraph } from "../../graph/check-refinement.js";
import type { Graph } from "../../graph/graph.js";
import { nodeProblem } from "../../graph/node-rules.js";
import { type GraphNode, isOp, type NodeOf, type NumberFormat, type Shape } from "../../graph/node-types.js";
import { isGate, isSource, sentAlphabet } from "../../graph/spike-sources.js";
import type { GateStage, NeuronStage, OutputStage, ReplayedLayer, SnnPlan, Stage } from "./snn-plan.js";
import { isWeighted, traceDrive } from "./trace-drive.js";

/**
 * The stages of a spiking graph.
 *
 * @param replayed layers that are no stages, only sources; nothing before them is planned where nothing else reads it
 * @throws RespikeError (exit 3, `snn-not-canonical`, `snn-values`, `refine-mixed`) with every problem found
 */
export function planSnn(graph: Graph, replayed: readonly string[] = []): SnnPlan {
  const given = listReplayed(graph, replayed);
  const refine = refinementOfGraph(graph);
  const problems: Problem[] = [];
  const stages: Stage[] = [];
  for (const node of graph.nodes) {
    try {
      if (given.has(node.id)) continue;
      if (isOp(node, "neuron")) stages.push(planNeurons(graph, node, problems));
      else if (isOp(node, "output")) stages.push(planOutput(graph, node, problems));
      else if (isOp(node, "pool") && isGate(graph, node)) stages.push(planGate(graph, node));
      else if (isWeighted(node) && (node.tensors.bias ?? node.tensors.shift) !== undefined) {
        problems.push(problem(node, "synapses carry no bias", "a bias", "snn-not-canonical"));
      }
    } catch (error) {
      if (!(error instanceof RespikeError)) throw error;
      problems.push(...error.problems);
    }
  }
  const output = stages[stages.length - 1];
  if (output?.kind !== "output" && problems.length === 0) {
    problems.push(problem(graph.output, "the last node is the output", graph.output.op, "snn-not-canonical"));
  }
  if (problems.length > 0 || output?.kind !== "output") throw refuseInput(problems);
  return {
    image: graph.input.id,
    imageShape: graph.shape(graph.input.id),
    stages,
    neurons: stages.filter((stage) => stage.kind === "neuron"),
    gates: stages.filter((stage) => stage.kind === "gate"),
    output,
    replayed: given,
    refine,
    alphabets: new Map(
      graph.nodes.filter((node) => isSource(graph, node)).map((node) => [node.id, sentAlphabet(graph, node)]),
    ),
  };
}

function listReplayed(graph: Graph, replayed: readonly string[]): ReadonlyMap<string, ReplayedLayer> {
  return new Map(
    replayed.map((id) => {
      const node = graph.node(id);
      if (!isOp(node, "neuron")) throw new RangeError(`'${id}' is no layer of neurons`);
      return [id, { shape: graph.shape(id), rate: node.attributes.rate }];
    }),
  );
}

function problem(node: GraphNode, rule: string, value: string, code: string): Problem {
  return { ...nodeProblem(node, rule, value, "convert the model again"), code };
}

function planNeurons(graph: Graph, node: NodeOf<"neuron">, problems: Problem[]): NeuronStage {
  const shape = graph.shape(node.id);
  const { layer, lo, hi, reset, number, refine = null } = node.attributes;
  const drive = traceDrive(graph, node);
  checkFormat(node, number, ["threshold", "v0", "current"], problems);
  for (const group of drive.groups) {
    checkFormat(group.node, number, [group.node.op === "affine" ? "scale" : "weight"], problems);
  }
  const threshold = spreadTensor(node.tensors.threshold, [shape[0], 1, 1]);
  if (threshold.some((value) => !(value > 0))) {
    problems.push(problem(node, "thresholds are above 0", String(Math.min(...threshold)), "snn-values"));
  }
  return {
    kind: "neuron",
    node,
    id: node.id,
    name: layer,
    shape,
    lo,
    hi,
    reset,
    number,
    refine,
    threshold,
    v0: spreadTensor(node.tensors.v0, shape),
    current: spreadTensor(node.tensors.current, shape),
    ...drive,
  };
}

function planGate(graph: Graph, node: NodeOf<"pool">): GateStage {
  const source = node.inputs[0] as string;
  return {
    kind: "gate",
    id: node.id,
    source,
    sourceShape: graph.shape(source),
    shape: graph.shape(node.id),
    window: node.attributes,
    ...sentAlphabet(graph, node),
  };
}

function planOutput(graph: Graph, node: NodeOf<"output">, problems: Problem[]): OutputStage {
  const shape = graph.shape(node.id);
  const from = graph.node(node.inputs[0] as string);
  const neurons = from.op === "neuron" ? from.id : null;
  const drive =
    neurons === null ? traceDrive(graph, node) : { groups: [], currentShape: shape, poolBefore: null };
  const { number } = node.attributes;
  checkFormat(node, number, ["current"], problems);
  for (const group of drive.groups) {
    checkFormat(group.node, number, [group.node.op === "affine" ? "scale" : "weight"], problems);
  }
  const ones = new Float64Array(shape[0]).fill(1);
  const scale = node.tensors.scale === undefined ? ones : spreadTensor(node.tensors.scale, [shape[0], 1, 1]);
  if (scale.some((value) => !(value > 0))) {
    problems.push(problem(node, "scales are above 0", String(Math.min(...scale)), "snn-values"));
  }
  if (shape[1] !== 1 || shape[2] !== 1) {
    problems.push(problem(node, "one output a class: [classes,1,1]", `[${shape.join(",")}]`, "snn-values"));
  }
  const current = spreadTensor(node.tensors.current, [shape[0], 1, 1]);
  return { kind: "output", id: node.id, classes: shape[0], neurons, number, scale, current, ...drive };
}

/** The tensor's value for each element of `shape`; tensors are [1], [C] or [C,H,W]; 0 where it is missing. */
function spreadTensor(tensor: Tensor | undefined, shape: Shape): Float64Array {
  const area = shape[1] * shape[2];
  const values = new Float64Array(shape[0] * area);
  if (tensor === undefined) return values;
  const { length } = tensor.data;
  const step = length === 1 ? values.length : length === values.length ? 1 : area;
  return values.map((_, index) => Number(tensor.data[Math.floor(index / step)]));
}

const integerTypes: Readonly<Record<NumberFormat, readonly string[]>> = {
  float32: ["float32"],
  int16: ["int16", "int32", "int8"],
  int32: ["int32", "int16", "int8"],
};

function checkFormat(
  node: GraphNode,
  number: NumberFormat,
  names: readonly string[],
  problems: Problem[],
): void {
  for (const name of names) {
    const tensor = node.tensors[name];
    if (tensor === undefined || integerTypes[number].includes(tensor.dtype)) continue;
    const rule = `'${name}' of a ${number} layer is ${integerTypes[number].join(" or ")}`;
    problems.push(problem(node, rule, tensor.dtype, "snn-values"));
  }
}
