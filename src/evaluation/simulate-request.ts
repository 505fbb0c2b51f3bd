/**
 * One request to a simulator, on another thread: the program hears signals while it runs.
 *
 * Knows: runners, backends. May not know: what the request is for.
 */
import type { TaskHandler, TaskRunner } from "../core/task-runner.js";
import type { Snn } from "../graph/snn.js";
import type { SimulationRequest, SimulationResult } from "../simulator/backend.js";
import { type BackendName, simulatorBackends } from "./backend-list.js";
import { type PortableSpiking, packSpiking, unpackSpiking } from "./portable-snn.js";

interface RequestShared {
  readonly snn: PortableSpiking;
  readonly backend: BackendName;
}

/** Handler of the job `simulate-request`. */
export async function startRequestHandler({
  snn,
  backend,
}: RequestShared): Promise<TaskHandler<SimulationRequest, SimulationResult>> {
  const simulator = await simulatorBackends[backend].prepare(unpackSpiking(snn));
  return { handle: (request) => simulator.run(request), free: () => simulator.free() };
}

/**
 * @throws RespikeError of the simulator; the signal's reason, at once, where it is aborted
 */
export async function simulateRequest(
  snn: Snn,
  backend: BackendName,
  request: SimulationRequest,
  runner: TaskRunner,
  signal?: AbortSignal,
): Promise<SimulationResult> {
  let found: SimulationResult | undefined;
  await runner.run<RequestShared, SimulationRequest, SimulationResult>({
    kind: "simulate-request",
    shared: { snn: packSpiking(snn), backend },
    tasks: [request],
    signal,
    onResult(result) {
      found = result;
    },
  });
  return found as SimulationResult;
}
