/**
 * What a run that replays layers, or keeps their spikes, may be asked for.
 *
 * Knows: the plan's replayed layers, sizes of packed spikes. May not know: kernels.
 */
import { type Problem, refuseUsage } from "../core/respike-error.js";
import type { SimulationRequest } from "./backend.js";
import type { SnnPlan } from "./plan/snn-plan.js";
import { spikePlanes } from "./wasm/planning/spike-planes.js";

/** @throws RespikeError (exit 2) where spikes are missing, of the wrong size, or of layers that there are not */
export function checkReplay(plan: SnnPlan, request: SimulationRequest): void {
  const { keepSpikes = [], replay = new Map<string, Uint16Array>() } = request;
  const names = new Set(plan.neurons.map(({ name }) => name));
  const problems = keepSpikes
    .filter((layer) => !names.has(layer))
    .map((layer) => wrong("keepSpikes", `one of the layers ${[...names].join(", ")}`, layer));
  for (const [id, { shape }] of plan.replayed) {
    const { lo, hi } = plan.alphabets.get(id) ?? { lo: 0, hi: 1 };
    const planes = spikePlanes(lo, hi).length;
    const [channels, height, width] = shape;
    const wanted = request.n * request.steps * planes * Math.ceil(channels / 16) * height * width;
    const given = replay.get(id)?.length ?? 0;
    if (given !== wanted) problems.push(wrong(`replay of ${id}`, `${wanted} words of spikes`, String(given)));
  }
  const replays = plan.replayed.size > 0 || keepSpikes.length > 0;
  if (replays && (request.record !== undefined || request.exit !== undefined)) {
    problems.push(wrong("replay", "all steps and no record", "a record or an exit"));
  }
  if (problems.length > 0) throw refuseUsage(problems);
}

function wrong(where: string, rule: string, value: string): Problem {
  return { code: "simulation-request", where, rule, value, next: "correct the call" };
}
