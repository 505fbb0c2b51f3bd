/**
 * A spiking network to the bytes of `.snn.safetensors` (docs/snn-format.md).
 *
 * Knows: the file's layout. May not know: how the network was made, paths, clocks.
 */
import { stableJson } from "../../core/sha256.js";
import type { Tensor } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import type { Snn } from "../../graph/snn.js";
import { encodeSafetensors } from "../safetensors/encode-safetensors.js";
import { type StoredNode, snnSchemaName } from "./snn-schema.js";

/**
 * Equal networks give equal bytes: keys are sorted, nothing tells when or where.
 *
 * @param snn read only
 * @returns a new buffer
 * @throws RangeError for a number that JSON cannot hold (a defect of the caller)
 */
export function encodeSnn(snn: Snn): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, Tensor>();
  const content = {
    schema: snnSchemaName,
    nodes: storeNodes(snn.graph, "", tensors),
    network: storeNodes(snn.network, "network/", tensors),
    layers: snn.layers.map(({ name, activation, lambda, kappa, bias }) => {
      return { name, activation, lambda, kappa, ...(bias === undefined ? {} : { bias }) };
    }),
    preprocessing: snn.preprocessing,
    options: snn.options,
    provenance: snn.provenance,
    ...(snn.certificate === undefined ? {} : { certificate: snn.certificate }),
  };
  checkNumbers(content, "snn");
  return encodeSafetensors(tensors, { respike: stableJson(content) });
}

/** Nodes without their tensors, which go to `tensors` under `<prefix><id>/<name>`. */
function storeNodes(graph: Graph, prefix: string, tensors: Map<string, Tensor>): StoredNode[] {
  return graph.nodes.map(({ id, op, inputs, attributes, tensors: own }) => {
    const keys = Object.entries(own).map(([name, tensor]) => {
      let key = `${prefix}${id}/${name}`;
      // Only a node whose id begins with `network/` can meet a name that is taken.
      while (tensors.has(key)) key += "_";
      tensors.set(key, tensor);
      return [name, key] as const;
    });
    return {
      id,
      op,
      inputs: [...inputs],
      attributes: attributes as Record<string, unknown>,
      tensors: Object.fromEntries(keys),
    };
  });
}

/** NaN and Infinity would become null in JSON, unseen. */
function checkNumbers(value: unknown, path: string): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`${path} is ${value}`);
  if (value === null || typeof value !== "object") return;
  for (const [key, item] of Object.entries(value)) checkNumbers(item, `${path}.${key}`);
}
