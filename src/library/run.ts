/**
 * One image through a spiking network, step by step, recorded where asked.
 *
 * Knows: inputs, backends, records. May not know: the terminal.
 */

import { predictClass } from "../core/predict-class.js";
import { refuseUsage, type Warning } from "../core/respike-error.js";
import { encodeNpz, type NpyData } from "../datasets/npy.js";
import { countNeurons } from "../evaluation/count-operations.js";
import { defaultTimes } from "../evaluation/evaluation-plan.js";
import { resolveRunOptions } from "../evaluation/resolve-run-options.js";
import { simulateRequest } from "../evaluation/simulate-request.js";
import { warnOfOtherDelay, warnOfOtherSteps } from "../graph/made-for-steps.js";
import { isOp, type Readout } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import { nameAlphabets } from "../graph/spike-sources.js";
import { makeWorkerRunner } from "../node/worker-runner.js";
import { refuseExisting, writeWholeFile } from "../node/write-whole-file.js";
import type { SimulationRecord, SimulationResult } from "../simulator/backend.js";
import { nameSource, type Source } from "./read-source.js";
import { type RunInputOptions, readRunInput } from "./run-input.js";

export type RecordedKind = "spikes" | "potentials" | "currents";

export interface RunCallOptions extends RunInputOptions {
  readonly T?: number | undefined;
  readonly readout?: Readout | undefined;
  readonly delay?: number | undefined;
  readonly backend?: "wasm" | "reference" | undefined;
  readonly record?: readonly RecordedKind[] | undefined;
  /** Which layers to record: names with `*` for anything; all by default. */
  readonly layers?: string | undefined;
  /** Where the record goes: an .npz. */
  readonly o?: string | undefined;
}

/** The result of `run`. */
export interface RunResult {
  readonly prediction: number;
  /** Name of the predicted class, where the input's data set has names. */
  readonly name?: string;
  /** The image's own label, where the input has one. */
  readonly label?: number;
  readonly at: readonly { readonly t: number; readonly prediction: number }[];
  /** Spike alphabets of the layers: `binary`, `burst:4`; several joined by `+`. */
  readonly alphabet: string;
  /** Layer → Σ|s| of all its neurons together. */
  readonly spikes: Readonly<Record<string, number>>;
  readonly record?: { readonly path: string; readonly layers: readonly string[] };
}

export interface RunOutcome {
  readonly result: RunResult;
  readonly warnings: readonly Warning[];
}

/**
 * Runs one image for T steps.
 *
 * @param input a picture, an .npy, or `DATA:split:index`
 * @throws RespikeError exit 2 for options, exit 3 for an input that does not fit
 * @example
 * ```ts
 * import { loadSnn, run } from "respike";
 *
 * const snn = await loadSnn("mnist.snn.safetensors");
 * const { result } = await run(snn, "mnist:test:1", { T: 64 });
 * console.log(result.prediction, result.label); // 2 2
 * ```
 */
export async function run(snn: Snn, input: Source, options: RunCallOptions = {}): Promise<RunOutcome> {
  const record = planRecord(snn, options);
  const { T: steps, readout, delay } = resolveRunOptions(snn, options);
  const observed = chooseTimes(snn, steps);
  if (options.o !== undefined && options.force !== true) await refuseExisting(options.o);
  const { shape } = snn.graph.input.attributes;
  const read = await readRunInput(input, shape, snn.preprocessing, options);
  const request = { images: read.image, n: 1, steps, snapshots: observed, readout, delay, record };
  const backend = options.backend ?? "wasm";
  const simulated = await simulateRequest(snn, backend, request, makeWorkerRunner(1), options.signal);
  const alphabet = nameAlphabets(snn.graph);
  const recorded = simulated.records?.[0];
  if (options.o !== undefined && recorded !== undefined) await saveRecord(options.o, recorded, options.force);
  return {
    result: describe(
      simulated,
      alphabet,
      observed,
      read,
      options.o === undefined ? undefined : { path: options.o, layers: record?.layers ?? [] },
    ),
    warnings: [
      ...[warnOfOtherSteps(snn, steps), warnOfOtherDelay(snn, delay)].filter((warning) => warning !== null),
      ...read.notes.map((message) => ({ code: "image", where: nameSource(input), message })),
    ],
  };
}

/** Counts are kept at every observed time: at most this many in all (256 MiB). */
const mostCounts = 2 ** 26;

/** Every step where the counts fit into memory, else those that evaluate looks at. */
function chooseTimes(snn: Snn, steps: number): readonly number[] {
  const neurons = countNeurons(snn.graph);
  if (steps * neurons <= mostCounts) return Array.from({ length: steps }, (_, index) => index + 1);
  return [...defaultTimes.filter((t) => t < steps), steps];
}

function planRecord(snn: Snn, { record, layers, o }: RunCallOptions) {
  if (record === undefined || record.length === 0) {
    if (layers === undefined && o === undefined) return undefined;
    throw usage("--record", "--layers and -o belong to a record", "no --record", "add --record spikes");
  }
  if (o === undefined) throw usage("-o", "a record goes to a file", "missing", "add -o record.npz");
  const names = snn.graph.nodes.filter((node) => isOp(node, "neuron")).map((node) => node.id);
  const pattern = layers === undefined ? /^/ : globPattern(layers);
  const chosen = names.filter((name) => pattern.test(name));
  if (chosen.length === 0) {
    throw usage("--layers", `matches one of ${names.join(", ")}`, `'${layers}'`, "choose another pattern");
  }
  return {
    layers: chosen,
    spikes: record.includes("spikes"),
    potentials: record.includes("potentials"),
    currents: record.includes("currents"),
  };
}

/** `layer1.*` as a pattern; commas separate alternatives. */
function globPattern(glob: string): RegExp {
  const alternatives = glob.split(",").map((part) =>
    part
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", "."),
  );
  return new RegExp(`^(${alternatives.join("|")})$`);
}

async function saveRecord(path: string, record: SimulationRecord, force = false): Promise<void> {
  const arrays: Record<string, { shape: readonly number[]; data: NpyData }> = {};
  const steps = record.layers.size === 0 ? 0 : stepsOf(record);
  for (const [name, layer] of record.layers) {
    for (const kind of ["spikes", "potentials", "currents"] as const) {
      const data = layer[kind];
      if (data !== undefined) arrays[`${name}/${kind}`] = { shape: [steps, ...layer.shape], data };
    }
  }
  arrays.output = { shape: [steps, record.output.length / steps], data: record.output };
  await writeWholeFile(path, encodeNpz(arrays), { force });
}

function stepsOf(record: SimulationRecord): number {
  for (const { shape, spikes, potentials, currents } of record.layers.values()) {
    const data = spikes ?? potentials ?? currents;
    if (data !== undefined) return data.length / (shape[0] * shape[1] * shape[2]);
  }
  return 0;
}

function describe(
  { outputs, layers }: SimulationResult,
  alphabet: string,
  observed: readonly number[],
  { label, classNames }: { label?: number; classNames?: readonly string[] },
  record: RunResult["record"],
): RunResult {
  const classes = outputs.length / observed.length;
  const at = observed.map((t, index) => ({
    t,
    prediction: predictClass(outputs.subarray(index * classes, (index + 1) * classes)),
  }));
  const prediction = at.at(-1)?.prediction ?? 0;
  const name = classNames?.[prediction];
  const spikes = layers.map((layer) => {
    const size = layer.counts.length / observed.length;
    const last = (layer.magnitudes ?? layer.counts).subarray((observed.length - 1) * size);
    return [layer.name, last.reduce((sum, count) => sum + count, 0)] as const;
  });
  return {
    prediction,
    ...(name === undefined ? {} : { name }),
    ...(label === undefined ? {} : { label }),
    at,
    alphabet,
    spikes: Object.fromEntries(spikes),
    ...(record === undefined ? {} : { record }),
  };
}

function usage(where: string, rule: string, value: string, next: string) {
  return refuseUsage({ code: "usage", where, rule, value, next });
}
