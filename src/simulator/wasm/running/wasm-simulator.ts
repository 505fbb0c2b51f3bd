/**
 * A prepared network on the kernels: runs requests, few images at a time.
 *
 * Knows: which image runs which span in which slot. May not know: kernels' insides, readouts, labels.
 */
import { countElements } from "../../../core/tensor.js";
import type { SimulationRecord, SimulationRequest, SimulationResult } from "../../backend.js";
import type { NeuronStage, SnnPlan, Stage } from "../../plan/snn-plan.js";
import { countBlocked, toBlocked } from "../memory/block-elements.js";
import { noState } from "../memory/kernel-commands.js";
import { layOutNetwork, type NetworkMemory, startPotential } from "../memory/layer-memory.js";
import { MemoryArena } from "../memory/memory-arena.js";
import type { NetworkSize, SlotMemory } from "../memory/slot-memory.js";
import { checkMembrane, largestMagnitude } from "../planning/check-membrane.js";
import type { LayerKernel } from "../planning/layer-kernel.js";
import { ConstantCurrents, describeImageDrive, type ImageDrive } from "./constant-currents.js";
import { CountSums } from "./count-sums.js";
import { drawPixels } from "./draw-pixels.js";
import type { ImageUnderWay } from "./image-under-way.js";
import type { KernelExports } from "./kernel-module.js";
import { planRoom } from "./network-room.js";
import { OutputReader } from "./output-reader.js";
import { SlotReader } from "./read-slot.js";
import { StepRecorder } from "./record-steps.js";
import { SpikeReplay } from "./replay-spikes.js";
import { type CountObserver, StageRunner } from "./run-stages.js";
import { SnapshotTaker } from "./take-snapshots.js";
import { listTimeSpans, type TimeSpan } from "./time-blocks.js";

const outputImage = "output";

/** The network laid out for so many images and steps, at most. */
interface PreparedNetwork {
  readonly size: NetworkSize;
  readonly memory: NetworkMemory;
  readonly runner: StageRunner;
  readonly sums: CountSums | undefined;
  /** What the image drives: stage id → its currents; those of the output. */
  readonly constants: ReadonlyMap<string, ConstantCurrents>;
}

export class WasmSimulator {
  /** Stage id → milliseconds spent in it so far. */
  readonly milliseconds = new Map<string, number>();
  /** Steps of all images run so far. */
  imageSteps = 0;
  readonly #arena: MemoryArena;
  readonly #drives = new Map<string, ImageDrive>();
  readonly #largestV0: ReadonlyMap<string, number>;
  readonly #reader: OutputReader;
  #network: PreparedNetwork | undefined;

  /** @param options poisson: whether `kernels` were chosen for pixels as spikes */
  constructor(
    private readonly plan: SnnPlan,
    private readonly kernels: readonly LayerKernel[],
    private readonly module: KernelExports,
    private readonly options: { readonly poisson: boolean; readonly spikeBudget: number },
  ) {
    this.#arena = new MemoryArena(module.memory);
    for (const { stage, constant } of options.poisson ? [] : kernels) {
      if (constant.length === 0) continue;
      this.#drives.set(stage.id, describeImageDrive(constant, stage.currentShape, stage.number));
    }
    this.#largestV0 = new Map(
      plan.neurons.map((stage) => [stage.id, largestMagnitude(startPotential(stage))]),
    );
    const { output } = plan;
    const fromImage = output.groups.filter((group) => group.source === plan.image);
    if (fromImage.length > 0) {
      this.#drives.set(outputImage, describeImageDrive(fromImage, [output.classes, 1, 1], output.number));
    }
    this.#reader = new OutputReader(plan);
  }

  run(request: SimulationRequest): SimulationResult {
    const records: SimulationRecord[] = [];
    const { images, blockSteps } = planRoom(this.plan, this.kernels, this.options.spikeBudget, request);
    const spans = listTimeSpans(request, blockSteps);
    const keepsState = spans.length > 1 || request.exit !== undefined;
    const keepsPlanes = request.keepSpikes !== undefined;
    const network = this.#prepareNetwork(request, { images, blockSteps, keepsState, keepsPlanes });
    const { memory, sums } = network;
    const slots = new SlotReader(this.module, this.#arena, memory.turned);
    const taker = new SnapshotTaker(this.plan, request, this.#reader, slots, sums);
    const replay = new SpikeReplay(this.#arena, memory.layouts, request);
    const free = Array.from({ length: images }, (_, slot) => slot);
    let active: ImageUnderWay[] = [];
    for (let next = 0; next < request.n || active.length > 0; ) {
      // An image that stops makes room for the next: tables are shared by as many images as there is room for.
      while (free.length > 0 && next < request.n) {
        const slot = free.shift() as number;
        active.push(this.#startImage(request, network, slot, next++));
      }
      this.#runBlock(request, network, active, spans, taker, replay);
      const done = active.filter((image) => taker.endSpan(image, spans[image.spansDone++] as TimeSpan));
      for (const { slot, index, recorder } of done) {
        free.push(slot);
        if (recorder !== undefined) records[index] = recorder.finish();
      }
      active = active.filter((image) => !done.includes(image));
    }
    const { result } = taker;
    this.imageSteps += result.exitSteps?.reduce((sum, t) => sum + t, 0) ?? request.n * request.steps;
    const spikes = request.keepSpikes && { spikes: replay.kept };
    return request.record === undefined ? { ...result, ...spikes } : { ...result, records };
  }

  /** The network in memory, laid out anew where the last request wanted it otherwise or smaller. */
  #prepareNetwork({ weights }: SimulationRequest, size: NetworkSize): PreparedNetwork {
    const now = this.#network;
    const isSame = now !== undefined && holds(now.size, size);
    if (isSame && (weights === undefined || now.sums?.weights === weights)) return now;
    this.#network = undefined;
    this.#arena.reset();
    const memory = layOutNetwork(this.plan, this.kernels, this.#arena, size);
    const stages = [...this.plan.neurons, ...this.plan.gates];
    const sums = weights && new CountSums(weights, stages, this.module, this.#arena);
    const constants = this.#layOutConstants();
    const runner = new StageRunner(this.plan, this.module, this.#arena, memory, this.milliseconds);
    this.#network = { size, memory, runner, sums, constants };
    return this.#network;
  }

  #layOutConstants(): ReadonlyMap<string, ConstantCurrents> {
    const length = countElements(this.plan.imageShape);
    const shared = new Map(this.plan.neurons.map((stage) => [stage.id, sharedCurrents(stage)]));
    const place = (id: string, drive: ImageDrive) => {
      const currents = shared.get(id) ?? new Float64Array(countBlocked(drive.shape));
      return new ConstantCurrents(drive, length, currents, this.module, this.#arena);
    };
    return new Map([...this.#drives].map(([id, drive]) => [id, place(id, drive)]));
  }

  /** Every image under way runs its next span. */
  #runBlock(
    request: SimulationRequest,
    { memory, runner, sums }: PreparedNetwork,
    active: readonly ImageUnderWay[],
    spans: readonly TimeSpan[],
    taker: SnapshotTaker,
    replay: SpikeReplay,
  ): void {
    const recorded = [...this.plan.neurons, ...this.plan.gates];
    const stepwise = new Set(recorded.filter((s) => active[0]?.recorder?.wants(s)).map(({ id }) => id));
    const times = [...request.snapshots, request.delay];
    const bySlot = new Map(active.map((image) => [image.slot, image]));
    const blocks = active.map((image) => {
      const span = spans[image.spansDone] as TimeSpan;
      this.#drawPixels(request, memory, image, span);
      replay.replay(image, span);
      const ends = [...times, span.end].filter((t) => t > span.start && t <= span.end);
      const observed = request.snapshots.filter((t) => t > span.start && t <= span.end);
      const time = { start: span.start, ends: [...new Set(ends)].sort((a, b) => a - b), stepwise, observed };
      return { slot: image.slot, time };
    });
    const imageOf = (slot: number) => bySlot.get(slot) as ImageUnderWay;
    const stages = this.#listSummed(request, stepwise);
    const observer: CountObserver | undefined = sums && {
      sums,
      stages,
      onSums: (stage, slot, t, at) => taker.takeSums(imageOf(slot), stage, t, at),
    };
    const onRangeEnd = (stage: Stage, block: number | null, slot: number, t: number) => {
      const image = imageOf(slot);
      taker.takeRange(image, stage, block, t, !stages.has(stage.id));
      const span = spans[image.spansDone] as TimeSpan;
      const isWhole = block === null || block === Math.ceil((stage as NeuronStage).shape[0] / 16) - 1;
      if (isWhole && t === span.end) replay.keep(stage.id, image, span);
    };
    const wantedOf = (stage: NeuronStage) => taker.wantedOf(stage);
    const lastStep = request.exit === undefined ? request.steps : null;
    runner.runBlock(blocks, { onRangeEnd, observer, wantedOf, lastStep });
  }

  /** Stages of which nothing but sums is wanted before T, and whose kernels take them on their way. */
  #listSummed({ weights }: SimulationRequest, stepwise: ReadonlySet<string>): ReadonlySet<string> {
    const isSummed = ({ form, stage }: LayerKernel) =>
      form === "tables" &&
      stage.refine === null &&
      weights?.has(stage.name) &&
      !this.#reader.reads(stage) &&
      !stepwise.has(stage.id);
    return new Set(this.kernels.filter(isSummed).map(({ stage }) => stage.id));
  }

  #image({ images }: Pick<SimulationRequest, "images">, index: number): Float32Array {
    const pixels = this.plan.imageShape[0] * this.plan.imageShape[1] * this.plan.imageShape[2];
    return images.subarray(index * pixels, (index + 1) * pixels);
  }

  /** Puts the image's constant currents in place. */
  #startImage(
    request: SimulationRequest,
    { memory, constants }: PreparedNetwork,
    slot: number,
    index: number,
  ): ImageUnderWay {
    const pixels = this.#image(request, index);
    const state = memory.slots[slot] as SlotMemory;
    for (const { stage, kernel } of memory.layers.values()) {
      const { base, start } = state.layers.get(stage.id) ?? noState;
      const largest = constants.get(stage.id)?.write(pixels, stage.refine === null ? base : start) ?? 0;
      checkMembrane(kernel, this.#largestV0.get(stage.id) ?? 0, largest, request.steps);
    }
    const constant = constants.get(outputImage)?.read(pixels) ?? new Float64Array(this.plan.output.classes);
    const recorder =
      request.record &&
      new StepRecorder(this.plan, this.#reader.synapses, request.record, request.steps, constant);
    return { slot, state, index, constant, kept: new Map(), recorder, spansDone: 0 };
  }

  #drawPixels(
    { images, poisson }: SimulationRequest,
    memory: NetworkMemory,
    { state, index }: ImageUnderWay,
    span: TimeSpan,
  ): void {
    const layout = memory.layouts.get(this.plan.image);
    if (layout === undefined || poisson === undefined) return;
    const source = { seed: poisson.seed, index: poisson.imageIndices[index] ?? 0 };
    drawPixels(this.#arena, state, layout, this.#image({ images }, index), source, span);
  }
}

/** Whether a network that was laid out serves where `wanted` is asked for. */
function holds(laidOut: NetworkSize, wanted: NetworkSize): boolean {
  const isSame = (["blockSteps", "keepsState", "keepsPlanes"] as const).every(
    (what) => laidOut[what] === wanted[what],
  );
  return isSame && laidOut.images >= wanted.images;
}

/** What an image's constant currents are added to, [block][y][x][16]; none before a pool. */
function sharedCurrents(stage: NeuronStage): Float64Array {
  const { poolBefore, current, shape, currentShape } = stage;
  if (stage.refine !== null) return toBlocked(startPotential(stage), shape);
  return poolBefore === null ? toBlocked(current, shape) : new Float64Array(countBlocked(currentShape));
}
