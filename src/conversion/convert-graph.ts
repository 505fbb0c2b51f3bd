/**
 * From a trained ReLU network to a spiking one: the phases of the conversion, in order.
 *
 * Knows: passes, statistics, compensation, adjustment. May not know: files, data sets, threads, simulators: they
 * come in through the context.
 */
import type { Warning } from "../core/respike-error.js";
import { refuseInput } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import type { Snn, SnnLayer } from "../graph/snn.js";
import { parseAlphabet } from "../graph/spike-alphabet.js";
import { dropCeilings, readCeilings } from "../graph/trained-ceilings.js";
import type { AdjustmentReport } from "./adjustment/adjustment.js";
import { saveBiases } from "./adjustment/read-biases.js";
import { runAdjustment } from "./adjustment/run-adjustment.js";
import type { CompensationReport } from "./compensation/compensation.js";
import { type CompensationOutcome, runCompensation } from "./compensation/run-compensation.js";
import type { ConversionContext, SourceModel } from "./conversion-context.js";
import { type ConvertOptions, stepsNotFitted } from "./convert-options.js";
import { type Activation, listActivations } from "./list-activations.js";
import { makeOutputProbe } from "./measure-difference.js";
import { measureRounding, type RoundingReport } from "./measure-rounding.js";
import type { ActivationScale, PassContext, PassReport } from "./pass.js";
import { passOrder } from "./pass-order.js";
import { type ConvertedLayer, reportLayers } from "./report-layers.js";
import { PassRunner } from "./run-passes.js";
import { multiplyScales, scaleActivations, scaleOfLayer } from "./scale-activations.js";
import { requireCeilings, takeCeilings } from "./scale-to-ceilings.js";
import { findStatistics } from "./statistics/cached-statistics.js";
import { readRule } from "./statistics/threshold-rules.js";

export interface ConversionReport {
  readonly passes: readonly PassReport[];
  readonly layers: readonly ConvertedLayer[];
  readonly compensation: CompensationReport | null;
  /** What fitting constant currents and initial potentials layer by layer gained. */
  readonly adjustment: AdjustmentReport | null;
  /** What rounding to integers changed. */
  readonly rounding: RoundingReport;
  readonly options: Readonly<Record<string, unknown>>;
  readonly warnings: readonly Warning[];
}

/**
 * Converts a network.
 *
 * Same network, images and options: the same SNN to the byte, whatever the runner's threads.
 *
 * @param options complete, as `resolveConvertOptions` gives them
 * @throws RespikeError exit 3 for networks that cannot spike (every problem named), exit 4 where a pass
 * that must preserve the network's function did not, exit 2 for options that do not fit the network
 * @example
 * ```ts
 * const { snn, report } = await convertGraph(model, resolveConvertOptions({ T: 64 }), {
 *   calibration: { source, indices, judgingIndices }, runner: makeInlineRunner(conversionJobs),
 * });
 * ```
 */
export async function convertGraph(
  model: SourceModel,
  options: ConvertOptions,
  context: ConversionContext,
): Promise<{ readonly snn: Snn; readonly report: ConversionReport }> {
  const warnings: Warning[] = [];
  const warn = (warning: Warning) => warnings.push(warning);
  // 1. What pixels mean must be known before anything is measured.
  const [preprocessing, source] = [requirePreprocessing(model), dropCeilings(model.graph)];
  const passes = await preparePasses(source, preprocessing, options, context);

  // 2. The same function in a simpler form: batch norms folded, shortcuts spelled out.
  const bare: PassContext = { options, preprocessing, activations: [], scales: new Map(), warn };
  const network = await passes.run(source, passOrder.prepare, bare);

  // 3. λ of every activation that neurons will stand for.
  const activations = listActivations(network, options);
  const ceilings = options.lambda === "ceiling" ? readCeilings(model.graph) : null;
  const scales = await measureScales(network, preprocessing, activations, options, context, ceilings, warn);

  // 4. Normalise, put neurons where activations were, bring synapses into canonical form.
  const passContext: PassContext = { ...bare, activations, scales };
  const spiking = await passes.run(network, passOrder.spike, passContext);

  // 5. Layer-wise compensation, which looks at simulated spikes.
  const assemble = makeAssembly(network, passContext, context);
  const compensated = await compensate(spiking, network, passContext, context, assemble, passes);

  // 6. Constant currents and initial potentials, fitted to the spikes that layers really get.
  const adjusted = await adjust(compensated, network, passContext, context, assemble, passes);

  // 7. Integers that cannot overflow.
  const graph = await passes.run(adjusted.graph, passOrder.finish, passContext);

  // 8. The network, and what there is to say about it.
  const snn = saveBiases(assemble(graph, compensated.kappas), compensated.graph, adjusted.graph);
  const layers = reportLayers(graph, snn.layers, (layer) => scaleOfLayer(layer, activations, scales));
  const float = graph === adjusted.graph ? snn : assemble(adjusted.graph, compensated.kappas);
  const rounding = await measureRounding(float, snn, options.T, context);
  const fitted = { compensation: compensated.report, adjustment: adjusted.report };
  const said = { passes: passes.reports, layers, ...fitted, rounding, options: snn.options, warnings };
  return { snn, report: said };
}

type Assemble = (graph: Graph, kappas: ReadonlyMap<string, number>) => Snn;

/** A spiking graph and its compensation → the network with all that is saved beside it. */
function makeAssembly(
  network: Graph,
  { activations, scales, preprocessing, options }: PassContext,
  context: ConversionContext,
): Assemble {
  const savedOptions = { ...options, ...context.savedOptions };
  return (graph, kappas) => ({
    graph,
    network,
    layers: listLayers(graph, activations, scales, kappas),
    preprocessing,
    options: savedOptions,
    provenance: context.provenance ?? {},
  });
}

/** Runs passes, measuring each; tells the progress of all of them. */
async function preparePasses(
  graph: Graph,
  preprocessing: Preprocessing,
  options: ConvertOptions,
  context: ConversionContext,
): Promise<PassRunner> {
  const { prepare, spike, finish } = passOrder;
  const fits = Number(options.compensate !== "off") + Number(options.adjust !== "off");
  const total = prepare.length + spike.length + finish.length + fits;
  const probed = await makeOutputProbe(graph, preprocessing, context);
  const progress = (done: number) =>
    context.onProgress?.({ phase: "measure passes", done, total, unit: "passes" });
  return new PassRunner(probed, progress, context.signal);
}

/** Compensation as the options have it, judged on networks as they will be saved, integers included. */
async function compensate(
  spiking: Graph,
  network: Graph,
  passContext: PassContext,
  context: ConversionContext,
  assemble: Assemble,
  passes: PassRunner,
) {
  const { options } = passContext;
  const formatNumbers = makeFormatter(passContext);
  const compensated = await runCompensation({
    ...passContext,
    graph: spiking,
    network,
    context,
    deploy: (graph, kappas) => assemble(formatNumbers(graph), kappas),
  });
  if (compensated.report !== null)
    await passes.measure(`compensate-${options.compensate}`, "nothing", spiking, compensated.graph);
  return compensated;
}

/** Adjustment as the options have it, on networks as they will be saved, integers included. */
async function adjust(
  { graph, kappas }: CompensationOutcome,
  network: Graph,
  passContext: PassContext,
  context: ConversionContext,
  assemble: Assemble,
  passes: PassRunner,
) {
  const formatNumbers = makeFormatter(passContext);
  const deploy = (candidate: Graph) => assemble(formatNumbers(candidate), kappas);
  const adjusted = await runAdjustment({ ...passContext, graph, network, context, deploy });
  if (adjusted.report !== null)
    await passes.measure(`adjust-${adjusted.report.method}`, "nothing", graph, adjusted.graph);
  return adjusted;
}

/** The passes that finish a graph, without their warnings; layers that stay as they are are formatted once. */
function makeFormatter(passContext: PassContext): (graph: Graph) => Graph {
  const quiet: PassContext = { ...passContext, warn: () => 0, formatted: new Map() };
  return (graph) => passOrder.finish.reduce((current, pass) => pass.run(current, quiet), graph);
}

function requirePreprocessing({ preprocessing }: SourceModel): Preprocessing {
  if (preprocessing !== null) return preprocessing;
  throw refuseInput({
    code: "preprocessing-unknown",
    where: "--preprocess",
    rule: "how pixels become the network's input is known",
    value: "neither the file nor the command says it",
    next: "give --preprocess, or --mean, --std and --range",
  });
}

async function measureScales(
  network: Graph,
  preprocessing: Preprocessing,
  activations: readonly Activation[],
  options: ConvertOptions,
  context: ConversionContext,
  ceilings: ReadonlyMap<string, number> | null,
  warn: (warning: Warning) => void,
): Promise<ReadonlyMap<string, ActivationScale>> {
  if (ceilings !== null) requireCeilings(activations, ceilings);
  // Where ceilings say λ, the percentile is that of average pools and outputs, which have none.
  const lambda = ceilings === null ? options.lambda : "p99.9";
  // What another option would place neurons behind is counted too: one look at the images serves all of them.
  const counted = listActivations(network, { ...options, avgpool: "neuron", output: "neuron" });
  const statistics = await findStatistics(
    context.runner,
    {
      graph: network,
      preprocessing,
      ids: counted.map(({ node }) => node),
      // All logits have one λ, which keeps their order; a class that calibration never favoured may still win.
      scopes: counted.map(({ kind }) => (kind === "output" ? "layer" : options.lambdaScope)),
      rule: readRule(lambda, options.T - stepsNotFitted(options), parseAlphabet(options.spikes)?.hi ?? 1),
      wasmUrl: context.wasmUrl?.href,
      signal: context.signal,
      onProgress: context.onProgress,
    },
    context.calibration.source,
    context.calibration.indices,
    context.cache,
  );
  const decided = ceilings === null ? statistics : takeCeilings(statistics, activations, ceilings);
  return multiplyScales(scaleActivations(activations, decided, warn), options.lambdaFactor);
}

function listLayers(
  graph: Graph,
  activations: readonly Activation[],
  scales: ReadonlyMap<string, ActivationScale>,
  kappas: ReadonlyMap<string, number>,
): readonly SnnLayer[] {
  const inOrder = graph.nodes.flatMap(({ id }) => activations.filter(({ layer }) => layer === id));
  return inOrder.map(({ layer, node, relu }) => ({
    name: layer,
    activation: node,
    lambda: scales.get(relu)?.lambda ?? [1],
    kappa: kappas.get(layer) ?? 1,
  }));
}
