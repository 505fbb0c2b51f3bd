/**
 * One image through the network, step by step.
 *
 * Knows: the order of a step (reference-backend.ts). May not know: other images.
 */
import type { Graph } from "../../graph/graph.js";
import { isSource } from "../../graph/spike-sources.js";
import type { SimulationRequest } from "../backend.js";
import { isDecided } from "../exit-margin.js";
import { drawPixelSpike } from "../image-input.js";
import type { Drive, GateStage, NeuronStage, OutputStage, SnnPlan, Stage } from "../plan/snn-plan.js";
import { firstMeanStep, readCounts, readMean } from "../read-output.js";
import type { ImageRun } from "./collect-counts.js";
import { imageCurrents } from "./image-currents.js";
import { CumulativePool } from "./pool-cumulative.js";
import { TraceRecorder } from "./record-traces.js";
import { type NodeValues, spreadValues } from "./spread-values.js";
import { exactly, type Rounding, stepNeuron, toFloat32 } from "./step-neuron.js";

/** What the layers carry from step to step. */
interface ImageState {
  readonly potential: Map<string, Float64Array>;
  readonly count: Map<string, Int32Array>;
  /** Σ|s| of the layers whose spikes may be negative. */
  readonly magnitude: Map<string, Int32Array>;
  readonly pools: Map<string, CumulativePool>;
  /** Tip of a path → the image's constant current; empty with `poisson`. */
  readonly imageCurrents: NodeValues;
  /** Σ of output currents (or output spikes) over the steps 1…t, and over 1…d. */
  readonly sums: Float64Array;
  readonly sumsAtDelay: Float64Array;
}

/** What of the graph is worked out once. */
export interface ReferenceNetwork {
  readonly graph: Graph;
  readonly plan: SnnPlan;
  readonly stages: ReadonlyMap<string, Stage>;
  /** Node on a synapse path → rounding of its target's format. */
  readonly rounding: ReadonlyMap<string, Rounding>;
}

export function prepareReference(graph: Graph, plan: SnnPlan): ReferenceNetwork {
  const rounding = new Map<string, Rounding>();
  for (const stage of plan.stages) {
    if (stage.kind === "gate") continue;
    const walk = (id: string): void => {
      if (isSource(graph, graph.node(id))) return;
      rounding.set(id, roundingOf(stage));
      for (const input of graph.node(id).inputs) walk(input);
    };
    for (const input of graph.node(stage.id).inputs) walk(input);
  }
  return { graph, plan, stages: new Map(plan.stages.map((stage) => [stage.id, stage])), rounding };
}

const roundingOf = (stage: NeuronStage | OutputStage) => (stage.number === "float32" ? toFloat32 : exactly);

export function simulateImage(
  network: ReferenceNetwork,
  request: SimulationRequest,
  index: number,
): ImageRun {
  const { graph, plan } = network;
  const pixels = plan.imageShape[0] * plan.imageShape[1] * plan.imageShape[2];
  const image = request.images.subarray(index * pixels, (index + 1) * pixels);
  const state = startState(graph, plan, request, image);
  const recorder = request.record && new TraceRecorder(plan, request.record, request.steps);
  const outputs = new Float64Array(request.snapshots.length * plan.output.classes);
  const { counts, magnitudes } = makeCounts(plan, request.snapshots.length);
  const exitOutputs = new Float64Array((request.exit?.times.length ?? 0) * plan.output.classes);
  let exitStep = request.steps;
  for (let t = 1; t <= exitStep; t++) {
    const sent = sendPixels(request, image, index, t);
    stepNetwork(network, state, sent, t, recorder);
    if (t === request.delay) state.sumsAtDelay.set(state.sums);
    if (exitsAt(plan, request, state, t, exitOutputs)) exitStep = t;
    for (const [snapshot, time] of request.snapshots.entries()) {
      // An image that stops says at all later snapshots what it says now.
      if (time !== t && !(t === exitStep && time > t)) continue;
      readOutputs(plan, request, state, t, outputs, snapshot * plan.output.classes);
      for (const [id, kept] of counts) {
        const now = state.count.get(id) ?? state.pools.get(id)?.largest ?? new Int32Array(0);
        kept.set(now, snapshot * now.length);
      }
      for (const [id, kept] of magnitudes) {
        const now = state.magnitude.get(id) ?? state.pools.get(id)?.sent ?? new Int32Array(0);
        kept.set(now, snapshot * now.length);
      }
    }
  }
  return { outputs, counts, magnitudes, record: recorder?.finish(), exitStep, exitOutputs };
}

/** Zeros for every snapshot of every source; magnitudes where spikes may be negative. */
function makeCounts({ neurons, gates }: SnnPlan, snapshots: number) {
  const counts = new Map<string, Int32Array>();
  const magnitudes = new Map<string, Int32Array>();
  for (const { id, shape, lo } of [...neurons, ...gates]) {
    const length = snapshots * shape[0] * shape[1] * shape[2];
    counts.set(id, new Int32Array(length));
    if (lo < 0) magnitudes.set(id, new Int32Array(length));
  }
  return { counts, magnitudes };
}

/** What the image itself sends in step t: nothing, or with `poisson` its spikes. */
function sendPixels(
  { poisson }: SimulationRequest,
  image: Float32Array,
  index: number,
  t: number,
): Float64Array {
  if (poisson === undefined) return new Float64Array(image.length);
  const { seed, imageIndices } = poisson;
  return Float64Array.from(image, (x, pixel) =>
    Number(drawPixelSpike(x, seed, imageIndices[index] ?? 0, pixel, t)),
  );
}

/** Whether the image stops after step t; keeps what it says where t is a time of `exit`. */
function exitsAt(
  plan: SnnPlan,
  request: SimulationRequest,
  state: ImageState,
  t: number,
  exitOutputs: Float64Array,
): boolean {
  const { exit } = request;
  const at = exit?.times.indexOf(t) ?? -1;
  if (exit === undefined || at < 0) return false;
  const { classes } = plan.output;
  readOutputs(plan, request, state, t, exitOutputs, at * classes);
  return isDecided(exit, at, exitOutputs.subarray(at * classes, (at + 1) * classes));
}

function startState(
  graph: Graph,
  plan: SnnPlan,
  request: SimulationRequest,
  image: Float32Array,
): ImageState {
  const driven = plan.stages
    .filter((stage) => stage.kind !== "gate")
    .filter((stage) => stage.groups.length > 0);
  const tips = new Map(driven.map((stage) => [tipOf(graph, stage), stage.number]));
  const state: ImageState = {
    potential: new Map(plan.neurons.map((stage) => [stage.id, Float64Array.from(stage.v0)])),
    count: new Map(plan.neurons.map((stage) => [stage.id, new Int32Array(stage.v0.length)])),
    magnitude: new Map(
      plan.neurons.filter(({ lo }) => lo < 0).map((stage) => [stage.id, new Int32Array(stage.v0.length)]),
    ),
    pools: new Map(),
    imageCurrents: request.poisson ? new Map() : imageCurrents(graph, plan, image, tips),
    sums: new Float64Array(plan.output.classes),
    sumsAtDelay: new Float64Array(plan.output.classes),
  };
  for (const gate of plan.gates) {
    state.pools.set(gate.id, new CumulativePool(gate.sourceShape, gate.window, gate.shape, exactly));
  }
  for (const stage of driven) {
    if (stage.poolBefore === null) continue;
    const shape = graph.shape(stage.id);
    state.pools.set(
      stage.id,
      new CumulativePool(stage.currentShape, stage.poolBefore, shape, roundingOf(stage)),
    );
  }
  return state;
}

/** The node whose value is the target's current, before a pool. */
function tipOf(graph: Graph, stage: Drive & { readonly id: string }): string {
  const tip = graph.node(stage.id).inputs[0] as string;
  return stage.poolBefore === null ? tip : (graph.node(tip).inputs[0] as string);
}

function stepNetwork(
  { graph, plan, stages, rounding }: ReferenceNetwork,
  state: ImageState,
  imageSpikes: Float64Array,
  t: number,
  recorder: TraceRecorder | undefined,
): void {
  const values: NodeValues = new Map();
  for (const node of graph.nodes) {
    const stage = stages.get(node.id);
    if (node.id === plan.image) values.set(node.id, imageSpikes);
    else if (stage === undefined) {
      if (node.op !== "pool")
        values.set(node.id, spreadValues(graph, node, values, rounding.get(node.id) ?? exactly));
    } else if (stage.kind === "gate") values.set(node.id, stepGate(stage, state, values));
    else if (stage.kind === "neuron") {
      values.set(node.id, stepLayer(graph, stage, state, values, t, recorder));
    } else stepOutput(graph, stage, state, values, t, recorder);
  }
}

function stepGate(stage: GateStage, state: ImageState, values: NodeValues): Float64Array {
  return (state.pools.get(stage.id) as CumulativePool).step(values.get(stage.source) as Float64Array);
}

/** Synapses and image, pooled where the stage pools; the constant current of the stage itself is not in it. */
function drivenCurrent(
  graph: Graph,
  stage: NeuronStage | OutputStage,
  state: ImageState,
  values: NodeValues,
): Float64Array {
  const tip = tipOf(graph, stage);
  const round = roundingOf(stage);
  const image = state.imageCurrents.get(tip);
  const sum = (values.get(tip) as Float64Array).map((value, i) => round(value + (image?.[i] ?? 0)));
  return state.pools.get(stage.id)?.step(sum) ?? sum;
}

function stepLayer(
  graph: Graph,
  stage: NeuronStage,
  state: ImageState,
  values: NodeValues,
  t: number,
  recorder: TraceRecorder | undefined,
): Float64Array {
  const round = roundingOf(stage);
  const area = stage.shape[1] * stage.shape[2];
  const potential = state.potential.get(stage.id) as Float64Array;
  const count = state.count.get(stage.id) as Int32Array;
  const currents = drivenCurrent(graph, stage, state, values).map((value, i) =>
    round(value + (stage.current[i] as number)),
  );
  const spikes = currents.map((current, i) =>
    stepNeuron(
      { potential, count },
      i,
      current,
      stage.threshold[Math.floor(i / area)] as number,
      stage,
      round,
    ),
  );
  const magnitude = state.magnitude.get(stage.id);
  if (magnitude !== undefined) {
    for (const [i, spike] of spikes.entries()) magnitude[i] = (magnitude[i] as number) + Math.abs(spike);
  }
  recorder?.recordLayer(stage, t - 1, { spikes, potentials: potential, currents });
  return spikes;
}

function stepOutput(
  graph: Graph,
  stage: OutputStage,
  state: ImageState,
  values: NodeValues,
  t: number,
  recorder: TraceRecorder | undefined,
): void {
  const round = roundingOf(stage);
  const { neurons } = stage;
  const now =
    neurons === null
      ? drivenCurrent(graph, stage, state, values).map((value, k) =>
          round(value + (stage.current[k] as number)),
        )
      : (values.get(neurons) as Float64Array);
  for (const [k, value] of now.entries()) state.sums[k] = (state.sums[k] as number) + value;
  recorder?.recordOutput(
    t - 1,
    now.map((value, k) => value / (stage.scale[k] as number)),
  );
}

function readOutputs(
  plan: SnnPlan,
  { readout, delay }: SimulationRequest,
  state: ImageState,
  t: number,
  into: Float64Array,
  offset: number,
): void {
  const { neurons, scale } = plan.output;
  const first = firstMeanStep(t, delay);
  if (readout === "mean") {
    const sums = state.sums.map((sum, k) => sum - (first > 0 ? (state.sumsAtDelay[k] as number) : 0));
    readMean(sums, t - first, scale, into, offset);
    return;
  }
  const stage = plan.neurons.find((each) => each.id === neurons) as NeuronStage;
  const potentials = state.potential.get(stage.id) as Float64Array;
  const softmax = readout === "count" ? null : { potentials, threshold: stage.threshold };
  readCounts(state.count.get(stage.id) as Int32Array, softmax, into, offset);
}
