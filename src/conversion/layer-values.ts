/**
 * The network's own values of its layers on some images: for whoever goes through the layers in order and compares what each sends.
 *
 * Knows: how much is held at once. May not know: why they are wanted.
 */
import { countElements } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import type { ConversionContext } from "./conversion-context.js";
import { computeFloatValues } from "./float-values.js";
import { readTasks } from "./image-source.js";

const batch = 8;
/** Values that are held at once: 128 MiB of them. */
const mostValues = 2 ** 25;

export interface LayerValuesRequest {
  readonly network: Graph;
  readonly preprocessing: Preprocessing;
  readonly context: ConversionContext;
}

/**
 * Values of a node, [n,C,H,W], computed for as many following nodes at once as memory allows; owned by the caller until it
 * asks for the next.
 *
 * @param nodes of the network, in the order in which they will be asked for
 */
export function openLayerValues(
  request: LayerValuesRequest,
  nodes: readonly string[],
  images: Uint32Array,
): (node: string) => Promise<Float32Array> {
  let known = new Map<string, Float32Array>();
  return async (wanted) => {
    if (!known.has(wanted)) {
      const group: string[] = [];
      let values = 0;
      for (const node of nodes.slice(nodes.indexOf(wanted))) {
        values += images.length * countElements(request.network.shape(node));
        if (group.length > 0 && values > mostValues) break;
        group.push(node);
      }
      known = await readValues(request, images, group);
    }
    return known.get(wanted) as Float32Array;
  };
}

async function readValues(
  { network, preprocessing, context }: LayerValuesRequest,
  images: Uint32Array,
  keep: readonly string[],
): Promise<Map<string, Float32Array>> {
  const { runner, calibration, signal, wasmUrl } = context;
  const shared = { graph: network, preprocessing, keep, wasmUrl: wasmUrl?.href };
  const tasks = readTasks(calibration.source, images, batch, preprocessing);
  return computeFloatValues(runner, shared, tasks, images.length, batch, signal);
}
