/**
 * Runs passes one after the other and measures each on the same images.
 *
 * Knows: passes, probes. May not know: which passes there are.
 */
import type { Graph } from "../graph/graph.js";
import type { GraphNode } from "../graph/node-types.js";
import { checkOutputs, comparePass, type ProbedOutputs } from "./measure-difference.js";
import type { Pass, PassContext, PassReport } from "./pass.js";

export class PassRunner {
  readonly reports: PassReport[] = [];
  #outputs: Float32Array | null = null;

  constructor(
    readonly probed: ProbedOutputs,
    /** Told how many passes are measured. */
    readonly progress: (done: number) => void,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** The graph after all passes; a pass that returns the same nodes is reported with difference 0. */
  async run(graph: Graph, passes: readonly Pass[], context: PassContext): Promise<Graph> {
    let current = graph;
    for (const pass of passes) {
      const after = pass.run(current, context);
      await this.measure(pass.name, pass.preserves(context.options), current, after);
      current = after;
    }
    return current;
  }

  /** @throws RespikeError (exit 4) where the function must stay and does not */
  async measure(
    name: string,
    preserves: PassReport["preserves"],
    before: Graph,
    after: Graph,
  ): Promise<void> {
    this.signal?.throwIfAborted();
    this.progress(this.reports.length);
    this.#outputs ??= checkOutputs(await this.probed.probe(before));
    const outputs = isSame(before, after) ? this.#outputs : await this.probed.probe(after);
    this.reports.push(comparePass(name, preserves, this.#outputs, outputs, this.probed.images));
    this.#outputs = outputs;
    this.progress(this.reports.length);
  }
}

/** Whether the nodes are the same, one by one, with the very same tensors. */
function isSame(before: Graph, after: Graph): boolean {
  if (before === after) return true;
  return (
    before.nodes.length === after.nodes.length &&
    before.nodes.every((node, at) => {
      const other = after.nodes[at] as GraphNode;
      return (
        node.id === other.id &&
        node.op === other.op &&
        node.attributes === other.attributes &&
        node.tensors === other.tensors &&
        node.inputs.join("\n") === other.inputs.join("\n")
      );
    })
  );
}
