/**
 * Traces of one image: spikes, potentials and currents of chosen layers, and the output, step by step.
 *
 * Knows: the layout [T,C,H,W] of records. May not know: dynamics.
 */
import type { NumberFormat, Shape } from "../../graph/node-types.js";
import type { LayerRecord, RecordRequest, SimulationRecord } from "../backend.js";
import type { NeuronStage, SnnPlan } from "../plan/snn-plan.js";

interface Trace {
  readonly shape: Shape;
  readonly spikes: Int8Array | undefined;
  readonly potentials: Float32Array | Int32Array | undefined;
  readonly currents: Float32Array | Int32Array | undefined;
}

function makeTrace(number: NumberFormat, length: number): Float32Array | Int32Array {
  return number === "float32" ? new Float32Array(length) : new Int32Array(length);
}

export class TraceRecorder {
  readonly #traces = new Map<string, Trace>();
  readonly #output: Float32Array;

  constructor(plan: SnnPlan, request: RecordRequest, steps: number) {
    this.#output = new Float32Array(steps * plan.output.classes);
    for (const stage of plan.neurons) {
      if (!request.layers.includes(stage.name)) continue;
      const length = steps * stage.v0.length;
      this.#traces.set(stage.name, {
        shape: stage.shape,
        spikes: request.spikes ? new Int8Array(length) : undefined,
        potentials: request.potentials ? makeTrace(stage.number, length) : undefined,
        currents: request.currents ? makeTrace(stage.number, length) : undefined,
      });
    }
  }

  /** @param step t − 1; @param potentials after the reset */
  recordLayer(
    stage: NeuronStage,
    step: number,
    values: { spikes: Float64Array; potentials: Float64Array; currents: Float64Array },
  ): void {
    const trace = this.#traces.get(stage.name);
    if (trace === undefined) return;
    const offset = step * stage.v0.length;
    trace.spikes?.set(values.spikes, offset);
    trace.potentials?.set(values.potentials, offset);
    trace.currents?.set(values.currents, offset);
  }

  recordOutput(step: number, logits: Float64Array): void {
    this.#output.set(logits, step * logits.length);
  }

  finish(): SimulationRecord {
    return { layers: this.#traces as ReadonlyMap<string, LayerRecord>, output: this.#output };
  }
}
