/**
 * Traces from the kernels: layers that are recorded run one step at a time, and each step is copied out.
 *
 * Knows: the layout of records, s(t) = N(t) − N(t−1) and, with reset by subtraction in integers, I(t) = V(t) − V(t−1) + θ·s(t).
 * May not know: kernels, requests' other parts.
 */
import type { Shape } from "../../../graph/node-types.js";
import type { LayerRecord, RecordRequest, SimulationRecord } from "../../backend.js";
import type { GateStage, NeuronStage, SnnPlan } from "../../plan/snn-plan.js";
import type { ReadSynapses } from "./read-synapses.js";

/** Whether currents can be told from potentials, and spikes from counts; else the reference records. */
export function canRecord(plan: SnnPlan, record: RecordRequest): boolean {
  const layers = plan.neurons.filter((stage) => record.layers.includes(stage.name));
  return (
    plan.refine === null &&
    (!record.currents || layers.every((stage) => stage.number !== "float32" && stage.reset === "subtract"))
  );
}

interface Trace {
  readonly record: LayerRecord | undefined;
  /** N and V after the step before, [C,H,W]. */
  readonly counts: Int32Array;
  readonly potentials: Float64Array;
}

/** What one step left of one block of 16 channels, [y][x][16]. */
export interface StepState {
  readonly block: number;
  readonly counts: Int32Array;
  readonly potentials: Int32Array | Float32Array | undefined;
}

/** The records of one image. */
export class StepRecorder {
  readonly #traces = new Map<string, Trace>();
  readonly #output: Float64Array;

  /** @param constant the image's constant current on the outputs */
  constructor(
    private readonly plan: SnnPlan,
    private readonly readers: readonly ReadSynapses[],
    private readonly record: RecordRequest,
    steps: number,
    constant: Float64Array,
  ) {
    const { output } = plan;
    this.#output = new Float64Array(steps * output.classes);
    if (output.neurons === null) {
      for (let i = 0; i < this.#output.length; i++) {
        const k = i % output.classes;
        this.#output[i] = (output.current[k] as number) + (constant[k] as number);
      }
    }
    for (const stage of [...plan.neurons, ...plan.gates]) {
      if (!this.wants(stage)) continue;
      const potentials = stage.kind === "neuron" ? Float64Array.from(stage.v0) : new Float64Array(0);
      const size = stage.shape[0] * stage.shape[1] * stage.shape[2];
      this.#traces.set(stage.id, {
        record: this.#makeRecord(stage, steps),
        counts: new Int32Array(size),
        potentials,
      });
    }
  }

  /** Whether the stage has to run step by step. */
  wants(stage: NeuronStage | GateStage): boolean {
    const isRead =
      stage.id === this.plan.output.neurons || this.readers.some(({ source }) => source === stage.id);
    return isRead || (stage.kind === "neuron" && this.record.layers.includes(stage.name));
  }

  #makeRecord(stage: NeuronStage | GateStage, steps: number): LayerRecord | undefined {
    if (stage.kind === "gate" || !this.record.layers.includes(stage.name)) return undefined;
    const length = steps * stage.v0.length;
    const numbers = () => (stage.number === "float32" ? new Float32Array(length) : new Int32Array(length));
    return {
      shape: stage.shape,
      spikes: this.record.spikes ? new Int8Array(length) : undefined,
      potentials: this.record.potentials ? numbers() : undefined,
      currents: this.record.currents ? numbers() : undefined,
    };
  }

  /** Takes in step t of a block. */
  takeStep(stage: NeuronStage | GateStage, t: number, state: StepState): void {
    const trace = this.#traces.get(stage.id);
    if (trace === undefined) return;
    const spikes = takeSpikes(trace.counts, state, stage.shape);
    if (trace.record !== undefined && stage.kind === "neuron") recordBlock(trace, stage, t, state, spikes);
    const { classes, neurons } = this.plan.output;
    const sums = this.#output.subarray((t - 1) * classes, t * classes);
    if (stage.id === neurons)
      for (let k = 0; k < classes; k++) sums[k] = (sums[k] as number) + (spikes[k] as number);
    for (const reader of this.readers) if (reader.source === stage.id) reader.add(spikes, sums);
  }

  finish(): SimulationRecord {
    const { scale, classes } = this.plan.output;
    const layers = [...this.#traces].flatMap(([id, { record }]) => {
      const stage = this.plan.neurons.find((each) => each.id === id);
      return record === undefined || stage === undefined ? [] : [[stage.name, record] as const];
    });
    const output = Float32Array.from(this.#output, (sum, i) => sum / (scale[i % classes] as number));
    return { layers: new Map(layers), output };
  }
}

/** Spikes of the step, [C,H,W], 0 outside the block; brings `before` up to date. */
function takeSpikes(
  before: Int32Array,
  { block, counts }: StepState,
  [channels, height, width]: Shape,
): Int32Array {
  const spikes = new Int32Array(before.length);
  const area = height * width;
  for (let lane = 0; lane < 16 && block * 16 + lane < channels; lane++) {
    for (let pixel = 0; pixel < area; pixel++) {
      const i = (block * 16 + lane) * area + pixel;
      const now = counts[pixel * 16 + lane] as number;
      spikes[i] = now - (before[i] as number);
      before[i] = now;
    }
  }
  return spikes;
}

function recordBlock(
  trace: Trace,
  stage: NeuronStage,
  t: number,
  state: StepState,
  spikes: Int32Array,
): void {
  const [channels, height, width] = stage.shape;
  const area = height * width;
  const offset = (t - 1) * stage.v0.length;
  const { spikes: spikeTrace, potentials, currents } = trace.record ?? {};
  for (let lane = 0; lane < 16 && state.block * 16 + lane < channels; lane++) {
    const channel = state.block * 16 + lane;
    for (let pixel = 0; pixel < area; pixel++) {
      const i = channel * area + pixel;
      const now = state.potentials?.[pixel * 16 + lane] ?? 0;
      if (spikeTrace) spikeTrace[offset + i] = spikes[i] as number;
      if (potentials) potentials[offset + i] = now;
      if (currents) {
        const fired = (stage.threshold[channel] as number) * (spikes[i] as number);
        currents[offset + i] = now - (trace.potentials[i] as number) + fired;
      }
      trace.potentials[i] = now;
    }
  }
}
