/**
 * What a file holds and what would become of each node.
 *
 * Knows: models and saved SNNs, counting. May not know: images, simulation.
 */
import { hashBytes } from "../core/sha256.js";
import { countElements } from "../core/tensor.js";
import {
  countAnnMacs,
  countAnnMacsPadded,
  countNeurons,
  countStructuralFanOut,
} from "../evaluation/count-operations.js";
import type { Certificate } from "../evaluation/diagnosis/certificate.js";
import { describeSupport, type SupportStatus } from "../formats/describe-support.js";
import { decodeSnn, isSnn } from "../formats/snn/decode-snn.js";
import type { Graph } from "../graph/graph.js";
import type { Shape } from "../graph/node-types.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import type { Snn } from "../graph/snn.js";
import { nameAlphabets, nameNumberFormats } from "../graph/spike-sources.js";
import { type LoadModelOptions, loadModel, type Model } from "./load-model.js";
import { readCertificate } from "./read-certificate.js";
import { nameSource, readSource, type Source } from "./read-source.js";

export interface InspectedNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly shape: Shape;
  readonly parameters: number;
  readonly status: SupportStatus;
  readonly reason?: string;
}

/** The result of `inspect`. */
export interface Inspection {
  readonly kind: "model" | "snn";
  readonly format: string;
  readonly sha256: string;
  readonly arch: string;
  readonly evidence: readonly string[];
  readonly inputShape: Shape;
  readonly classes: number;
  readonly preprocessing: Preprocessing | null;
  readonly totals: {
    readonly parameters: number;
    readonly neurons: number;
    readonly annMacs: number;
    readonly annMacsPadded: number;
    readonly structuralFanOut: number;
  };
  readonly ignoredKeys: readonly string[];
  /** Of a saved network, as it was saved: `T`, `preset`, `lambda`, `adjust`, `readout`, `delay` and the rest of its conversion. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Of a saved network: what its neurons send in a step, `binary`, `refine:7`. */
  readonly alphabet?: string;
  /** Of a saved network: number formats of its layers, `int16+int32`. */
  readonly number?: string;
  readonly nodes: readonly InspectedNode[];
  /** What a saved network says of itself; absent where it has none. */
  readonly certificate?: Certificate;
}

/** An inspection and the graph that it describes. */
export interface InspectedFile {
  readonly inspection: Inspection;
  readonly graph: Graph;
  readonly warnings: Model["warnings"];
}

/**
 * Inspects a model file or a saved SNN; a node that cannot be converted is reported, not thrown.
 *
 * @throws RespikeError (exit 3) for a file that is neither
 * @example
 * ```ts
 * import { inspect } from "respike";
 *
 * const { inspection } = await inspect("networks/mnist-resnet8.safetensors");
 * console.log(inspection.arch, inspection.totals.neurons); // resnet8, option P 56448
 * ```
 */
export async function inspect(source: Source, options: LoadModelOptions = {}): Promise<InspectedFile> {
  const bytes = await readSource(source);
  const name = options.name ?? nameSource(source);
  if (isSnn(bytes)) {
    const snn = decodeSnn(bytes, name);
    return { inspection: inspectSnn(snn, hashBytes(bytes)), graph: snn.graph, warnings: [] };
  }
  const model = await loadModel(bytes, { ...options, name });
  return { inspection: inspectModel(model), graph: model.graph, warnings: model.warnings };
}

/** Describes a loaded model. */
export function inspectModel(model: Model): Inspection {
  const { format, sha256, arch, evidence, graph, preprocessing, ignoredKeys } = model;
  return {
    kind: "model",
    format,
    sha256,
    arch,
    evidence,
    ...describeGraph(graph, graph),
    preprocessing,
    ignoredKeys,
  };
}

function inspectSnn(snn: Snn, sha256: string): Inspection {
  const arch = snn.provenance.arch;
  const certificate = readCertificate(snn);
  return {
    kind: "snn",
    format: "respike.snn/1",
    sha256,
    arch: typeof arch === "string" ? arch : "unknown",
    evidence: [],
    ...describeGraph(snn.graph, snn.network),
    preprocessing: snn.preprocessing,
    ignoredKeys: [],
    options: snn.options,
    alphabet: nameAlphabets(snn.graph),
    number: nameNumberFormats(snn.graph),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

/** Nodes of `graph`; the network's own operations are counted on `network`. */
function describeGraph(graph: Graph, network: Graph) {
  const support = describeSupport(graph);
  const nodes = graph.nodes.map((node): InspectedNode => {
    const { status, reason } = support.get(node.id) ?? { status: "linear" as const };
    return {
      name: node.id,
      op: node.op,
      inputs: node.inputs,
      shape: graph.shape(node.id),
      parameters: countParameters(node.tensors),
      status,
      ...(reason === undefined ? {} : { reason }),
    };
  });
  return {
    inputShape: graph.input.attributes.shape,
    classes: countElements(graph.shape(graph.output.id)),
    totals: {
      parameters: nodes.reduce((sum, node) => sum + node.parameters, 0),
      neurons: countNeurons(graph),
      annMacs: countAnnMacs(network),
      annMacsPadded: countAnnMacsPadded(network),
      structuralFanOut: countStructuralFanOut(graph),
    },
    nodes,
  };
}

const trained = ["weight", "bias", "gamma", "beta", "scale", "shift"];

function countParameters(tensors: Readonly<Record<string, { shape: readonly number[] }>>): number {
  return Object.entries(tensors)
    .filter(([name]) => trained.includes(name))
    .reduce((sum, [, tensor]) => sum + countElements(tensor.shape), 0);
}
