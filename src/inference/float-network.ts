/**
 * The float value of any node of a graph, at any stage of the conversion.
 *
 * Every implementation shares: the operators' definitions (graph/node-types.ts), float32
 * values in and out, a result that does not depend on the batch an image stands in.
 * They do not share: the order of summation.
 *
 * A `neuron` gives its rate in the limit T → ∞: clip((x + current)/threshold, 0, hi);
 * an `output` gives (x + current)/scale. Integer tensors are taken as their values.
 * May not know: spikes, steps, files.
 */
import type { Graph } from "../graph/graph.js";

export interface FloatNetwork {
  readonly graph: Graph;
  /**
   * @param images preprocessed [N,C,H,W], read only
   * @param n N
   * @param keep ids of the nodes whose values are wanted
   * @param replaced id → [N,C,H,W], read only: what the node's readers get instead of its value; `keep` gives its own
   * @returns id → [N,C,H,W], each owned by the caller
   */
  run(
    images: Float32Array,
    n: number,
    keep: readonly string[],
    replaced?: ReadonlyMap<string, Float32Array>,
  ): Map<string, Float32Array>;
  /** Gives back all memory. */
  free(): void;
}

export interface FloatBackendOptions {
  readonly wasmUrl?: URL | undefined;
}

export interface FloatBackend {
  readonly name: string;
  prepare(graph: Graph, options?: FloatBackendOptions): Promise<FloatNetwork>;
}
