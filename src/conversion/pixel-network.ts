/**
 * A float network that takes pixels, as worker jobs run it.
 *
 * Knows: the float backend, preprocessing. May not know: what the values are for.
 */
import { Graph } from "../graph/graph.js";
import type { GraphNode } from "../graph/node-types.js";
import { type Preprocessing, preprocessPixels } from "../graph/preprocessing.js";
import { besideSpiking, floatBackend } from "./float-engine.js";
import type { PixelTask } from "./image-source.js";

/** What every job that runs the network shares with its workers. */
export interface PixelNetworkShared {
  readonly nodes: readonly GraphNode[];
  readonly preprocessing: Preprocessing;
  /** Where spiking.wasm lies, the float kernels beside it; if not in the package. */
  readonly wasmUrl?: string | undefined;
}

export interface PixelNetwork {
  readonly graph: Graph;
  /** Values [n,C,H,W] of the nodes `keep`, in their order. */
  run(task: PixelTask, keep: readonly string[]): readonly Float32Array[];
  free(): void;
}

export async function preparePixelNetwork(shared: PixelNetworkShared): Promise<PixelNetwork> {
  const graph = new Graph(shared.nodes);
  const network = await floatBackend.prepare(graph, besideSpiking(shared.wasmUrl));
  const [channels, height, width] = graph.input.attributes.shape;
  return {
    graph,
    run({ pixels, n }, keep) {
      const images = preprocessPixels(pixels, channels, height * width, shared.preprocessing);
      const values = network.run(images, n, keep);
      return keep.map((id) => values.get(id) as Float32Array);
    },
    free: () => network.free(),
  };
}
