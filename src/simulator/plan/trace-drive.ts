/**
 * From a target back to its sources: the synapse groups that drive a neuron layer or the output.
 *
 * Knows: the canonical form of graph/snn.ts. May not know: values, kernels.
 */
import { type Problem, refuseInput } from "../../core/respike-error.js";
import type { Graph } from "../../graph/graph.js";
import { nodeProblem } from "../../graph/node-rules.js";
import type { GraphNode, Shape } from "../../graph/node-types.js";
import { isGate, isSource } from "../../graph/spike-sources.js";
import { composeMaps, isRouting, routeOperand } from "./route-elements.js";
import type { Drive, SynapseGroup, WeightedNode } from "./snn-plan.js";

/** Part of a value that comes unweighted from one source. */
interface RoutedPart {
  readonly source: string;
  readonly map: Int32Array;
}
/** A routed value: `looseShape` keeps height and width through flatten. */
interface RoutedValue {
  readonly looseShape: Shape;
  readonly parts: readonly RoutedPart[];
}

/** The way back from one target: `left` nodes may still be met, one again for each path that leads over it. */
interface Trace {
  readonly graph: Graph;
  readonly target: GraphNode;
  left: number;
}

/** A target's paths double with each sum or concatenation of a value with itself: what a small file may ask for ends here. */
const mostNodesOnPaths = 500;

const countOf = (shape: Shape) => shape[0] * shape[1] * shape[2];
const identityMap = (shape: Shape) => new Int32Array(countOf(shape)).map((_, index) => index);

export function isWeighted(node: GraphNode): node is WeightedNode {
  return node.op === "conv" || node.op === "linear" || node.op === "affine";
}

/** @throws RespikeError (exit 3) where the path to `target` is not canonical */
export function traceDrive(graph: Graph, target: GraphNode): Drive {
  let tip = graph.node(target.inputs[0] as string);
  const poolBefore = tip.op === "pool" && tip.attributes.kind === "max" && !isGate(graph, tip) ? tip : null;
  if (poolBefore !== null) tip = graph.node(poolBefore.inputs[0] as string);
  return {
    groups: traceWeighted({ graph, target, left: mostNodesOnPaths }, tip, false),
    currentShape: graph.shape(tip.id),
    poolBefore: poolBefore?.attributes ?? null,
  };
}

function countNode(trace: Trace, node: GraphNode): void {
  if (trace.left-- > 0) return;
  const rule = `at most ${mostNodesOnPaths} nodes stand on the paths to a target, counted for each path`;
  throw refuseInput(canonicalProblem(node, trace.target, rule));
}

/** The groups whose sum is the value of `node`, its elements being the targets; `summed` where a sum stands behind it. */
function traceWeighted(trace: Trace, node: GraphNode, summed: boolean): readonly SynapseGroup[] {
  countNode(trace, node);
  const { graph, target } = trace;
  const shape = graph.shape(node.id);
  if (node.op === "add" && !summed) {
    return node.inputs.flatMap((id) => traceWeighted(trace, graph.node(id), true));
  }
  if (isRouting(node)) {
    const shapes = node.inputs.map((id) => graph.shape(id));
    return node.inputs.flatMap((id, which) => {
      const groups = traceWeighted(trace, graph.node(id), summed);
      const map = routeOperand(node, which, shapes, shape);
      return groups.map((group) => ({
        ...group,
        targetShape: shape,
        targetMap: composeMaps(map, group.targetMap),
      }));
    });
  }
  if (isWeighted(node)) return groupsOf(trace, node);
  throw refuseInput(canonicalProblem(node, target));
}

function groupsOf(trace: Trace, node: WeightedNode): readonly SynapseGroup[] {
  const { graph } = trace;
  const routed = traceRouting(trace, graph.node(node.inputs[0] as string));
  const outputShape = graph.shape(node.id);
  return routed.parts.map(({ source, map }) => ({
    source,
    sourceShape: graph.shape(source),
    node,
    inputShape: node.op === "linear" ? routed.looseShape : graph.shape(node.inputs[0] as string),
    outputShape,
    targetShape: outputShape,
    inputMap: map,
    targetMap: identityMap(outputShape),
  }));
}

function traceRouting(trace: Trace, node: GraphNode): RoutedValue {
  countNode(trace, node);
  const { graph, target } = trace;
  const shape = graph.shape(node.id);
  if (isSource(graph, node))
    return { looseShape: shape, parts: [{ source: node.id, map: identityMap(shape) }] };
  if (!isRouting(node)) throw refuseInput(canonicalProblem(node, target));
  const shapes = node.inputs.map((id) => graph.shape(id));
  const operands = node.inputs.map((id) => traceRouting(trace, graph.node(id)));
  const parts = operands.flatMap((operand, which) => {
    const map = routeOperand(node, which, shapes, shape);
    return operand.parts.map((part) => ({ source: part.source, map: composeMaps(map, part.map) }));
  });
  const [first] = operands;
  return { looseShape: node.op === "flatten" && first ? first.looseShape : shape, parts };
}

const canonicalRule =
  "between a source and its target stand routing, one weighted node, routing, at most one sum, a max pool";

function canonicalProblem(node: GraphNode, target: GraphNode, rule = canonicalRule): Problem {
  return {
    ...nodeProblem(node, rule, `stands on the way to ${target.id}`, "convert the model again"),
    code: "snn-not-canonical",
  };
}
