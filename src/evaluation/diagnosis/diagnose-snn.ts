/**
 * Diagnoses a spiking network: where its error arises, what the outputs feel of it, what to do.
 *
 * Knows: the order of the work. May not know: files, threads, the terminal.
 */
import type { LongCallOptions } from "../../core/progress.js";
import type { TaskRunner } from "../../core/task-runner.js";
import type { Snn } from "../../graph/snn.js";
import { isGate, nameAlphabets } from "../../graph/spike-sources.js";
import { planSnn } from "../../simulator/plan/plan-snn.js";
import type { Certificate } from "./certificate.js";
import {
  certifyRun,
  type ObservedRun,
  observedTimes,
  observeRun,
  readObserved,
  readOutputCode,
  takeTime,
} from "./certify-snn.js";
import { type Conclusion, conclude } from "./conclude.js";
import { type DiagnosedLayer, listDiagnosed } from "./diagnosed-layers.js";
import { type ErrorPart, errorParts, sumsOfImage } from "./error-parts.js";
import type { Observed } from "./observe-images.js";
import { rmsDifference } from "./output-error.js";
import {
  type Finding,
  type LayerError,
  localError,
  rankFindings,
  rankWithinCause,
  withoutName,
} from "./rank-findings.js";
import { type ReadSteps, readSteps } from "./read-steps.js";
import { boundRounding } from "./rounding-bound.js";
import { type LayerEffect, measureEffects } from "./what-if.js";

/** The result of `diagnose`. */
export interface Diagnosis {
  readonly T: number;
  /** d: layers are judged by the steps d+1…T, those that the readout reads. */
  readonly delay: number;
  readonly alphabet: string;
  readonly images: Certificate["images"];
  readonly layers: readonly (Omit<LayerError, "lo" | "reset" | "refines" | "silentChannels"> & {
    readonly effect: Omit<LayerEffect, "layer"> | null;
  })[];
  /** Most important first: defects, then what the outputs feel most. */
  readonly findings: readonly Finding[];
  /** What they come to; null where no layer was made free of its errors and none is defective. */
  readonly conclusion: Conclusion | null;
  /** Layers by the size of each of their own errors, the largest first. */
  readonly byCause: Readonly<Record<Exclude<ErrorPart, "propagated">, readonly string[]>>;
  /** RMS of (spiking − network's outputs) in the outputs' units, at T. */
  readonly outputError: number;
  /** Images that the effects were measured on; 0 without. */
  readonly whatIfImages: number;
  readonly certificate: Certificate;
}

export interface DiagnoseOptions extends LongCallOptions {
  /** Layers whose effect on the outputs is measured. */
  readonly whatIf: number | "all";
  readonly passes?: Certificate["passes"] | undefined;
}

const mostWhatIfImages = 16;

/**
 * 1. errors of all layers; 2. the certificate; 3. effects of the layers that matter most; 4. findings.
 */
export async function diagnoseSnn(
  run: ObservedRun,
  runner: TaskRunner,
  options: DiagnoseOptions,
): Promise<Diagnosis> {
  const { signal, onProgress } = options;
  const call = { signal, onProgress };
  const { snn } = run;
  const observed = await observeRun(run, runner, { ...call, phase: "layers' errors", layers: true });
  const layers = listErrors(run, observed);
  const certificate = await certifyRun(run, runner, call, observed);
  const chosen = chooseLayers(snn, layers, options.whatIf);
  const whatIfImages = chosen.length === 0 ? 0 : Math.min(mostWhatIfImages, observed.n);
  const effects = whatIfImages === 0 ? [] : await runWhatIf(run, chosen, whatIfImages, runner, call);
  const final = compareFinal(run, observed);
  const outputError = rmsDifference(final.logits, final.outputs);
  const converted = { options: snn.options, steps: run.steps };
  const rank = (cause: ErrorPart) => rankWithinCause(layers, cause);
  return {
    T: run.steps,
    delay: readStepsOf(run).left,
    alphabet: nameAlphabets(snn.graph),
    images: certificate.images,
    layers: layers.map(({ lo: _, reset: __, refines: ___, silentChannels: ____, ...layer }) => {
      const effect = effects.find((each) => each.layer === layer.name);
      return { ...layer, effect: effect === undefined ? null : withoutName(effect) };
    }),
    findings: rankFindings(layers, effects, converted),
    conclusion: conclude(layers, effects, converted, outputError),
    byCause: {
      unevenness: rank("unevenness"),
      quantisation: rank("quantisation"),
      clipping: rank("clipping"),
      wiring: rank("wiring"),
    },
    outputError,
    whatIfImages,
    certificate: { ...certificate, passes: options.passes ?? null },
  };
}

const readStepsOf = ({ steps, readout, delay }: ObservedRun): ReadSteps => readSteps(steps, readout, delay);

/** The network's outputs and the spiking network's at T, in the same units. */
function compareFinal(run: ObservedRun, observed: Observed) {
  const { scaleOf, least } = readOutputCode(run);
  const scale = scaleOf(run.steps);
  const times = observedTimes(run.steps).length;
  return {
    logits: observed.logits.map((value) => Math.max(value, least)),
    outputs: takeTime(observed, times - 1, times).map((value) => value * scale),
    scale,
  };
}

async function runWhatIf(
  run: ObservedRun,
  layers: readonly string[],
  n: number,
  runner: TaskRunner,
  call: LongCallOptions,
): Promise<readonly LayerEffect[]> {
  const seen = await observeRun(run, runner, {
    ...call,
    phase: "rates without errors",
    layers: true,
    rates: layers,
    n,
  });
  const { snn, steps, readout, delay, backend, wasmUrl } = run;
  const input = {
    snn,
    images: readObserved({ ...run, indices: run.indices.subarray(0, n) }, false),
    ...compareFinal(run, seen),
    rates: seen.rates,
    steps,
    readout,
    delay,
  };
  return measureEffects(input, runner, { ...call, backend, wasmUrl });
}

/** Sums of all images, in their order, to mean squares over that of the activation. */
function listErrors(run: ObservedRun, { n, sums }: Observed): readonly LayerError[] {
  const { snn } = run;
  const layers = listDiagnosed(snn, planSnn(snn.graph), readStepsOf(run));
  const totals = layers.map((_, which) => {
    const total = new Float64Array(sumsOfImage);
    for (let image = 0; image < n; image++) {
      const from = (image * layers.length + which) * sumsOfImage;
      for (let k = 0; k < sumsOfImage; k++) total[k] = (total[k] as number) + (sums[from + k] as number);
    }
    return total;
  });
  const rateSquares = new Map([[snn.graph.input.id, meanSquareOf(readObserved(run, false))]]);
  return layers.map((layer, which) => {
    const total = totals[which] as Float64Array;
    const size = total[0] as number;
    const meanSquare = size / (n * layer.neurons);
    const over = (value: number) => (size > 0 ? value / size : value);
    const source = (id: string) => rateSquares.get(sourceLayer(snn, id)) ?? 1;
    const roundingBound = boundRounding(layer, source, meanSquare);
    const mean = layer.lambda.reduce((sum, value) => sum + value, 0) / layer.lambda.length;
    rateSquares.set(layer.stage.id, meanSquare / mean ** 2);
    const parts = Object.fromEntries(
      errorParts.map((part, k) => [part, over(total[k + 1] as number)]),
    ) as Record<ErrorPart, number>;
    return {
      name: layer.name,
      neurons: layer.neurons,
      parts,
      total: over(total[sumsOfImage - 1] as number),
      roundingBound,
      isDefect: parts.wiring > roundingBound,
      ...describeStage(layer),
    };
  });
}

function meanSquareOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0) / values.length;
}

function describeStage({ stage, silent }: DiagnosedLayer) {
  const silentChannels = silent.reduce((sum, is) => sum + is, 0);
  return { lo: stage.lo, reset: stage.reset, refines: stage.refine !== null, silentChannels };
}

/** The layer before any gates. */
function sourceLayer({ graph }: Snn, id: string): string {
  let node = graph.node(id);
  while (isGate(graph, node)) node = graph.node(node.inputs[0] as string);
  return node.id;
}

/**
 * Half of them among layers that more than one path reads (blocks: a small error of theirs reaches far), half among
 * the others, those of the largest own error; defects always.
 */
function chooseLayers(
  { graph }: Snn,
  layers: readonly LayerError[],
  whatIf: number | "all",
): readonly string[] {
  const names = layers.map(({ name }) => name);
  if (whatIf === "all" || whatIf >= names.length) return names;
  if (whatIf === 0) return [];
  const sorted = [...layers].sort((a, b) => localError(b) - localError(a)).map(({ name }) => name);
  const isBlock = (name: string) => graph.consumers(name).length > 1;
  const blocks = sorted.filter(isBlock).slice(0, Math.ceil(whatIf / 2));
  const rest = sorted.filter((name) => !blocks.includes(name)).slice(0, whatIf - blocks.length);
  const defects = layers.filter(({ isDefect }) => isDefect).map(({ name }) => name);
  const chosen = new Set([...blocks, ...rest, ...defects.slice(0, whatIf)]);
  return names.filter((name) => chosen.has(name));
}
