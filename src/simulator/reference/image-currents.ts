/**
 * The constant current that an image puts on every target, computed once an image.
 *
 * Knows: fixed-point pixels, rounding once. May not know: spikes, steps.
 */
import type { Graph } from "../../graph/graph.js";
import type { NumberFormat } from "../../graph/node-types.js";
import { fixPixel, roundCurrent } from "../image-input.js";
import type { SnnPlan } from "../plan/snn-plan.js";
import { type NodeValues, spreadValues } from "./spread-values.js";
import { exactly } from "./step-neuron.js";

/**
 * Target's tip node → its image current, [C,H,W] (before a `--maxpool before` pool). The network is affine between
 * neurons, so what the image adds is the value of the path with all spikes zero: Σ w·x̂ summed in float64 and rounded once to
 * float32 for float32 layers, ⌊(Σ w·p + 2¹⁵)/2¹⁶⌋ with pixels p in fixed point for integer layers.
 *
 * @param tips node id of each target's path → number format of the target
 */
export function imageCurrents(
  graph: Graph,
  plan: SnnPlan,
  image: Float32Array,
  tips: ReadonlyMap<string, NumberFormat>,
): NodeValues {
  const currents: NodeValues = new Map();
  for (const isFloat of [true, false]) {
    const wanted = [...tips].filter(([, format]) => (format === "float32") === isFloat).map(([id]) => id);
    if (wanted.length === 0) continue;
    const pixels = Float64Array.from(image, isFloat ? (x) => x : fixPixel);
    const values = spreadImage(graph, plan, pixels);
    for (const id of wanted) {
      const value = values.get(id) as Float64Array;
      currents.set(id, value.map(isFloat ? Math.fround : roundCurrent));
    }
  }
  return currents;
}

/** Values of all nodes between sources and targets where only the image is not zero. */
function spreadImage(graph: Graph, plan: SnnPlan, pixels: Float64Array): NodeValues {
  const values: NodeValues = new Map();
  const silent = new Set(plan.stages.map((stage) => stage.id));
  for (const node of graph.nodes) {
    const shape = graph.shape(node.id);
    if (node.id === plan.image) values.set(node.id, pixels);
    else if (silent.has(node.id) || node.op === "pool") {
      values.set(node.id, new Float64Array(shape[0] * shape[1] * shape[2]));
    } else values.set(node.id, spreadValues(graph, node, values, exactly));
  }
  return values;
}
