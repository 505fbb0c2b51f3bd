/**
 * The fast simulator: event-driven WebAssembly kernels, the same spikes as the reference's.
 *
 * Knows: which simulator runs a request. May not know: kernels' insides, threads, labels.
 *
 * In integer formats counts and outputs equal the reference's to the bit; float32 layers sum in another, fixed
 * order. Each prepared simulator has a memory of its own and serves one request at a time.
 */
import type { Snn } from "../graph/snn.js";
import type { Backend, BackendOptions, SimulationRequest, SimulationResult, Simulator } from "./backend.js";
import { checkRequest } from "./check-request.js";
import { planSnn } from "./plan/plan-snn.js";
import { makeReferenceSimulator } from "./reference/reference-backend.js";
import { chooseKernels } from "./wasm/choose-kernels.js";
import { loadKernels } from "./wasm/kernel-module.js";
import { defaultSpikeBudget } from "./wasm/network-room.js";
import type { KernelFamily } from "./wasm/plan-kernels.js";
import { canRecord } from "./wasm/record-steps.js";
import { WasmSimulator } from "./wasm/wasm-simulator.js";

/** A prepared simulator that can also say how often its kernels ran. */
export interface CountedSimulator extends Simulator {
  /** Calls of a kernel by its number (wasm/kernel-numbers.ts). */
  countCalls(kernel: number): number;
  /** Stage id → milliseconds spent in it since the preparation. */
  readMilliseconds(): ReadonlyMap<string, number>;
}

export interface WasmBackend extends Backend {
  readonly name: "wasm";
  prepare(snn: Snn, options?: BackendOptions): Promise<CountedSimulator>;
}

export const wasmBackend: WasmBackend = makeWasmBackend();

/**
 * @param spikeBudget bytes of spikes under way; smaller budgets mean fewer images at a time and shorter time blocks
 * @param prefer a family of kernels that is taken wherever it can run, for tests and benches
 */
export function makeWasmBackend(spikeBudget = defaultSpikeBudget, prefer?: KernelFamily): WasmBackend {
  return {
    name: "wasm",
    /** @throws RespikeError exit 3 (`not-supported`) for what the kernels cannot run, exit 5 where they cannot be loaded */
    async prepare(snn, options = {}) {
      const plan = options.plan ?? planSnn(snn.graph);
      const kernels = chooseKernels(plan, false, prefer);
      const module = await loadKernels(options.wasmUrl);
      let recorder: Simulator | undefined;
      let active: { readonly poisson: boolean; readonly simulator: WasmSimulator } | undefined;
      return {
        kernels: Object.fromEntries(kernels.map(({ stage, name }) => [stage.name, name])),
        run(request: SimulationRequest): SimulationResult {
          checkRequest(plan, request);
          // Currents of float32 layers, and of layers reset to zero, cannot be told from potentials: the reference has them.
          if (request.record !== undefined && !canRecord(plan, request.record)) {
            recorder ??= makeReferenceSimulator(snn, plan);
            return recorder.run(request);
          }
          const poisson = request.poisson !== undefined;
          if (active?.poisson !== poisson) {
            const chosen = poisson ? chooseKernels(plan, true, prefer) : kernels;
            active = {
              poisson,
              simulator: new WasmSimulator(plan, chosen, module, { poisson, spikeBudget }),
            };
          }
          return active.simulator.run(request);
        },
        explain: () =>
          kernels.map(({ stage, name, rate, modelledMicroseconds, candidates }) => ({
            layer: stage.name,
            kernel: name,
            rate,
            modelledMicroseconds,
            measuredMicroseconds: measuredMicroseconds(active?.simulator, stage.id),
            candidates,
          })),
        free() {
          active = undefined;
          recorder = undefined;
        },
        countCalls: (kernel) => module.countCalls(kernel),
        readMilliseconds: () => active?.simulator.milliseconds ?? new Map(),
      };
    },
  };
}

/** Of an image and step. */
function measuredMicroseconds(simulator: WasmSimulator | undefined, stage: string): number | null {
  const spent = simulator?.milliseconds.get(stage);
  return simulator === undefined || spent === undefined ? null : (1000 * spent) / simulator.imageSteps;
}
