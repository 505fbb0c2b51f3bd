/**
 * Whether a saved network's list of layers fits its two graphs.
 *
 * Knows: graph/snn.ts. May not know: bytes.
 */
import type { Problem } from "../../core/respike-error.js";
import { countElements } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import { isOp } from "../../graph/node-types.js";
import type { Preprocessing } from "../../graph/preprocessing.js";
import type { SnnLayer } from "../../graph/snn.js";
import { fileProblem, quote } from "../refuse-file.js";

/** Values of one node: bounds what a simulator will allocate for a small hostile file. */
const maxElements = 2 ** 26;

interface Described {
  readonly layers: readonly SnnLayer[];
  readonly preprocessing: Preprocessing;
}

type Complain = (rule: string, value: string) => void;

/** Every rule broken; empty where nothing is. */
export function checkLayers(
  graph: Graph,
  network: Graph,
  { layers, preprocessing }: Described,
  where: string,
): Problem[] {
  const problems: Problem[] = [];
  const complain = (rule: string, value: string) => problems.push(fileProblem(where, rule, value));
  checkSizes([graph, network], complain);
  checkEnds(graph, network, complain);
  const neurons = graph.nodes.filter((node) => isOp(node, "neuron"));
  const [names, ids] = [layers.map(({ name }) => name), neurons.map(({ id }) => id)];
  if (names.join("\n") !== ids.join("\n"))
    complain("layers lists the neuron nodes in order", `${names.length} names, ${ids.length} nodes`);
  else for (const layer of layers) checkLayer(layer, graph, network, complain);
  for (const [key, values] of Object.entries({ mean: preprocessing.mean, std: preprocessing.std })) {
    if (values.length !== 1 && values.length !== graph.shape(graph.input.id)[0])
      complain(`preprocessing has one ${key}, or one a channel`, `${values.length} numbers`);
  }
  return problems;
}

function checkSizes(graphs: readonly Graph[], complain: Complain): void {
  for (const graph of graphs) {
    for (const { id } of graph.nodes) {
      const shape = graph.shape(id);
      if (countElements(shape) <= maxElements) continue;
      complain(`node ${quote(id)} has at most ${maxElements} values`, `[${shape}]`);
    }
  }
}

/** Images in, outputs out. */
function checkEnds(graph: Graph, network: Graph, complain: Complain): void {
  if (!isOp(graph.output, "output")) complain("the last node is an output", quote(graph.output.op));
  const [image, pixels] = [graph.shape(graph.input.id), network.shape(network.input.id)];
  if (image.join() !== pixels.join())
    complain("network and spiking network take the same image", `[${pixels}] and [${image}]`);
  const [logits, outputs] = [network.shape(network.output.id), graph.shape(graph.output.id)];
  if (logits.join() !== outputs.join())
    complain("network and spiking network have the same outputs", `[${logits}] and [${outputs}]`);
}

function checkLayer(
  { name, activation, lambda, bias }: SnnLayer,
  graph: Graph,
  network: Graph,
  complain: Complain,
): void {
  if (!network.has(activation)) complain(`layer ${quote(name)} names a node of network`, quote(activation));
  if (lambda.length !== 1 && lambda.length !== graph.shape(name)[0])
    complain(`layer ${quote(name)} has one λ, or one a channel`, `${lambda.length} numbers`);
  if (bias !== undefined && bias.length !== graph.shape(name)[0])
    complain(`layer ${quote(name)} has one bias a channel`, `${bias.length} numbers`);
}
