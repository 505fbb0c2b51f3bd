/**
 * A prepared network on the kernels: runs requests, few images at a time.
 *
 * Knows: time blocks, snapshots, readouts. May not know: kernels' insides, labels.
 */
import { countElements } from "../../core/tensor.js";
import type { Shape } from "../../graph/node-types.js";
import type { LayerCounts, SimulationRecord, SimulationRequest, SimulationResult } from "../backend.js";
import { isDecided } from "../exit-margin.js";
import type { GateStage, NeuronStage, SnnPlan, Stage } from "../plan/snn-plan.js";
import { countBlocked, fromBlock, toBlocked } from "./block-elements.js";
import { checkMembrane, largestMagnitude } from "./check-membrane.js";
import { ConstantCurrents } from "./constant-currents.js";
import { CountSums, sumsEach } from "./count-sums.js";
import { drawPixels } from "./draw-pixels.js";
import type { KernelExports } from "./kernel-module.js";
import type { LayerKernel } from "./layer-kernel.js";
import { layOutNetwork, type NetworkMemory, type SlotMemory, setLanes } from "./layer-memory.js";
import { MemoryArena } from "./memory-arena.js";
import { type CountedImage, OutputReader } from "./output-reader.js";
import { StepRecorder, type StepState } from "./record-steps.js";
import { StageRunner } from "./run-stages.js";
import { layOutSpikes } from "./spike-layout.js";
import { listTimeSpans, longestSpan, type TimeSpan } from "./time-blocks.js";

/** Spikes of all images under way take at most so many bytes; longer simulations run in time blocks. */
export const defaultSpikeBudget = 20 * 2 ** 20;
/**
 * Tables are built for all images under way and all steps of a time block: so few images share a block of time where T is
 * long, so many where it is short.
 */
const fewestImages = 8;
const mostImages = 32;
/**
 * With early exit blocks of time are short, and tables are built anew for each: more images share them. They may
 * take so many times the memory, potentials and counts included.
 */
const exitImages = 32;
const exitBudgets = 4;
const outputImage = "output";

/** What is kept of a source or layer at the times that matter. */
type Kept = Map<string, Int32Array | Float64Array>;

/** What one block of a stage holds, [y][x][16]. */
interface BlockState extends StepState {
  readonly countsAt: number;
  readonly magnitudes: Int32Array | undefined;
  /** 0 where there are none. */
  readonly magnitudesAt: number;
}

interface ImageUnderWay {
  readonly slot: number;
  readonly state: SlotMemory;
  /** Its place in the request. */
  readonly index: number;
  /** Its constant current on the outputs. */
  readonly constant: Float64Array;
  readonly kept: Kept;
  readonly recorder: StepRecorder | undefined;
  spansDone: number;
}

export class WasmSimulator {
  /** Stage id → milliseconds spent in it so far. */
  readonly milliseconds = new Map<string, number>();
  /** Steps of all images run so far. */
  imageSteps = 0;
  readonly #arena: MemoryArena;
  readonly #constants = new Map<string, ConstantCurrents>();
  readonly #largestV0: ReadonlyMap<string, number>;
  readonly #reader: OutputReader;
  #network:
    | { readonly key: string; readonly memory: NetworkMemory; readonly sums: CountSums | undefined }
    | undefined;

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
      const [c, h, w] = stage.currentShape;
      this.#constants.set(stage.id, new ConstantCurrents(constant, c * h * w, stage.number));
    }
    this.#largestV0 = new Map(plan.neurons.map((stage) => [stage.id, largestMagnitude(stage.v0)]));
    const { output } = plan;
    const fromImage = output.groups.filter((group) => group.source === plan.image);
    if (fromImage.length > 0) {
      this.#constants.set(outputImage, new ConstantCurrents(fromImage, output.classes, output.number));
    }
    this.#reader = new OutputReader(plan);
  }

  run(request: SimulationRequest): SimulationResult {
    const result = this.#emptyResult(request);
    const records: SimulationRecord[] = [];
    const { memory, images, blockSteps } = this.#prepareMemory(request);
    const runner = new StageRunner(this.plan, this.module, this.#arena, memory, this.milliseconds);
    const spans = listTimeSpans(request, blockSteps);
    const free = Array.from({ length: images }, (_, slot) => slot);
    let active: ImageUnderWay[] = [];
    for (let next = 0; next < request.n || active.length > 0; ) {
      // An image that stops makes room for the next: tables are shared by as many images as there is room for.
      while (free.length > 0 && next < request.n) {
        const slot = free.shift() as number;
        runner.startSlot(slot);
        active.push(this.#startImage(request, memory, slot, next++));
      }
      this.#runBlock(request, memory, runner, active, spans, result);
      const done = active.filter((image) => this.#isDone(request, result, image, spans));
      for (const { slot, index, recorder } of done) {
        free.push(slot);
        if (recorder !== undefined) records[index] = recorder.finish();
      }
      active = active.filter((image) => !done.includes(image));
    }
    this.imageSteps += result.exitSteps?.reduce((sum, t) => sum + t, 0) ?? request.n * request.steps;
    return request.record === undefined ? result : { ...result, records };
  }

  #emptyResult({ n, steps, snapshots, exit, weights }: SimulationRequest): SimulationResult {
    const empty = ({ shape, lo }: NeuronStage | GateStage, name: string): LayerCounts => {
      const length = n * snapshots.length * countElements(shape);
      const sums = weights?.has(name) ? { sums: new Float64Array(n * snapshots.length * sumsEach) } : {};
      const counts = { name, shape, counts: new Int32Array(length), ...sums };
      return lo < 0 ? { ...counts, magnitudes: new Int32Array(length) } : counts;
    };
    return {
      outputs: new Float64Array(n * snapshots.length * this.plan.output.classes),
      layers: this.plan.neurons.map((stage) => empty(stage, stage.name)),
      gates: this.plan.gates.map((stage) => empty(stage, stage.id)),
      ...(exit && {
        exitSteps: new Int32Array(n).fill(steps),
        exitOutputs: new Float64Array(n * exit.times.length * this.plan.output.classes),
      }),
    };
  }

  /** As many images at a time, then as long a time block, as the memory allows. */
  #prepareMemory(request: SimulationRequest) {
    const { n, exit } = request;
    const bytesOf = (blockSteps: number) => layOutSpikes(this.plan, this.kernels, blockSteps).bytes;
    const budget = this.options.spikeBudget * (exit === undefined ? 1 : exitBudgets);
    const span = longestSpan(request);
    const perImage = bytesOf(span) + (exit === undefined ? 0 : stateBytes(this.plan));
    const [fewest, most] = exit === undefined ? [fewestImages, mostImages] : [1, exitImages];
    const images = Math.min(n, most, Math.max(fewest, Math.floor(budget / perImage)));
    const perStep = bytesOf(1024) / 1024;
    const longest = Math.max(64, Math.floor(this.options.spikeBudget / (perStep * images) / 64) * 64);
    const blockSteps = Math.min(span, longest);
    const key = `${images} ${blockSteps}`;
    const { weights } = request;
    if (this.#network?.key !== key || (weights !== undefined && this.#network.sums?.weights !== weights)) {
      this.#arena.reset();
      const memory = layOutNetwork(this.plan, this.kernels, this.#arena, blockSteps, images);
      const stages = [...this.plan.neurons, ...this.plan.gates];
      const sums = weights && new CountSums(weights, stages, this.module, this.#arena);
      this.#network = { key, memory, sums };
    }
    return { memory: this.#network.memory, images, blockSteps };
  }

  /** Every image under way runs its next span. */
  #runBlock(
    request: SimulationRequest,
    memory: NetworkMemory,
    runner: StageRunner,
    active: readonly ImageUnderWay[],
    spans: readonly TimeSpan[],
    result: SimulationResult,
  ): void {
    const recorded = [...this.plan.neurons, ...this.plan.gates];
    const stepwise = new Set(recorded.filter((s) => active[0]?.recorder?.wants(s)).map(({ id }) => id));
    const times = [...request.snapshots, request.delay];
    const bySlot = new Map(active.map((image) => [image.slot, image]));
    const blocks = active.map((image) => {
      const span = spans[image.spansDone] as TimeSpan;
      this.#drawPixels(request, memory, image, span);
      const ends = [...times, span.end].filter((t) => t > span.start && t <= span.end);
      const time = { start: span.start, ends: [...new Set(ends)].sort((a, b) => a - b), stepwise };
      return { slot: image.slot, time };
    });
    runner.runBlock(blocks, (stage, block, slot, t) => {
      this.#keepRange(request, result, bySlot.get(slot) as ImageUnderWay, { stage, block, t });
    });
  }

  /** Counts the span that was run; whether it was the image's last, and then its results are complete. */
  #isDone(
    request: SimulationRequest,
    result: SimulationResult,
    image: ImageUnderWay,
    spans: readonly TimeSpan[],
  ): boolean {
    const { end } = spans[image.spansDone++] as TimeSpan;
    if (this.#stopsAt(request, result, image, end)) return true;
    if (end < request.steps) return false;
    this.#readSnapshots(request, result, image, end);
    return true;
  }

  #image({ images }: Pick<SimulationRequest, "images">, index: number): Float32Array {
    const pixels = this.plan.imageShape[0] * this.plan.imageShape[1] * this.plan.imageShape[2];
    return images.subarray(index * pixels, (index + 1) * pixels);
  }

  /** Puts the image's constant currents in place. */
  #startImage(request: SimulationRequest, memory: NetworkMemory, slot: number, index: number): ImageUnderWay {
    const pixels = this.#image(request, index);
    const state = memory.slots[slot] as SlotMemory;
    for (const { stage, kernel } of memory.layers.values()) {
      const constant = this.#constants.get(stage.id)?.compute(pixels);
      checkMembrane(kernel, this.#largestV0.get(stage.id) ?? 0, constant, request.steps);
      const layer = state.layers.get(stage.id);
      if (constant === undefined || layer === undefined) continue;
      const isFloat = stage.number === "float32";
      if (stage.poolBefore === null) {
        for (let i = 0; i < constant.length; i++) {
          const sum = (constant[i] as number) + (stage.current[i] as number);
          constant[i] = isFloat ? Math.fround(sum) : sum;
        }
      }
      setLanes(this.#arena, kernel.lanes, layer.base, toBlocked(constant, stage.currentShape));
    }
    const constant =
      this.#constants.get(outputImage)?.compute(pixels) ?? new Float64Array(this.plan.output.classes);
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

  /** Copies what is wanted of a stage at time t. */
  #keepRange(
    request: SimulationRequest,
    result: SimulationResult,
    image: ImageUnderWay,
    { stage, block, t }: { readonly stage: Stage; readonly block: number | null; readonly t: number },
  ): void {
    if (stage.kind === "output") return;
    const { counts: into, magnitudes: magnitudesInto, sums } = layerOf(result, stage);
    const size = countElements(stage.shape);
    const snapshot = request.snapshots.indexOf(t);
    const keepsPotentials = stage.id === this.plan.output.neurons && request.readout === "count+softmax";
    const at = image.index * request.snapshots.length + snapshot;
    // Sums stand for the counts before T, but for those that a readout needs.
    const isCopied = sums === undefined || t === request.steps || this.#reader.reads(stage);
    this.#forEachBlock(image.state, stage, block, (now) => {
      const { counts, potentials } = now;
      image.recorder?.takeStep(stage, t, now);
      if (t === request.delay && this.#reader.reads(stage)) {
        keepBlock(image.kept, `${stage.id} delay`, counts, now.block, stage.shape);
      }
      if (snapshot < 0) return;
      if (sums) this.#sumBlock(stage, now, sums, at);
      if (isCopied) this.#copyBlock(now.countsAt, now.block, stage.shape, into, at * size);
      if (isCopied && now.magnitudesAt !== 0 && magnitudesInto)
        this.#copyBlock(now.magnitudesAt, now.block, stage.shape, magnitudesInto, at * size);
      if (keepsPotentials && potentials) {
        keepBlock(image.kept, `potentials ${t}`, potentials, now.block, stage.shape);
      }
    });
  }

  /** What a stage's memory holds now, [y][x][16] a block; all blocks where `only` is null. */
  #forEachBlock(
    state: SlotMemory,
    stage: NeuronStage | GateStage,
    only: number | null,
    visit: (now: BlockState) => void,
  ): void {
    const layer = state.layers.get(stage.id);
    const gate = state.gates.get(stage.id);
    const address = layer?.count ?? gate?.largest ?? 0;
    const magnitude = layer?.magnitude ?? gate?.magnitude ?? 0;
    const [channels, height, width] = stage.shape;
    const length = height * width * 16;
    const isFloat = stage.kind === "neuron" && stage.number === "float32";
    for (let block = only ?? 0; block < (only === null ? Math.ceil(channels / 16) : only + 1); block++) {
      const offset = block * length * 4;
      const potential = layer === undefined ? undefined : layer.potential + offset;
      const potentials =
        potential === undefined
          ? undefined
          : isFloat
            ? this.#arena.floats(potential, length)
            : this.#arena.words(potential, length);
      const magnitudesAt = magnitude === 0 ? 0 : magnitude + offset;
      const magnitudes = magnitude === 0 ? undefined : this.#arena.words(magnitudesAt, length);
      const countsAt = address + offset;
      const counts = this.#arena.words(countsAt, length);
      visit({ block, countsAt, counts, potentials, magnitudesAt, magnitudes });
    }
  }

  /** Adds a block's sums to those of an image and snapshot. */
  #sumBlock(stage: NeuronStage | GateStage, now: BlockState, sums: Float64Array, at: number): void {
    const address = now.magnitudesAt === 0 ? now.countsAt : now.magnitudesAt;
    this.#network?.sums?.addBlock(stage, now.block, address, sums, at * sumsEach);
  }

  /** Copies a block's 32-bit values at `address` to its channels of `into`, [C,H,W] from `offset`. */
  #copyBlock(address: number, block: number, shape: Shape, into: Int32Array, offset: number): void {
    const area = shape[1] * shape[2];
    const turned = this.#network?.memory.turned ?? 0;
    this.module.unblock(address, area, turned);
    const channels = Math.min(16, shape[0] - block * 16);
    into.set(this.#arena.words(turned, channels * area), offset + block * 16 * area);
  }

  /** Counts, potentials or magnitudes of a stage as they are now, [C,H,W]. */
  #readNow<Values extends Int32Array | Float64Array>(
    { state }: ImageUnderWay,
    id: string,
    what: "counts" | "potentials" | "magnitudes",
    into: (size: number) => Values,
  ): Values {
    const stage = [...this.plan.neurons, ...this.plan.gates].find((each) => each.id === id);
    if (stage === undefined) return into(0);
    const values = into(countElements(stage.shape));
    this.#forEachBlock(state, stage, null, (now) => {
      const source = now[what];
      if (source !== undefined) fromBlock(source, now.block, stage.shape, values, 0);
    });
    return values;
  }

  /** Whether the image is decided at t; if so its results are complete. */
  #stopsAt(request: SimulationRequest, result: SimulationResult, image: ImageUnderWay, t: number): boolean {
    const { exit } = request;
    const at = exit?.times.indexOf(t) ?? -1;
    if (exit === undefined || result.exitOutputs === undefined || at < 0) return false;
    const { classes } = this.plan.output;
    const offset = (image.index * exit.times.length + at) * classes;
    const now: CountedImage = {
      countsOf: (id) => this.#readNow(image, id, "counts", (size) => new Int32Array(size)),
      countsAtDelay: (id) => image.kept.get(`${id} delay`) ?? [],
      potentials: () =>
        this.#readNow(image, this.plan.output.neurons ?? "", "potentials", (n) => new Float64Array(n)),
      constant: image.constant,
    };
    this.#reader.read(request, t, now, result.exitOutputs, offset);
    const outputs = result.exitOutputs.subarray(offset, offset + classes);
    if (!isDecided(exit, at, outputs)) return false;
    result.exitSteps?.fill(t, image.index, image.index + 1);
    this.#readSnapshots(request, result, image, t);
    this.#fillSnapshots(request, result, image, t, outputs);
    return true;
  }

  /** At snapshots from the last step on an image says what it said there. */
  #fillSnapshots(
    { snapshots }: SimulationRequest,
    result: SimulationResult,
    image: ImageUnderWay,
    t: number,
    outputs: Float64Array,
  ): void {
    const later = snapshots.flatMap((time, at) => (time >= t ? [image.index * snapshots.length + at] : []));
    for (const at of later) result.outputs.set(outputs, at * outputs.length);
    for (const stage of [...this.plan.neurons, ...this.plan.gates]) {
      const counts = this.#readNow(image, stage.id, "counts", (size) => new Int32Array(size));
      const into = layerOf(result, stage);
      for (const at of later) into.counts.set(counts, at * counts.length);
      this.#fillSums(image, stage, into.sums, later);
      if (into.magnitudes === undefined) continue;
      const magnitudes = this.#readNow(image, stage.id, "magnitudes", (size) => new Int32Array(size));
      for (const at of later) into.magnitudes.set(magnitudes, at * magnitudes.length);
    }
  }

  /** The sums of what a stage holds now, at each of some snapshots. */
  #fillSums(
    { state }: ImageUnderWay,
    stage: NeuronStage | GateStage,
    sums: Float64Array | undefined,
    snapshots: readonly number[],
  ): void {
    if (sums === undefined) return;
    const now = new Float64Array(sumsEach);
    this.#forEachBlock(state, stage, null, (block) => this.#sumBlock(stage, block, now, 0));
    for (const at of snapshots) sums.set(now, at * sumsEach);
  }

  /** Outputs at all snapshots up to t. */
  #readSnapshots(
    request: SimulationRequest,
    result: SimulationResult,
    image: ImageUnderWay,
    until: number,
  ): void {
    const { output, neurons, gates } = this.plan;
    const stages = new Map<string, NeuronStage | GateStage>([...neurons, ...gates].map((s) => [s.id, s]));
    for (const [snapshot, t] of request.snapshots.entries()) {
      if (t > until) break;
      const at = image.index * request.snapshots.length + snapshot;
      const then: CountedImage = {
        countsOf(id) {
          const stage = stages.get(id);
          if (stage === undefined) return new Int32Array(0);
          const size = countElements(stage.shape);
          return layerOf(result, stage).counts.subarray(at * size, (at + 1) * size);
        },
        countsAtDelay: (id) => image.kept.get(`${id} delay`) ?? [],
        potentials: () => image.kept.get(`potentials ${t}`) ?? [],
        constant: image.constant,
      };
      this.#reader.read(request, t, then, result.outputs, at * output.classes);
    }
  }
}

/** The counts of a stage in a result. */
function layerOf({ layers, gates }: SimulationResult, stage: NeuronStage | GateStage): LayerCounts {
  const found =
    stage.kind === "neuron"
      ? layers.find(({ name }) => name === stage.name)
      : gates.find(({ name }) => name === stage.id);
  return found ?? { name: stage.id, shape: stage.shape, counts: new Int32Array(0) };
}

/** Bytes of potentials and counts of an image, about. */
function stateBytes({ neurons, gates }: SnnPlan): number {
  return [...neurons, ...gates].reduce((sum, { shape }) => sum + 8 * countBlocked(shape), 0);
}

function keepBlock(
  kept: Kept,
  key: string,
  values: Int32Array | Float32Array,
  block: number,
  shape: readonly [number, number, number],
): void {
  const whole = kept.get(key) ?? new Float64Array(shape[0] * shape[1] * shape[2]);
  fromBlock(values, block, shape, whole, 0);
  kept.set(key, whole);
}
