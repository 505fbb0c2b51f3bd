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
  readonly record?: SimulationRecord | undefined;
}

export function collectCounts(
  plan: SnnPlan,
  request: SimulationRequest,
  runs: readonly ImageRun[],
): SimulationResult {
  const perImage = request.snapshots.length * plan.output.classes;
  const outputs = new Float64Array(request.n * perImage);
  for (const [index, run] of runs.entries()) outputs.set(run.outputs, index * perImage);
  const collect = (stage: NeuronStage | GateStage, name: string): LayerCounts => {
    const size = request.snapshots.length * stage.shape[0] * stage.shape[1] * stage.shape[2];
    const counts = new Int32Array(request.n * size);
    for (const [index, run] of runs.entries())
      counts.set(run.counts.get(stage.id) as Int32Array, index * size);
    return { name, shape: stage.shape, counts };
  };
  return {
    outputs,
    layers: plan.neurons.map((stage) => collect(stage, stage.name)),
    gates: plan.gates.map((stage) => collect(stage, stage.id)),
    records: request.record === undefined ? undefined : runs.map((run) => run.record as SimulationRecord),
  };
}
