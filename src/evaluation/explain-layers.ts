/**
 * Where the time of a simulation goes: each layer's kernel, its share and its cost a step.
 *
 * Knows: timed rounds. May not know: kernels' insides, threads.
 */
import type { TaskRunner } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import { isOp } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import type { BenchLayer } from "./bench-result.js";
import { openSpeedMeter, type Round, type SpeedMeterOptions } from "./speed-meter.js";

const explainRounds = 3;

/**
 * Times a network's layers on all images of the plan.
 *
 * @param plan `at`: the last is T
 */
export async function measureLayers(
  plan: SpeedMeterOptions & {
    readonly snn: Snn;
    readonly images: Float32Array;
    readonly at: readonly number[];
  },
  runner: TaskRunner,
  signal: AbortSignal | undefined,
): Promise<{ readonly layers: readonly BenchLayer[]; readonly restShare: number }> {
  const steps = plan.at[plan.at.length - 1] as number;
  const meter = openSpeedMeter(plan.snn, runner, { ...plan, signal });
  try {
    const counted = await meter.measure({ kind: "count", at: [steps] }, plan.images);
    const rounds: Round[] = [];
    for (let round = 0; round < explainRounds; round++)
      rounds.push(await meter.measure({ kind: "simulate", steps }, plan.images));
    return explainLayers(plan.snn, rounds, counted, steps);
  } finally {
    await meter.close();
  }
}

/**
 * @param rounds simulations of `steps` steps
 * @param counted a round counted at times the last of which is `steps`; for the rates and kernels
 */
export function explainLayers(
  snn: Snn,
  rounds: readonly Round[],
  counted: Round,
  steps: number,
): { readonly layers: readonly BenchLayer[]; readonly restShare: number } {
  const results = rounds.flatMap((round) => round.results);
  const total = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const imageSteps = rounds.reduce((sum, { images }) => sum + images, 0) * steps;
  const spent = new Map<string, number>();
  for (const { stages } of results) {
    for (const [id, milliseconds] of stages) spent.set(id, (spent.get(id) ?? 0) + milliseconds);
  }
  const explanations = new Map((counted.results[0]?.explanations ?? []).map((each) => [each.layer, each]));
  const rates = measureRates(snn, counted, steps);
  const layers = [...spent].map(([id, milliseconds]): BenchLayer => {
    const rate = rates.get(id) ?? null;
    const explanation = explanations.get(id);
    return {
      name: id,
      kernel: explanation?.kernel ?? (rate === null ? "gate" : "unknown"),
      neurons: rate === null ? 0 : countElements(snn.graph.shape(id)),
      rate,
      calibratedRate: readRate(snn, id),
      share: milliseconds / total,
      measuredMicroseconds: (1000 * milliseconds) / imageSteps,
      modelledMicroseconds: explanation?.modelledMicroseconds ?? null,
      rejected: (explanation?.candidates ?? []).filter(({ reason }) => reason !== null),
    };
  });
  return { layers, restShare: 1 - layers.reduce((sum, { share }) => sum + share, 0) };
}

/** Saved with the layer; null for gates. */
function readRate({ graph }: Snn, id: string): number | null {
  const node = graph.node(id);
  return isOp(node, "neuron") ? (node.attributes.rate ?? null) : null;
}

/** Layer → mean of |N|/T. */
function measureRates(snn: Snn, { results, images }: Round, steps: number): ReadonlyMap<string, number> {
  return new Map(
    snn.layers.map(({ name }, index) => {
      const spikes = results.reduce((sum, { spikes: at }) => sum + (at[at.length - 1]?.[index] ?? 0), 0);
      return [name, spikes / (images * countElements(snn.graph.shape(name)) * steps)];
    }),
  );
}
