/**
 * The fast simulator: event-driven WebAssembly kernels, the same spikes as the reference's.
 *
 * Knows: which simulator runs a request. May not know: kernels' insides, threads, labels.
 *
 * In integer formats counts and outputs equal the reference's to the bit; float32 layers sum in another, fixed
 * order. Each prepared simulator has a memory of its own and serves one request at a time.
 */
import type { Snn } from "../graph/snn.js";
import type {
  Backend,
  BackendOptions,
  KernelExplanation,
  SimulationRequest,
  SimulationResult,
  Simulator,
} from "./backend.js";
import { checkReplay } from "./check-replay.js";
import { checkRequest } from "./check-request.js";
import { planSnn } from "./plan/plan-snn.js";
import type { SnnPlan } from "./plan/snn-plan.js";
import { makeReferenceSimulator } from "./reference/reference-backend.js";
import { chooseKernels } from "./wasm/planning/choose-kernels.js";
import type { LayerKernel } from "./wasm/planning/layer-kernel.js";
import type { KernelFamily } from "./wasm/planning/plan-kernels.js";
import { type KernelExports, loadKernels } from "./wasm/running/kernel-module.js";
import { defaultSpikeBudget } from "./wasm/running/network-room.js";
import { canRecord } from "./wasm/running/record-steps.js";
import { WasmSimulator } from "./wasm/running/wasm-simulator.js";

/** A prepared simulator that can also say how often its kernels ran. */
export interface CountedSimulator extends Simulator {
  /** Calls of a kernel by its number (wasm/memory/kernel-numbers.ts). */
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
 * @param watch puts something between the simulator and its kernels, for benches
 */
export function makeWasmBackend(
  spikeBudget = defaultSpikeBudget,
  prefer?: KernelFamily,
  watch: (kernels: KernelExports) => KernelExports = (kernels) => kernels,
): WasmBackend {
  let spare: SpareKernels | undefined;
  return {
    name: "wasm",
    /** @throws RespikeError exit 3 (`not-supported`) for what the kernels cannot run, exit 5 where they cannot be loaded */
    async prepare(snn, options = {}) {
      const plan = options.plan ?? planSnn(snn.graph, options.replayed);
      const kernels = chooseKernels(plan, false, prefer);
      const { wasmUrl, handsOn = false } = options;
      const taken = handsOn && spare?.wasmUrl === wasmUrl?.href ? spare : undefined;
      if (taken !== undefined) spare = undefined;
      const module = taken?.module ?? watch(await loadKernels(wasmUrl));
      const leave = () => {
        if (handsOn && module.memory.buffer.byteLength <= mostSpare)
          spare = { wasmUrl: wasmUrl?.href, module };
      };
      return new PreparedSimulator({ snn, plan, kernels, module, spikeBudget, prefer, leave });
    },
  };
}

/** Kernels that nobody uses, and where they came from. */
interface SpareKernels {
  readonly wasmUrl: string | undefined;
  readonly module: KernelExports;
}

/** Bytes of memory that kernels without a simulator may hold. */
const mostSpare = 2 ** 27;

interface Prepared {
  readonly snn: Snn;
  readonly plan: SnnPlan;
  /** For images as constant currents. */
  readonly kernels: readonly LayerKernel[];
  readonly module: KernelExports;
  readonly spikeBudget: number;
  readonly prefer: KernelFamily | undefined;
  /** What becomes of the kernels. */
  readonly leave: () => void;
}

interface ActiveSimulator {
  readonly poisson: boolean;
  readonly chosen: readonly LayerKernel[];
  readonly simulator: WasmSimulator;
}

/** Holds the memory of the last kind of request, currents or pixel spikes, and a reference simulator once one is asked for. */
class PreparedSimulator implements CountedSimulator {
  #recorder: Simulator | undefined;
  #isFreed = false;
  #active: ActiveSimulator | undefined;

  constructor(private readonly prepared: Prepared) {}

  /** Those of the last kind of request. */
  get kernels(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#chosen.map(({ stage, name }) => [stage.name, name]));
  }

  get #chosen(): readonly LayerKernel[] {
    return this.#active?.chosen ?? this.prepared.kernels;
  }

  run(request: SimulationRequest): SimulationResult {
    const { snn, plan } = this.prepared;
    // Its memory may be another's.
    if (this.#isFreed) throw new RangeError("the simulator was freed");
    checkRequest(plan, request);
    checkReplay(plan, request);
    // Currents of float32 layers, and of layers reset to zero, cannot be told from potentials: the reference has them.
    if (request.record !== undefined && !canRecord(plan, request.record)) {
      this.#recorder ??= makeReferenceSimulator(snn, plan);
      return this.#recorder.run(request);
    }
    return this.#activate(request.poisson !== undefined).run(request);
  }

  #activate(poisson: boolean): WasmSimulator {
    const { plan, kernels, module, spikeBudget, prefer } = this.prepared;
    if (this.#active?.poisson !== poisson) {
      const chosen = poisson ? chooseKernels(plan, true, prefer) : kernels;
      const simulator = new WasmSimulator(plan, chosen, module, { poisson, spikeBudget });
      this.#active = { poisson, chosen, simulator };
    }
    return this.#active.simulator;
  }

  explain(): readonly KernelExplanation[] {
    return this.#chosen.map(({ stage, name, rate, modelledMicroseconds, candidates }) => ({
      layer: stage.name,
      kernel: name,
      rate,
      modelledMicroseconds,
      measuredMicroseconds: measuredMicroseconds(this.#active?.simulator, stage.id),
      candidates,
    }));
  }

  free(): void {
    this.#active = undefined;
    this.#recorder = undefined;
    if (!this.#isFreed) this.prepared.leave();
    this.#isFreed = true;
  }

  countCalls(kernel: number): number {
    return this.prepared.module.countCalls(kernel);
  }

  readMilliseconds(): ReadonlyMap<string, number> {
    return this.#active?.simulator.milliseconds ?? new Map();
  }
}

/** Of an image and step. */
function measuredMicroseconds(simulator: WasmSimulator | undefined, stage: string): number | null {
  const spent = simulator?.milliseconds.get(stage);
  return simulator === undefined || spent === undefined ? null : (1000 * spent) / simulator.imageSteps;
}
