/**
 * How one layer's constant currents and initial potentials are found: what is tried in which order, and what is kept.
 *
 * Knows: misfits, T, the steps that are fitted to. May not know: simulators, layers before and after, images.
 *
 * Where all steps are read, either is kept only where the layer's squared error falls. Where the first d are left out,
 * potentials make the estimates of all steps right in the mean, so that little of the start is left to make up for when
 * the reading begins, and currents then those of the steps that are read (of all, where fewer than three are). Both are kept whatever the squared error does: of
 * single neurons it is mostly chance of a few steps, and averages out in the layers behind, where a mean adds up.
 */
import type { Graph } from "../../graph/graph.js";
import type { SpikeTrain } from "../simulation.js";
import { averageChannels, type LayerMisfit, type LayerUnits } from "./adjustment.js";
import { shiftCurrents, shiftPotentials } from "./shift-layer.js";

/** A graph and what its simulation said of the layer. */
export interface Candidate {
  readonly graph: Graph;
  /** Of the estimates by all T steps. */
  readonly whole: LayerMisfit;
  /** Of those by the steps that are fitted to: the ones that are read, all where those are too few. */
  readonly read: LayerMisfit;
  readonly sent: SpikeTrain;
}

/** A layer that is to be fitted. */
export interface LayerFit {
  readonly layer: string;
  /** Of the estimates by all T steps. */
  readonly units: LayerUnits;
  /** The misfit's shifts, 0 in channels that must never fire. */
  readonly silence: (shift: Float64Array) => Float64Array;
  readonly simulate: (graph: Graph) => Promise<Candidate>;
  readonly withPotential: boolean;
  readonly scope: "channel" | "neuron";
}

export interface FittedLayer {
  readonly best: Candidate;
  /** Errors of the steps that are read. */
  readonly bias: number;
  readonly potential: number | null;
}

/** Currents, then potentials, each kept where the squared error falls. @param plain the layer as it is */
export async function fitToAllSteps(plain: Candidate, fit: LayerFit): Promise<FittedLayer> {
  const biased = await fit.simulate(shiftBias(plain, fit));
  const first = biased.read.error < plain.read.error ? biased : plain;
  const charged = fit.withPotential ? await fit.simulate(charge(first, fit)) : undefined;
  const best = charged !== undefined && charged.read.error < first.read.error ? charged : first;
  return { best, bias: biased.read.error, potential: charged?.read.error ?? null };
}

/** A current moves the mean by less than itself, for neurons that are silent stay so: once is not enough. */
const currentRounds = 2;

/** Potentials by all steps, then currents by the steps that are fitted to, all kept. */
export async function fitToLateSteps(plain: Candidate, fit: LayerFit): Promise<FittedLayer> {
  const charged = fit.withPotential ? await fit.simulate(charge(plain, fit)) : undefined;
  let best = charged ?? plain;
  for (let round = 0; round < currentRounds; round++) best = await fit.simulate(shiftBias(best, fit));
  return { best, bias: best.read.error, potential: charged?.read.error ?? null };
}

/** To each channel's current the mean of (a − y)/λ, y by the steps that are read. */
function shiftBias({ graph, read }: Candidate, { layer, silence, units }: LayerFit): Graph {
  const means = averageChannels(silence(read.shift), units.lambda.length);
  return shiftCurrents(
    graph,
    layer,
    means.map((mean) => mean * units.perActivation),
  );
}

/** V(0) + T·(a − y)/λ, so that the estimate at T is right in the mean. */
function charge({ graph, whole }: Candidate, { layer, silence, units, scope }: LayerFit): Graph {
  const potential = silence(whole.shift).map((mean) => mean / units.perCount);
  return shiftPotentials(
    graph,
    layer,
    scope === "neuron" ? potential : averageChannels(potential, units.lambda.length),
  );
}
