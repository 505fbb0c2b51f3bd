/**
 * Every activation in units of its λ: W̃[o,i] = W[o,i]·λ_in[i]/λ_out[o], b̃[o] = b[o]/λ_out[o].
 *
 * Knows: Rueckauer et al. 2017, equations 5 and 6; units from measure-units.ts; float64, rounded once.
 * May not know: spikes. The logits keep their unit, so the network's function stays.
 *
 * Shortcuts are left to normalise-shortcuts.ts: they work in the network's own units between a
 * scale λ_in before (`….lambda-in`) and a scale 1/λ_out after (`….lambda-out`).
 */
import { refuseInput } from "../../core/respike-error.js";
import { float32Tensor } from "../../core/tensor.js";
import { Graph } from "../../graph/graph.js";
import { nodeProblem } from "../../graph/node-rules.js";
import { type GraphNode, isOp, type NodeOf } from "../../graph/node-types.js";
import { carryBackward } from "../channel-routes.js";
import { findProjections } from "../find-projections.js";
import { spreadLambdas } from "../lambda-vectors.js";
import { measureUnits, type Units } from "../measure-units.js";
import type { Pass, PassContext } from "../pass.js";
import { isWeighted, scaleWeights } from "../scale-weights.js";
import { lambdaIn, lambdaOut } from "../shortcut-names.js";

export const normaliseWeights: Pass = {
  name: "normalise-weights",
  preserves: () => "function",
  run(graph, context) {
    const units = measureUnits(graph, spreadLambdas(graph, context.scales));
    const projections = findProjections(graph);
    const inner = new Map([...projections].map((id) => [id, lambdaOut(id)] as const));
    const scaled = graph.nodes.flatMap((original): readonly GraphNode[] => {
      const inputs = original.inputs.map((id) => inner.get(id) ?? id);
      const node = { ...original, inputs } as GraphNode;
      if (isOp(node, "relu")) return [scaleLimit(node, context)];
      if (!isWeighted(node)) return [node];
      const from = original.inputs[0] as string;
      const input = units.sent(from);
      const output = units.target(node.id).map((unit) => 1 / unit);
      if (!projections.has(node.id)) return [scaleWeights(node, graph.shape(from), { input, output })];
      const before = makeScale(lambdaIn(node.id), inputs[0] as string, input ?? onesOf(graph, from));
      const between = { ...node, inputs: [before.id] } as GraphNode;
      return [before, between, makeScale(lambdaOut(node.id), node.id, output)];
    });
    return bridgeBareEdges(new Graph(scaled), graph, units);
  },
};

function onesOf(graph: Graph, id: string): Float64Array {
  return new Float64Array(graph.shape(id)[0]).fill(1);
}

/** ReLU6 and Clip(0,c): the limit in units of λ. */
function scaleLimit(node: NodeOf<"relu">, { scales }: PassContext): GraphNode {
  const { max, layer } = node.attributes;
  const [lambda = 1, ...others] = scales.get(node.id)?.lambda ?? [1];
  if (max === null) return node;
  if (others.some((each) => each !== lambda)) {
    throw refuseInput({
      ...nodeProblem(node, "a clipped ReLU has one λ", "--lambda-scope channel", "use --lambda-scope layer"),
      code: "not-convertible",
    });
  }
  return { ...node, attributes: { layer, max: max / lambda } };
}

export function makeScale(id: string, input: string, scale: Float64Array): NodeOf<"affine"> {
  const tensors = { scale: float32Tensor([scale.length], Float32Array.from(scale)) };
  return { id, op: "affine", inputs: [input], attributes: {}, tensors };
}

/** Edges from an activation into a sum or another activation, and the name of what is put there. */
function listBareEdges(graph: Graph, units: Units) {
  return graph.nodes.flatMap((node) => {
    const isTarget = isOp(node, "relu", "add") || (!isWeighted(node) && units.sent(node.id) === undefined);
    if (!isTarget) return [];
    const bare = node.inputs.flatMap((id, which) => (units.sent(id) === undefined ? [] : [which]));
    return bare.map((which) => ({
      node,
      which,
      base: bare.length === 1 ? `${node.id}.shortcut` : `${node.id}.shortcut${which}`,
    }));
  });
}

/**
 * Two scales on every edge that leads from an activation into a sum or another activation without
 * weights; before the `pad` of an option-A shortcut, so that zero channels get no synapse.
 *
 * @param graph with weights scaled; @param original the same before, which `units` belongs to
 */
function bridgeBareEdges(graph: Graph, original: Graph, units: Units): Graph {
  const bridges = new Map<string, GraphNode[]>();
  const inputsOf = new Map<string, string[]>();
  const bridge = (reader: GraphNode, which: number, base: string, wanted: Float64Array): void => {
    const from = reader.inputs[which] as string;
    const node = original.node(from);
    if (isOp(node, "pad") && original.consumers(from).length === 1) {
      bridge(node, 0, base, carryBackward(original, node, 0, wanted));
      return;
    }
    const before = makeScale(lambdaIn(base), from, units.sent(from) as Float64Array);
    const after = makeScale(
      lambdaOut(base),
      before.id,
      wanted.map((unit) => 1 / unit),
    );
    bridges.set(reader.id, [...(bridges.get(reader.id) ?? []), before, after]);
    const inputs = inputsOf.get(reader.id) ?? [...graph.node(reader.id).inputs];
    inputs[which] = after.id;
    inputsOf.set(reader.id, inputs);
  };
  for (const { node, which, base } of listBareEdges(original, units))
    bridge(node, which, base, units.wanted(node, which));
  const nodes = graph.nodes.flatMap((node): GraphNode[] => [
    ...(bridges.get(node.id) ?? []),
    { ...node, inputs: inputsOf.get(node.id) ?? node.inputs } as GraphNode,
  ]);
  const { output } = original;
  const unit = units.sent(output.id);
  if (unit !== undefined) {
    nodes.push(makeScale(`${output.id}.logits`, output.id, unit));
  }
  return new Graph(nodes);
}
