/**
 * Fan-outs arranged for counting the operations of simulated spikes.
 *
 * Knows: which gate stands behind which layer. May not know: images.
 */
import { countElements } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import { isOp } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import { isGate } from "../graph/spike-sources.js";
import type { LayerCounts, SimulationResult, SourceWeights } from "../simulator/backend.js";
import { countFanOuts, type FanOuts } from "./count-operations.js";

export interface OperationTables {
  readonly structural: FanOuts;
  readonly effective: FanOuts;
  /** Links to outputs, zero weights left out; only sources that have some. */
  readonly readout: FanOuts;
  /** Gate → the layer in whose row its operations stand. */
  readonly layerOfGate: ReadonlyMap<string, string>;
}

export function makeOperationTables(snn: Snn): OperationTables {
  const { graph } = snn;
  const gates = graph.nodes.filter((node) => isGate(graph, node));
  const readout = countFanOuts(graph, { effective: true, outputsOnly: true });
  return {
    structural: countFanOuts(graph, { effective: false }),
    effective: countFanOuts(graph, { effective: true }),
    readout: new Map([...readout].filter(([, links]) => links.some((count) => count > 0))),
    layerOfGate: new Map(gates.map(({ id }) => [id, neuronBefore(graph, id)])),
  };
}

function neuronBefore(graph: Graph, id: string): string {
  const node = graph.node(id);
  return isOp(node, "neuron") ? id : neuronBefore(graph, node.inputs[0] as string);
}

/** What a simulation is asked to sum up for `countOperations`; made once for many requests. */
export function weighSources({ structural, effective }: OperationTables): SourceWeights {
  return new Map([...structural].map(([name, all]) => [name, [all, effective.get(name) ?? all] as const]));
}

/** Operations of all images at one observed time; layers in the simulation's order. */
export interface CountedTime {
  readonly spikes: number[];
  readonly structural: number[];
  readonly effective: number[];
  /** Of layers that refine: spikes that are not 0, each counted once, and their operations, zero weights left out; else null. */
  readonly events: { readonly spikes: number[]; readonly effective: number[] } | null;
  /** Counted at the last observed time only, else 0. */
  readonly readoutOps: number;
}

/** Σ over images of |spikes|, and of |spikes| × fan-out, a gate's in the row of the layer before it. */
export function countOperations(
  { structural, effective, readout, layerOfGate }: OperationTables,
  result: SimulationResult,
  n: number,
  snapshots: number,
  snapshot: number,
): CountedTime {
  const rows = result.layers.map(({ name }) => name);
  const zeros = () => rows.map(() => 0);
  const refines = result.layers.some(({ events }) => events !== undefined);
  const counted = {
    spikes: zeros(),
    structural: zeros(),
    effective: zeros(),
    events: refines ? { spikes: zeros(), effective: zeros() } : null,
    readoutOps: 0,
  };
  const later = snapshots - 1 - snapshot;
  for (const source of [...result.layers, ...result.gates]) {
    const row = rows.indexOf(layerOfGate.get(source.name) ?? source.name);
    const [all, kept] = [structural, effective].map((fanOuts) => fanOuts.get(source.name) as Float64Array);
    const sums =
      source.sums === undefined
        ? spreadCounts(source, all as Float64Array, kept as Float64Array, n, later)
        : addSums(source.sums, n, snapshots, snapshot);
    if (!layerOfGate.has(source.name)) counted.spikes[row] = (counted.spikes[row] as number) + sums.spikes;
    counted.structural[row] = (counted.structural[row] as number) + sums.structural;
    counted.effective[row] = (counted.effective[row] as number) + sums.effective;
    if (counted.events !== null && source.events !== undefined) {
      const once = { ...source, magnitudes: source.events };
      const events =
        source.eventSums === undefined
          ? spreadCounts(once, all as Float64Array, kept as Float64Array, n, later)
          : addSums(source.eventSums, n, snapshots, snapshot);
      counted.events.spikes[row] = events.spikes;
      counted.events.effective[row] = events.effective;
    }
    const links = readout.get(source.name);
    if (later === 0 && links !== undefined)
      counted.readoutOps += spreadCounts(source, links, links, n, 0).effective;
  }
  return counted;
}

/** Σ over images of what the simulation summed up over elements. */
function addSums(sums: Float64Array, n: number, snapshots: number, snapshot: number) {
  const total = [0, 0, 0];
  for (let image = 0; image < n; image++) {
    const from = (image * snapshots + snapshot) * total.length;
    for (const [at, sum] of total.entries()) total[at] = sum + (sums[from + at] as number);
  }
  const [spikes = 0, structural = 0, effective = 0] = total;
  return { spikes, structural, effective };
}

/**
 * Σ over images and elements of Σ|s|, and of Σ|s| × each of two fan-outs, in one pass.
 *
 * @param later snapshots behind the one that is summed
 */
function spreadCounts(
  { counts, magnitudes, shape }: LayerCounts,
  all: Float64Array,
  kept: Float64Array,
  n: number,
  later: number,
) {
  const size = countElements(shape);
  const sent = magnitudes ?? counts;
  let [spikes, structural, effective] = [0, 0, 0];
  for (let image = 0; image < n; image++) {
    const from = (image + 1) * (counts.length / n) - (later + 1) * size;
    for (let at = 0; at < size; at++) {
      // No branch for counts of 0: it would be guessed wrongly every other time.
      const count = sent[from + at] as number;
      spikes += count;
      structural += count * (all[at] as number);
      effective += count * (kept[at] as number);
    }
  }
  return { spikes, structural, effective };
}
