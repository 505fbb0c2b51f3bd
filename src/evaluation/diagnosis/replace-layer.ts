/**
 * A spiking network in which one layer sends a constant real rate that comes with the image.
 *
 * Knows: the canonical form, sources, gates. May not know: why a layer is replaced, simulators' insides.
 *
 * The rates ride along in the image: more channels of one larger input, cut out again by slices, so that any backend
 * can run the network, in integers as constant currents of fixed-point values.
 */
import { countElements } from "../../core/tensor.js";
import { Graph } from "../../graph/graph.js";
import { type GraphNode, isOp, type NodeOf, type Shape } from "../../graph/node-types.js";
import type { Snn } from "../../graph/snn.js";
import { isGate } from "../../graph/spike-sources.js";
import { largestInWindows } from "../../simulator/reference/pool-cumulative.js";

export interface ReplacedLayer {
  readonly snn: Snn;
  /** Whether neurons are left; without, the output is a plain function of the image. */
  readonly hasNeurons: boolean;
  /** The larger image: the own one (preprocessed [C,H,W]) and the layer's rates, spikes a step [C,H,W]. */
  readonly joinImage: (image: Float32Array, rates: Float32Array) => Float32Array;
}

/** One value that stands in the larger image from `channel` on, in its upper left corner. */
interface Passenger {
  readonly id: string;
  readonly shape: Shape;
  readonly channel: number;
}

/** @throws RangeError for an unknown layer */
export function replaceLayer(snn: Snn, layer: string): ReplacedLayer {
  const { graph } = snn;
  if (!isOp(graph.node(layer), "neuron")) throw new RangeError(`'${layer}' is no layer of neurons`);
  const gates = gatesBehind(graph, layer);
  const given = new Set([layer, ...gates]);
  const needed = nodesWithout(graph, given);
  const isRead = (id: string) =>
    graph.consumers(id).some((reader) => needed.has(reader.id) && !given.has(reader.id));
  const passengers = boardPassengers(graph, [graph.input.id, layer, ...gates].filter(isRead));
  const shape = enclose(passengers);
  const nodes: GraphNode[] = [{ ...graph.input, attributes: { shape } }];
  for (const passenger of passengers) nodes.push(cutOut(graph, passenger));
  const renamed = new Map(passengers.map(({ id }) => [id, `${id}.rates`]));
  const isKept = ({ id }: GraphNode) => needed.has(id) && !renamed.has(id) && id !== graph.input.id;
  for (const node of graph.nodes.filter(isKept)) {
    nodes.push({ ...node, inputs: node.inputs.map((id) => renamed.get(id) ?? id) } as GraphNode);
  }
  const names = new Set(nodes.map(({ id }) => id));
  return {
    snn: { ...snn, graph: new Graph(nodes), layers: snn.layers.filter(({ name }) => names.has(name)) },
    hasNeurons: nodes.some((node) => isOp(node, "neuron")),
    joinImage: (image, rates) =>
      joinValues(
        graph,
        passengers,
        shape,
        new Map([
          [graph.input.id, image],
          [layer, rates],
        ]),
      ),
  };
}

/** Gates that pass on what a layer sends, in topological order. */
function gatesBehind(graph: Graph, layer: string): readonly string[] {
  const behind = new Set([layer]);
  for (const node of graph.nodes) {
    if (isGate(graph, node) && behind.has(node.inputs[0] as string)) behind.add(node.id);
  }
  behind.delete(layer);
  return [...behind];
}

/** All that the output needs when the values of `replaced` are given. */
function nodesWithout(graph: Graph, replaced: ReadonlySet<string>): ReadonlySet<string> {
  const needed = new Set([graph.output.id]);
  for (const node of [...graph.nodes].reverse()) {
    if (needed.has(node.id) && !replaced.has(node.id)) for (const id of node.inputs) needed.add(id);
  }
  return needed;
}

function boardPassengers(graph: Graph, ids: readonly string[]): readonly Passenger[] {
  let channel = 0;
  return ids.map((id) => {
    const shape = graph.shape(id);
    const passenger = { id, shape, channel };
    channel += shape[0];
    return passenger;
  });
}

function enclose(passengers: readonly Passenger[]): Shape {
  const largest = (axis: 0 | 1 | 2) => Math.max(...passengers.map(({ shape }) => shape[axis]));
  return [passengers.reduce((sum, { shape }) => sum + shape[0], 0), largest(1), largest(2)];
}

function cutOut(graph: Graph, { id, shape, channel }: Passenger): NodeOf<"slice"> {
  return {
    id: `${id}.rates`,
    op: "slice",
    inputs: [graph.input.id],
    attributes: {
      start: [channel, 0, 0],
      stop: [channel + shape[0], shape[1], shape[2]],
      step: [1, 1, 1],
    },
    tensors: {},
  };
}

/** A gate's rate is the largest rate of its window. */
function rateOf(graph: Graph, id: string, known: ReadonlyMap<string, Float32Array>): Float32Array {
  const value = known.get(id);
  if (value !== undefined) return value;
  const gate = graph.node(id) as NodeOf<"pool">;
  const before = gate.inputs[0] as string;
  const input = Float64Array.from(rateOf(graph, before, known));
  return Float32Array.from(largestInWindows(input, graph.shape(before), gate.attributes, graph.shape(id)));
}

function joinValues(
  graph: Graph,
  passengers: readonly Passenger[],
  [channels, height, width]: Shape,
  known: ReadonlyMap<string, Float32Array>,
): Float32Array {
  const joined = new Float32Array(channels * height * width);
  for (const { id, shape, channel } of passengers) {
    const value = rateOf(graph, id, known);
    const [, ownHeight, ownWidth] = shape;
    for (let row = 0; row < countElements(shape) / ownWidth; row++) {
      const [c, y] = [Math.floor(row / ownHeight), row % ownHeight];
      const to = ((channel + c) * height + y) * width;
      joined.set(value.subarray(row * ownWidth, (row + 1) * ownWidth), to);
    }
  }
  return joined;
}
