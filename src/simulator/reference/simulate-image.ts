/**
 * One image through the network, step by step.
 *
 * Knows: the order of a step (reference-backend.ts). May not know: other images.
 */
import type { Graph } from "../../graph/graph.js";
import { halvingsAt, halvingsIn } from "../../graph/refinement.js";
import { isSource } from "../../graph/spike-sources.js";
import type { SimulationRequest } from "../backend.js";
import { isDecided } from "../exit-margin.js";
import { drawPixelSpike } from "../image-input.js";
import type { Drive, GateStage, NeuronStage, OutputStage, SnnPlan, Stage } from "../plan/snn-plan.js";
import { firstMeanStep, readCounts, readFinal, readMean } from "../read-output.js";
import type { ImageRun } from "./collect-counts.js";
import { imageCurrents } from "./image-currents.js";
import { CumulativePool } from "./pool-cumulative.js";
import { TraceRecorder } from "./record-traces.js";
import { type NodeValues, spreadValues } from "./spread-values.js";
import { exactly, type Rounding, stepNeuron, toFloat32 } from "./step-neuron.js";
import { stepRefine } from "./step-refine.js";

/** What the layers carry from step to step. */
interface ImageState {
  readonly potential: Map<string, Float64Array>;
  readonly count: Map<string, Int32Array>;
  /** Σ|s| of the layers whose spikes may be negative. */
  readonly magnitude: Map<string, Int32Array>;
  /** How many spikes were not 0, of the layers that refine. */
  readonly events: Map<string, Int32Array>;
  readonly pools: Map<string, CumulativePool>;
  /** Tip of a path → the image's constant current; empty with `poisson`. */
  readonly imageCurrents: NodeValues;
  /** Σ of output currents (or output spikes) over the steps 1…t (in quanta of t, where layers refine), and over 1…d. */
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
  const { counts, magnitudes, events } = makeCounts(plan, request.snapshots.length);
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
      for (const [id, kept] of events) {
        const now = state.events.get(id) ?? new Int32Array(0);
        kept.set(now, snapshot * now.length);
      }
    }
  }
  const potentials = request.potentials === true ? state.potential : new Map<string, Float64Array>();
  const said = { outputs, counts, magnitudes, events, potentials };
  return { ...said, record: recorder?.finish(), exitStep, exitOutputs };
}

/** Zeros for every snapshot of every source; magnitudes where spikes may be negative, events where layers refine. */
function makeCounts({ neurons, gates }: SnnPlan, snapshots: number) {
  const counts = new Map<string, Int32Array>();
  const magnitudes = new Map<string, Int32Array>();
  const events = new Map<string, Int32Array>();
  for (const stage of [...neurons, ...gates]) {
    const { id, shape, lo } = stage;
    const length = snapshots * shape[0] * shape[1] * shape[2];
    counts.set(id, new Int32Array(length));
    if (lo < 0) magnitudes.set(id, new Int32Array(length));
    if (stage.kind === "neuron" && stage.refine !== null) events.set(id, new Int32Array(length));
  }
  return { counts, magnitudes, events };
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
    magnitude: countersOf(plan.neurons.filter(({ lo }) => lo < 0)),
    events: countersOf(plan.neurons.filter(({ refine }) => refine !== null)),
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

function countersOf(stages: readonly NeuronStage[]): Map<string, Int32Array> {
  return new Map(stages.map((stage) => [stage.id, new Int32Array(stage.v0.length)]));
}

/** The node whose value is the target's current, before a pool. */
function tipOf(graph: Graph, stage: Drive & { readonly id: string }): string {
  const tip = graph.node(stage.id).inputs[0] as string;
  return stage.poolBefore === null ? tip : (graph.node(tip).inputs[0] as string);
}

function stepNetwork(
  network: ReferenceNetwork,
  state: ImageState,
  imageSpikes: Float64Array,
  t: number,
  recorder: TraceRecorder | undefined,
): void {
  const { graph, plan, stages, rounding } = network;
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
    } else stepOutput(network, stage, state, values, t, recorder);
  }
}

function stepGate(stage: GateStage, state: ImageState, values: NodeValues): Float64Array {
  return (state.pools.get(stage.id) as CumulativePool).step(values.get(stage.source) as Float64Array);
}

/**
 * Synapses and image, pooled where the stage pools; the constant current of the stage itself is not in it.
 *
 * @param isDriven whether the image's constant current enters in this step
 */
function drivenCurrent(
  graph: Graph,
  stage: NeuronStage | OutputStage,
  state: ImageState,
  values: NodeValues,
  isDriven: boolean,
): Float64Array {
  const tip = tipOf(graph, stage);
  const round = roundingOf(stage);
  const image = isDriven ? state.imageCurrents.get(tip) : undefined;
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
  const { refine } = stage;
  const isDriven = refine === null || t === 1;
  const currents = drivenCurrent(graph, stage, state, values, isDriven).map((value, i) =>
    round(value + (isDriven ? (stage.current[i] as number) : 0)),
  );
  const rule = refine && { gain: stage.hi, factor: 2 ** halvingsIn(refine, t) };
  const spikes = currents.map((current, i) => {
    const theta = stage.threshold[Math.floor(i / area)] as number;
    return rule === null
      ? stepNeuron({ potential, count }, i, current, theta, stage, round)
      : stepRefine({ potential, count }, i, current, theta, rule, round);
  });
  const [magnitude, events] = [state.magnitude.get(stage.id), state.events.get(stage.id)];
  for (const [i, spike] of spikes.entries()) {
    if (magnitude !== undefined) magnitude[i] = (magnitude[i] as number) + Math.abs(spike);
    if (events !== undefined) events[i] = (events[i] as number) + Number(spike !== 0);
  }
  recorder?.recordLayer(stage, t - 1, { spikes, potentials: potential, currents });
  return spikes;
}

function stepOutput(
  { graph, plan }: ReferenceNetwork,
  stage: OutputStage,
  state: ImageState,
  values: NodeValues,
  t: number,
  recorder: TraceRecorder | undefined,
): void {
  const round = roundingOf(stage);
  const { neurons } = stage;
  const { refine } = plan;
  const isDriven = refine === null || t === 1;
  const now =
    neurons === null
      ? drivenCurrent(graph, stage, state, values, isDriven).map((value, k) =>
          round(value + (isDriven ? (stage.current[k] as number) : 0)),
        )
      : (values.get(neurons) as Float64Array);
  const factor = refine === null ? 1 : 2 ** halvingsIn(refine, t);
  for (const [k, value] of now.entries()) state.sums[k] = (state.sums[k] as number) * factor + value;
  const quantum = refine === null ? 1 : 2 ** -halvingsAt(refine, t);
  recorder?.recordOutput(
    t - 1,
    now.map((value, k) => (value * quantum) / (stage.scale[k] as number)),
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
  if (plan.refine !== null) {
    readFinal(state.sums, halvingsAt(plan.refine, t), scale, into, offset);
    return;
  }
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
