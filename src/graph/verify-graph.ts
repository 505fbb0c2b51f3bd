/**
 * Checks a list of nodes against the table of rules and infers all shapes.
 *
 * Knows: node-rules.ts. May not know: why the graph looks as it does.
 */
import { type Problem, refuseInput } from "../core/respike-error.js";
import { checkAttributes } from "./attribute-schemas.js";
import { nodeProblem, ruleOf } from "./node-rules.js";
import type { GraphNode, Shape } from "./node-types.js";

/**
 * Every node's output shape.
 *
 * @throws RespikeError (exit 3) with all problems: repeated or unknown ids, wrong arity,
 * missing or surplus tensors, shapes that do not fit, values that are not finite
 */
export function verifyNodes(nodes: readonly GraphNode[]): ReadonlyMap<string, Shape> {
  const problems: Problem[] = [];
  const shapes = new Map<string, Shape | null>();
  for (const node of nodes) {
    if (shapes.has(node.id)) {
      problems.push(nodeProblem(node, "ids are unique", `'${node.id}' again`, "rename one of the nodes"));
    }
    shapes.set(node.id, verifyNode(node, shapes, problems));
  }
  problems.push(...verifyEnds(nodes));
  if (problems.length > 0) throw refuseInput(problems);
  return shapes as ReadonlyMap<string, Shape>;
}

function verifyNode(
  node: GraphNode,
  shapes: ReadonlyMap<string, Shape | null>,
  problems: Problem[],
): Shape | null {
  const complain = (rule: string, value: string, next: string) => {
    problems.push(nodeProblem(node, rule, value, next));
  };
  const rule = ruleOf(node);
  if (rule === undefined) {
    complain("the node type is known", node.op, "convert the model with a newer version");
    return null;
  }
  const wrong = checkAttributes(node.op, node.attributes);
  for (const value of wrong)
    complain("attributes are of the node type's form", value, "check the model file");
  if (wrong.length > 0) return null;
  const { length } = node.inputs;
  const arityFits = typeof rule.inputs === "number" ? length === rule.inputs : length >= rule.inputs.atLeast;
  if (!arityFits) {
    complain(
      `inputs: ${typeof rule.inputs === "number" ? rule.inputs : `${rule.inputs.atLeast} or more`}`,
      String(length),
      "check the model file",
    );
  }
  for (const id of node.inputs) {
    if (!shapes.has(id)) complain("inputs stand before the node", `'${id}' does not`, "check the model file");
  }
  verifyTensors(node, complain);
  const inputs = node.inputs.map((id) => shapes.get(id) ?? null);
  if (inputs.some((shape) => shape === null)) return null;
  const shape = rule.shape(node as never, inputs as readonly Shape[], complain);
  if (shape !== null && !shape.every((size) => Number.isInteger(size) && size >= 1)) {
    complain("every axis has at least one element", `[${shape.join(",")}]`, "check the model file");
    return null;
  }
  return shape;
}

function verifyTensors(node: GraphNode, complain: (rule: string, value: string, next: string) => void): void {
  const { required, optional } = ruleOf(node);
  for (const name of required) {
    if (node.tensors[name] === undefined)
      complain(`has a tensor '${name}'`, "it is missing", "check the model file");
  }
  for (const [name, tensor] of Object.entries(node.tensors)) {
    if (!required.includes(name) && !optional.includes(name)) {
      complain(
        `has only the tensors ${[...required, ...optional].join(", ") || "(none)"}`,
        `'${name}'`,
        "remove it",
      );
    }
    if (tensor.dtype === "float32" || tensor.dtype === "float64") {
      const at = findNotFinite(tensor.data as Float32Array | Float64Array);
      if (at >= 0) {
        complain(
          `every value of '${name}' is a finite number`,
          `${tensor.data[at]} at ${at}`,
          "the network was not trained to the end or the file is damaged",
        );
      }
    }
  }
}

/** Place of the first value that is no finite number; −1 where all are. Networks are verified often: no calls in the loop. */
function findNotFinite(values: Float32Array | Float64Array): number {
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    // ∞ − ∞ and NaN − NaN are NaN
    if (value - value !== 0) return at;
  }
  return -1;
}

function verifyEnds(nodes: readonly GraphNode[]): Problem[] {
  const inputs = nodes.filter((node) => node.op === "input");
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const ends = nodes.filter((node) => !read.has(node.id));
  const problems: Problem[] = [];
  const where = "graph";
  if (inputs.length !== 1) {
    problems.push({
      code: "graph-rule",
      where,
      rule: "exactly one input",
      value: String(inputs.length),
      next: "re-export with one image input",
    });
  }
  if (ends.length !== 1 || ends[0] !== nodes[nodes.length - 1]) {
    problems.push({
      code: "graph-rule",
      where,
      rule: "exactly one node that nobody reads, the last",
      value: ends.map((node) => node.id).join(", ") || "none",
      next: "re-export with one output",
    });
  }
  return problems;
}
