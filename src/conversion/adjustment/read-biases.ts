/**
 * What adjustment added to constant currents, saved with each layer so that a diagnosis knows it was meant.
 *
 * Knows: the graph before and after, numbers not rounded yet. May not know: how currents were found.
 */
import type { Graph } from "../../graph/graph.js";
import type { NodeOf } from "../../graph/node-types.js";
import type { Snn } from "../../graph/snn.js";
import { readNumbers } from "../tensor-values.js";

/** The network with `bias` in the layers whose currents changed; in units of λ a step, of a layer that refines of its value. */
export function saveBiases(snn: Snn, before: Graph, after: Graph): Snn {
  if (before === after) return snn;
  const layers = snn.layers.map((layer) => {
    const bias = readBias(before, after, layer.name);
    return bias.every((value) => value === 0) ? layer : { ...layer, bias };
  });
  return { ...snn, layers };
}

function readBias(before: Graph, after: Graph, layer: string): readonly number[] {
  const node = after.node(layer) as NodeOf<"neuron">;
  const [old, now] = [readNumbers(before.node(layer), "current"), readNumbers(node, "current")];
  const [channels] = after.shape(layer);
  const area = now.length / channels;
  const unit = node.attributes.refine?.quantum ?? 1;
  return Array.from({ length: channels }, (_, c) => {
    const at = c * area;
    return unit * ((now[at] as number) - (old[Math.floor((at * old.length) / now.length)] as number));
  });
}
