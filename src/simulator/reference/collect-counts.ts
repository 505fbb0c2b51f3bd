/**
 * From single images' snapshots to the result of a request.
 *
 * Knows: the layout of SimulationResult. May not know: how images were simulated.
 */
import type { LayerCounts, SimulationRecord, SimulationRequest, SimulationResult } from "../backend.js";
import type { GateStage, NeuronStage, SnnPlan } from "../plan/snn-plan.js";

/** One image's results. */
export interface ImageRun {
  /** [snapshots][classes] */
  readonly outputs: Float64Array;
  /** Stage id → counts (M of gates), [snapshots][elements]. */
  readonly counts: ReadonlyMap<string, Int32Array>;
  /** Likewise Σ|s|, of stages that send negative values. */
  readonly magnitudes: ReadonlyMap<string, Int32Array>;
  /** Likewise spikes that are not 0, of stages that refine. */
  readonly events: ReadonlyMap<string, Int32Array>;
  /** Stage id → V after the last step, with `potentials`. */
  readonly potentials: ReadonlyMap<string, Float64Array>;
  readonly record?: SimulationRecord | undefined;
  /** The last step that was simulated. */
  readonly exitStep: number;
  /** [exit times][classes], 0 after the last step. */
  readonly exitOutputs: Float64Array;
}

export function collectCounts(
  plan: SnnPlan,
  request: SimulationRequest,
  runs: readonly ImageRun[],
): SimulationResult {
  const { classes } = plan.output;
  const perImage = request.snapshots.length * classes;
  const outputs = new Float64Array(request.n * perImage);
  for (const [index, run] of runs.entries()) outputs.set(run.outputs, index * perImage);
  const collect = (stage: NeuronStage | GateStage, name: string): LayerCounts => {
    const size = request.snapshots.length * stage.shape[0] * stage.shape[1] * stage.shape[2];
    const gather = (of: (run: ImageRun) => ReadonlyMap<string, Int32Array>): Int32Array => {
      if (request.counted?.includes(name) === false) return new Int32Array(0);
      const all = new Int32Array(request.n * size);
      for (const [index, run] of runs.entries()) all.set(of(run).get(stage.id) as Int32Array, index * size);
      return all;
    };
    const counts = { name, shape: stage.shape, counts: gather((run) => run.counts) };
    const hasPotentials = request.potentials === true && stage.kind === "neuron";
    const counted = hasPotentials ? { ...counts, potentials: gatherPotentials(stage, runs) } : counts;
    if (stage.lo === 0) return counted;
    const signed = { ...counted, magnitudes: gather((run) => run.magnitudes) };
    const refines = stage.kind === "neuron" && stage.refine !== null;
    return refines ? { ...signed, events: gather((run) => run.events) } : signed;
  };
  return {
    outputs,
    layers: plan.neurons.map((stage) => collect(stage, stage.name)),
    gates: plan.gates.map((stage) => collect(stage, stage.id)),
    records: request.record === undefined ? undefined : runs.map((run) => run.record as SimulationRecord),
    ...(request.exit === undefined ? {} : collectExits(request.exit.times.length * classes, runs)),
  };
}

function gatherPotentials({ id, v0 }: NeuronStage, runs: readonly ImageRun[]): Float64Array {
  const all = new Float64Array(runs.length * v0.length);
  for (const [index, run] of runs.entries()) all.set(run.potentials.get(id) ?? [], index * v0.length);
  return all;
}

function collectExits(perImage: number, runs: readonly ImageRun[]) {
  const exitOutputs = new Float64Array(runs.length * perImage);
  for (const [index, run] of runs.entries()) exitOutputs.set(run.exitOutputs, index * perImage);
  return { exitSteps: Int32Array.from(runs, (run) => run.exitStep), exitOutputs };
}
