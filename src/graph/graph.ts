/**
 * The immutable graph: nodes in topological order, each with its output shape.
 *
 * Knows: nodes, their order and who reads whom.
 * May not know: what a node computes (node-rules.ts), files, spikes.
 *
 * A graph is never changed: `replaceNodes` and friends give a new one, verified.
 */
import type { GraphNode, Shape } from "./node-types.js";
import { verifyNodes } from "./verify-graph.js";

/**
 * Verified on construction; nodes, order and shapes never change.
 *
 * @example
 * ```ts
 * import { Graph } from "respike";
 *
 * const graph = new Graph([
 *   { id: "input", op: "input", inputs: [], attributes: { shape: [1, 8, 8] }, tensors: {} },
 *   { id: "relu", op: "relu", inputs: ["input"], attributes: { layer: "relu", max: null }, tensors: {} },
 * ]);
 * console.log(graph.output.id, graph.shape("relu")); // relu [ 1, 8, 8 ]
 * ```
 */
export class Graph {
  readonly #byId: ReadonlyMap<string, GraphNode>;
  readonly #consumers: ReadonlyMap<string, readonly GraphNode[]>;
  readonly #shapes: ReadonlyMap<string, Shape>;

  /**
   * @param nodes in topological order, with exactly one `input` and a last node that nobody reads
   * @throws RespikeError (exit 3) listing every rule broken
   */
  constructor(readonly nodes: readonly GraphNode[]) {
    this.#shapes = verifyNodes(nodes);
    this.#byId = new Map(nodes.map((node) => [node.id, node]));
    const consumers = new Map<string, GraphNode[]>(nodes.map((node) => [node.id, []]));
    for (const node of nodes) {
      for (const id of new Set(node.inputs)) consumers.get(id)?.push(node);
    }
    this.#consumers = consumers;
  }

  /** The single image input. */
  get input(): Extract<GraphNode, { op: "input" }> {
    return this.nodes.find((node) => node.op === "input") as Extract<GraphNode, { op: "input" }>;
  }

  /** The node whose value is the network's answer: the last one. */
  get output(): GraphNode {
    return this.nodes[this.nodes.length - 1] as GraphNode;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** @throws RangeError for an unknown id (a defect of the caller) */
  node(id: string): GraphNode {
    const node = this.#byId.get(id);
    if (node === undefined) throw new RangeError(`graph has no node '${id}'`);
    return node;
  }

  /** Output shape [C,H,W] of a node. */
  shape(id: string): Shape {
    const shape = this.#shapes.get(id);
    if (shape === undefined) throw new RangeError(`graph has no node '${id}'`);
    return shape;
  }

  /** The nodes that read a node's value. */
  consumers(id: string): readonly GraphNode[] {
    return this.#consumers.get(id) ?? [];
  }

  /** A new graph of these nodes, verified. */
  with(nodes: readonly GraphNode[]): Graph {
    return new Graph(nodes);
  }

  /**
   * A new graph in which `rewrite` replaced each node by the nodes it returns
   * (itself to keep it, several to insert, none to delete). Where a node goes
   * away or changes its id, `renamed` says who stands for it among the inputs
   * of the others.
   */
  rewrite(
    rewrite: (node: GraphNode) => GraphNode | readonly GraphNode[],
    renamed: ReadonlyMap<string, string> = new Map(),
  ): Graph {
    const follow = (id: string): string => {
      const next = renamed.get(id);
      return next === undefined ? id : follow(next);
    };
    const nodes = this.nodes.flatMap((node) => rewrite(node));
    return new Graph(nodes.map((node) => ({ ...node, inputs: node.inputs.map(follow) }) as GraphNode));
  }
}
