/**
 * The bytes of `.snn.safetensors` to a spiking network, checked in full.
 *
 * Knows: the file's layout, the table of node rules (through `Graph`). May not know: simulators, which
 * check the canonical form's synapse paths when they prepare.
 */
import { type Problem, RespikeError, refuseInput } from "../../core/respike-error.js";
import type { Tensor } from "../../core/tensor.js";
import { Graph } from "../../graph/graph.js";
import type { GraphNode, Op } from "../../graph/node-types.js";
import type { Snn, SnnLayer } from "../../graph/snn.js";
import { isLegacyCheckpoint } from "../pytorch/read-legacy-checkpoint.js";
import { isZip } from "../pytorch/read-zip-checkpoint.js";
import { fileProblem, quote, readNamedFile, refuseFile } from "../refuse-file.js";
import { isSafetensors, parseSafetensors } from "../safetensors/parse-safetensors.js";
import { parseStrictJson } from "../safetensors/parse-strict-json.js";
import { checkLayers } from "./check-layers.js";
import { type StoredNode, type StoredSnn, snnSchema, snnSchemaName } from "./snn-schema.js";

const spikingOps: readonly Op[] = [
  "input",
  "conv",
  "linear",
  "pool",
  "add",
  "concat",
  "pad",
  "slice",
  "affine",
  "flatten",
  "neuron",
  "output",
];
const networkOps: readonly Op[] = [
  ...spikingOps.filter((op) => op !== "neuron" && op !== "output"),
  "batch-norm",
  "relu",
  "shortcut",
];

/** Whether the bytes are a safetensors file that says it is a saved spiking network; never throws. */
export function isSnn(bytes: Uint8Array): boolean {
  try {
    return isSafetensors(bytes) && /"schema"\s*:\s*"respike\.snn\//.test(readRespikeText(bytes) ?? "");
  } catch {
    return false;
  }
}

function readRespikeText(bytes: Uint8Array): string | undefined {
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  const header = parseStrictJson(new TextDecoder().decode(bytes.subarray(8, 8 + size)), "header");
  const metadata = header instanceof Map ? header.get("__metadata__") : undefined;
  const text = metadata instanceof Map ? metadata.get("respike") : undefined;
  return typeof text === "string" ? text : undefined;
}

/**
 * @param bytes the whole file; read only, not kept
 * @param where the file's name, for messages
 * @returns a network that owns its tensors; encoding it again gives the same bytes
 * @throws RespikeError (exit 3) with every problem: of the container, the JSON, the graph, the layers
 */
export function decodeSnn(bytes: Uint8Array, where = "snn"): Snn {
  return readNamedFile(where, () => decodeFile(bytes, where), "convert again, or fetch the file again");
}

function decodeFile(bytes: Uint8Array, where: string): Snn {
  if (isZip(bytes) || isLegacyCheckpoint(bytes)) throw refuseModel(where, "a PyTorch checkpoint");
  const { tensors, metadata, unread } = parseSafetensors(bytes, where, false);
  const stored = readStored(metadata.respike, where);
  const problems: Problem[] = [];
  const unused = new Set([...tensors.keys(), ...unread]);
  const restore = (nodes: readonly StoredNode[], ops: readonly Op[], place: string): Graph | null => {
    const before = problems.length;
    const restored = nodes.map((node) => restoreNode(node, ops, tensors, unused, place, problems));
    if (problems.length > before) return null;
    return collect(problems, () => new Graph(restored as GraphNode[]));
  };
  const graph = restore(stored.nodes, spikingOps, where);
  const network = restore(stored.network, networkOps, `${where}, network`);
  for (const name of unused) {
    problems.push(fileProblem(where, "every tensor belongs to a node", `${quote(name)} does not`));
  }
  const layers: readonly SnnLayer[] = stored.layers;
  if (graph !== null && network !== null) problems.push(...checkLayers(graph, network, stored, where));
  if (problems.length > 0 || graph === null || network === null) throw refuseInput(problems.slice(0, 100));
  const { preprocessing, options, provenance, certificate } = stored;
  return {
    graph,
    network,
    layers,
    preprocessing,
    options,
    provenance,
    ...(certificate === undefined ? {} : { certificate }),
  };
}

function collect<T>(problems: Problem[], make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RespikeError)) throw error;
    problems.push(...error.problems);
    return null;
  }
}

/** For files that hold no spiking network; a damaged one is told by what is broken in it. */
function refuseModel(where: string, value: string): RespikeError {
  const next = "convert a model first: respike convert MODEL -o FILE.snn.safetensors";
  return refuseFile(where, "a saved spiking network is wanted here", value, next);
}

function readStored(text: string | undefined, where: string): StoredSnn {
  if (text === undefined) throw refuseModel(where, "safetensors without metadata 'respike'");
  const json = toPlainJson(parseStrictJson(text, `${where}, metadata 'respike'`));
  const schema = (json as { schema?: unknown } | null)?.schema;
  if (schema === undefined) throw refuseModel(where, "weights of a network that is not converted");
  if (schema !== snnSchemaName) {
    const value = typeof schema === "string" ? quote(schema) : "no text";
    throw refuseFile(where, `its schema is ${snnSchemaName}`, value, "read it with a newer version");
  }
  const parsed = snnSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw refuseInput(
    parsed.error.issues
      .slice(0, 100)
      .map(({ path, message }) =>
        fileProblem(
          `${where}, metadata 'respike'`,
          "it has the fields of docs/snn-format.md",
          `${path.join(".")}: ${message}`,
        ),
      ),
  );
}

/** Maps to objects without a prototype's names: `__proto__` becomes an own key. */
function toPlainJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlainJson);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries(
    [...(value as Map<string, unknown>)].map(([key, item]) => [key, toPlainJson(item)]),
  );
}

function restoreNode(
  { id, op, inputs, attributes, tensors: keys }: StoredNode,
  ops: readonly Op[],
  tensors: ReadonlyMap<string, Tensor>,
  unused: Set<string>,
  where: string,
  problems: Problem[],
): GraphNode | null {
  const place = `${where}, node ${quote(id)}`;
  if (!(ops as readonly string[]).includes(op)) {
    problems.push(
      fileProblem(place, `its op is one of ${ops.join(", ")}`, quote(op), "read it with a newer version"),
    );
    return null;
  }
  const own: [string, Tensor][] = [];
  for (const [name, key] of Object.entries(keys)) {
    const tensor = tensors.get(key);
    unused.delete(key);
    if (tensor === undefined)
      problems.push(fileProblem(place, "its tensors are in the file", `no ${quote(key)}`));
    else own.push([name, tensor]);
  }
  return { id, op, inputs, attributes, tensors: Object.fromEntries(own) } as unknown as GraphNode;
}
