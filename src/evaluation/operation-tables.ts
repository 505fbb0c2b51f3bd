/**
 * Fan-outs arranged for counting the operations of simulated spikes.
 *
 * Knows: which gate stands behind which layer. May not know: images.
 */

import type { Graph } from "../graph/graph.js";
import { isOp } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import type { LayerCounts, SimulationResult } from "../simulator/backend.js";
import { countFanOuts, type FanOuts, isGate } from "./count-operations.js";

export interface OperationTables {
  readonly structural: FanOuts;
  readonly effective: FanOuts;
  /** Links to outputs, zero weights left out. */
  readonly readout: FanOuts;
  /** Gate → the layer in whose row its operations stand. */
  readonly layerOfGate: ReadonlyMap<string, string>;
}

export function makeOperationTables(snn: Snn): OperationTables {
  const { graph } = snn;
  const gates = graph.nodes.filter((node) => isGate(graph, node));
  return {
    structural: countFanOuts(graph, { effective: false }),
    effective: countFanOuts(graph, { effective: true }),
    readout: countFanOuts(graph, { effective: true, outputsOnly: true }),
    layerOfGate: new Map(gates.map(({ id }) => [id, neuronBefore(graph, id)])),
  };
}

function neuronBefore(graph: Graph, id: string): string {
  const node = graph.node(id);
  return isOp(node, "neuron") ? id : neuronBefore(graph, node.inputs[0] as string);
}

/** Operations of all images at one observed time; layers in the simulation's order. */
export interface CountedTime {
  readonly spikes: number[];
  readonly structural: number[];
  readonly effective: number[];
  readonly readoutOps: number;
}

/** Σ over images of spikes, and of spikes × fan-out, a gate's in the row of the layer before it. */
export function countOperations(
  { structural, effective, readout, layerOfGate }: OperationTables,
  result: SimulationResult,
  n: number,
  snapshots: number,
  snapshot: number,
): CountedTime {
  const rows = result.layers.map(({ name }) => name);
  const counted = {
    spikes: rows.map(() => 0),
    structural: rows.map(() => 0),
    effective: rows.map(() => 0),
    readoutOps: 0,
  };
  for (const source of [...result.layers, ...result.gates]) {
    const row = rows.indexOf(layerOfGate.get(source.name) ?? source.name);
    const spreads = [structural, effective, readout].map(
      (fanOuts) => fanOuts.get(source.name) as Float64Array,
    );
    const sums = spreadCounts(source, spreads, n, snapshots, snapshot);
    if (!layerOfGate.has(source.name)) counted.spikes[row] = (counted.spikes[row] as number) + sums.spikes;
    counted.structural[row] = (counted.structural[row] as number) + (sums.operations[0] as number);
    counted.effective[row] = (counted.effective[row] as number) + (sums.operations[1] as number);
    counted.readoutOps += sums.operations[2] as number;
  }
  return counted;
}

function spreadCounts(
  { counts }: LayerCounts,
  fanOuts: readonly Float64Array[],
  n: number,
  snapshots: number,
  snapshot: number,
) {
  const size = counts.length / (n * snapshots);
  let spikes = 0;
  const operations = fanOuts.map(() => 0);
  for (let image = 0; image < n; image++) {
    const own = counts.subarray(
      (image * snapshots + snapshot) * size,
      (image * snapshots + snapshot + 1) * size,
    );
    for (let at = 0; at < size; at++) spikes += own[at] as number;
    for (const [which, fanOut] of fanOuts.entries()) {
      let sum = 0;
      for (let at = 0; at < size; at++) sum += (own[at] as number) * (fanOut[at] as number);
      operations[which] = (operations[which] as number) + sum;
    }
  }
  return { spikes, operations };
}
