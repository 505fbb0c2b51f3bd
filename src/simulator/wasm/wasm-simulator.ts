/**
 * A prepared network on the kernels: runs requests, few images at a time.
 *
 * Knows: time blocks, snapshots, readouts. May not know: kernels' insides, labels.
 */
import { type Problem, refuseInput } from "../../core/respike-error.js";
import type { SimulationRecord, SimulationRequest, SimulationResult } from "../backend.js";
import { drawPixelSpike } from "../image-input.js";
import type { NeuronStage, SnnPlan, Stage } from "../plan/snn-plan.js";
import { firstMeanStep, readCounts, readMean } from "../read-output.js";
import { fromBlock, toBlocked } from "./block-elements.js";
import type { LayerKernel } from "./choose-kernels.js";
import { ConstantCurrents } from "./constant-currents.js";
import { spikesAt } from "./kernel-commands.js";
import type { KernelExports } from "./kernel-module.js";
import { layOutNetwork, type NetworkMemory, type SlotMemory, setLanes } from "./layer-memory.js";
import { MemoryArena } from "./memory-arena.js";
import { ReadSynapses } from "./read-synapses.js";
import { StepRecorder } from "./record-steps.js";
import { StageRunner } from "./run-stages.js";
import { layOutSpikes, type SpikeLayout } from "./spike-layout.js";

/** Spikes of all images under way take at most so many bytes; longer simulations run in time blocks. */
export const defaultSpikeBudget = 2 ** 24;
const mostImages = 8;
const outputImage = "output";

/** What is kept of a source or layer at the times that matter. */
type Kept = Map<string, Int32Array | Float64Array>;

export class WasmSimulator {
  /** Stage id → milliseconds spent in it so far. */
  readonly milliseconds = new Map<string, number>();
  readonly #arena: MemoryArena;
  readonly #constants = new Map<string, ConstantCurrents>();
  readonly #largestV0: ReadonlyMap<string, number>;
  readonly #readers: readonly ReadSynapses[];
  #network: { readonly key: string; readonly memory: NetworkMemory } | undefined;

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
    this.#readers = output.groups
      .filter((group) => group.source !== plan.image)
      .map((g) => new ReadSynapses(g));
  }

  run(request: SimulationRequest): SimulationResult {
    const result = this.#emptyResult(request);
    const records: SimulationRecord[] = [];
    const { memory, images, blockSteps } = this.#prepareMemory(request);
    for (let first = 0; first < request.n; first += images) {
      const count = Math.min(images, request.n - first);
      this.#runImages(request, memory, blockSteps, first, count, result, records);
    }
    return request.record === undefined ? result : { ...result, records };
  }

  #emptyResult({ n, snapshots }: SimulationRequest): SimulationResult {
    const empty = (stage: { readonly shape: readonly [number, number, number] }, name: string) => ({
      name,
      shape: stage.shape,
      counts: new Int32Array(n * snapshots.length * stage.shape[0] * stage.shape[1] * stage.shape[2]),
    });
    return {
      outputs: new Float64Array(n * snapshots.length * this.plan.output.classes),
      layers: this.plan.neurons.map((stage) => empty(stage, stage.name)),
      gates: this.plan.gates.map((stage) => empty(stage, stage.id)),
    };
  }

  /** As many images at a time, then as long a time block, as the spikes' memory allows. */
  #prepareMemory({ n, steps }: SimulationRequest) {
    const bytesOf = (blockSteps: number) => layOutSpikes(this.plan, this.kernels, blockSteps).bytes;
    const images = Math.max(
      1,
      Math.min(n, mostImages, Math.floor(this.options.spikeBudget / bytesOf(steps))),
    );
    const perStep = bytesOf(1024) / 1024;
    const longest = Math.max(64, Math.floor(this.options.spikeBudget / (perStep * images) / 64) * 64);
    const blockSteps = Math.min(steps, longest);
    const key = `${images} ${blockSteps}`;
    if (this.#network?.key !== key) {
      this.#arena.reset();
      const memory = layOutNetwork(this.plan, this.kernels, this.#arena, blockSteps, images);
      this.#network = { key, memory };
    }
    return { memory: this.#network.memory, images, blockSteps };
  }

  #runImages(
    request: SimulationRequest,
    memory: NetworkMemory,
    blockSteps: number,
    first: number,
    count: number,
    result: SimulationResult,
    records: SimulationRecord[],
  ): void {
    const runner = new StageRunner(this.plan, this.module, this.#arena, memory, this.milliseconds);
    const outputCurrents: Float64Array[] = [];
    for (let slot = 0; slot < count; slot++) {
      runner.startSlot(slot);
      outputCurrents.push(this.#startImage(request, memory, slot, this.#image(request, first + slot)));
    }
    const kept: Kept[] = Array.from({ length: count }, () => new Map());
    const recorders = outputCurrents.map(
      (constant) =>
        request.record && new StepRecorder(this.plan, this.#readers, request.record, request.steps, constant),
    );
    const recorded = [...this.plan.neurons, ...this.plan.gates].filter((stage) => recorders[0]?.wants(stage));
    const stepwise = new Set(recorded.map(({ id }) => id));
    const times = new Set([...request.snapshots, request.delay]);
    for (let start = 0; start < request.steps; start += blockSteps) {
      const end = Math.min(start + blockSteps, request.steps);
      const ends = [...times, end].filter((t) => t > start && t <= end);
      const time = { start, ends: [...new Set(ends)].sort((a, b) => a - b), stepwise };
      if (this.options.poisson) {
        for (let slot = 0; slot < count; slot++)
          this.#drawPixels(request, memory, slot, first + slot, start, end);
      }
      runner.runBlock(count, time, (stage, block, slot, t) => {
        this.#keepRange(request, memory, result, kept[slot] as Kept, {
          stage,
          block,
          slot,
          t,
          image: first + slot,
          recorder: recorders[slot],
        });
      });
    }
    for (let slot = 0; slot < count; slot++) {
      this.#readImage(
        request,
        result,
        kept[slot] as Kept,
        outputCurrents[slot] as Float64Array,
        first + slot,
      );
      const record = recorders[slot]?.finish();
      if (record !== undefined) records.push(record);
    }
  }

  #image({ images }: SimulationRequest, index: number): Float32Array {
    const pixels = this.plan.imageShape[0] * this.plan.imageShape[1] * this.plan.imageShape[2];
    return images.subarray(index * pixels, (index + 1) * pixels);
  }

  /** Puts the image's constant currents in place; returns those of the output. */
  #startImage(
    request: SimulationRequest,
    memory: NetworkMemory,
    slot: number,
    image: Float32Array,
  ): Float64Array {
    for (const { stage, kernel } of memory.layers.values()) {
      const constant = this.#constants.get(stage.id)?.compute(image);
      this.#checkMembrane(kernel, constant, request.steps);
      const state = memory.slots[slot]?.layers.get(stage.id);
      if (constant === undefined || state === undefined) continue;
      const isFloat = stage.number === "float32";
      const own = stage.poolBefore === null ? stage.current : new Float64Array(constant.length);
      const sum = constant.map((value, i) =>
        isFloat ? Math.fround(value + (own[i] as number)) : value + (own[i] as number),
      );
      setLanes(this.#arena, kernel.lanes, state.base, toBlocked(sum, stage.currentShape));
    }
    return this.#constants.get(outputImage)?.compute(image) ?? new Float64Array(this.plan.output.classes);
  }

  /** |V| ≤ |V(0)| + T·max|I| has to stay below 2³¹. */
  #checkMembrane({ stage, bounds }: LayerKernel, constant: Float64Array | undefined, steps: number): void {
    if (stage.number === "float32") return;
    const start = this.#largestV0.get(stage.id) ?? 0;
    const current =
      Math.max(-bounds.lowest, bounds.highest) + (constant === undefined ? 0 : largestMagnitude(constant));
    const largest = start + steps * current;
    if (largest < 2 ** 31) return;
    const problem: Problem = {
      code: "membrane-overflow",
      where: stage.name,
      rule: "V(0) + T·(largest current) stays below 2³¹",
      value: String(largest),
      next: "choose a smaller T, or convert the model again",
    };
    throw refuseInput(problem);
  }

  #drawPixels(
    request: SimulationRequest,
    memory: NetworkMemory,
    slot: number,
    index: number,
    start: number,
    end: number,
  ): void {
    const layout = memory.layouts.get(this.plan.image);
    if (layout === undefined || request.poisson === undefined) return;
    const image = this.#image(request, index);
    const { seed, imageIndices } = request.poisson;
    const slotMemory = memory.slots[slot] as SlotMemory;
    const bytes = this.#arena.bytes(slotMemory.spikes + layout.offset, layout.bytes).fill(0);
    const origin = spikesAt(slotMemory, layout) - slotMemory.spikes - layout.offset;
    for (let pixel = 0; pixel < image.length; pixel++) {
      const x = image[pixel] as number;
      if (x === 0) continue;
      const at = origin + pixelByte(pixel, layout);
      const bit = 1 << (Math.floor(pixel / (layout.shape[1] * layout.shape[2])) & 7);
      for (let t = start + 1; t <= end; t++) {
        if (!drawPixelSpike(x, seed, imageIndices[index] ?? 0, pixel, t)) continue;
        const byte = at + (t - start - 1) * layout.step;
        bytes[byte] = (bytes[byte] as number) | bit;
      }
    }
  }

  /** Copies what is wanted of a stage at time t. */
  #keepRange(
    request: SimulationRequest,
    memory: NetworkMemory,
    result: SimulationResult,
    kept: Kept,
    at: {
      readonly stage: Stage;
      readonly block: number | null;
      readonly slot: number;
      readonly t: number;
      readonly image: number;
      readonly recorder: StepRecorder | undefined;
    },
  ): void {
    const { stage, t } = at;
    if (stage.kind === "output") return;
    const slot = memory.slots[at.slot] as SlotMemory;
    const address = slot.layers.get(stage.id)?.count ?? slot.gates.get(stage.id)?.largest ?? 0;
    const list = stage.kind === "neuron" ? result.layers : result.gates;
    const named = list.find(({ name }) => name === (stage.kind === "neuron" ? stage.name : stage.id));
    const [channels, height, width] = stage.shape;
    const size = channels * height * width;
    const snapshot = request.snapshots.indexOf(t);
    const isRead =
      stage.id === this.plan.output.neurons || this.#readers.some(({ source }) => source === stage.id);
    const blocks =
      at.block === null ? Array.from({ length: Math.ceil(channels / 16) }, (_, i) => i) : [at.block];
    for (const block of blocks) {
      const blockAddress = block * height * width * 64;
      const counts = this.#arena.words(address + blockAddress, height * width * 16);
      const potential = slot.layers.get(stage.id)?.potential;
      const potentials =
        potential === undefined
          ? undefined
          : (stage as NeuronStage).number === "float32"
            ? this.#arena.floats(potential + blockAddress, height * width * 16)
            : this.#arena.words(potential + blockAddress, height * width * 16);
      at.recorder?.takeStep(stage, t, { block, counts, potentials });
      if (snapshot >= 0 && named !== undefined) {
        fromBlock(
          counts,
          block,
          stage.shape,
          named.counts,
          (at.image * request.snapshots.length + snapshot) * size,
        );
      }
      if (t === request.delay && isRead) keepBlock(kept, `${stage.id} delay`, counts, block, stage.shape);
      if (snapshot >= 0 && stage.id === this.plan.output.neurons && request.readout === "count+softmax") {
        if (potentials) keepBlock(kept, `potentials ${t}`, potentials, block, stage.shape);
      }
    }
  }

  #readImage(
    request: SimulationRequest,
    result: SimulationResult,
    kept: Kept,
    image: Float64Array,
    index: number,
  ): void {
    const { output, neurons, gates } = this.plan;
    const countsAt = (id: string, snapshot: number): Int32Array => {
      const layer = neurons.findIndex((stage) => stage.id === id);
      const list =
        layer >= 0 ? result.layers[layer] : result.gates[gates.findIndex((stage) => stage.id === id)];
      const size = list === undefined ? 0 : list.shape[0] * list.shape[1] * list.shape[2];
      const from = (index * request.snapshots.length + snapshot) * size;
      return list?.counts.subarray(from, from + size) ?? new Int32Array(0);
    };
    for (const [snapshot, t] of request.snapshots.entries()) {
      const offset = (index * request.snapshots.length + snapshot) * output.classes;
      if (request.readout !== "mean") {
        const stage = neurons.find((each) => each.id === output.neurons) as NeuronStage;
        const potentials = kept.get(`potentials ${t}`) ?? [];
        const softmax = request.readout === "count" ? null : { potentials, threshold: stage.threshold };
        readCounts(countsAt(stage.id, snapshot), softmax, result.outputs, offset);
        continue;
      }
      const first = firstMeanStep(t, request.delay);
      const since = (id: string): ArrayLike<number> => {
        const before = first > 0 ? kept.get(`${id} delay`) : undefined;
        const counts = countsAt(id, snapshot);
        return before === undefined ? counts : counts.map((count, i) => count - (before[i] as number));
      };
      const sums = output.current.map((current, k) => (current + (image[k] as number)) * (t - first));
      for (const reader of this.#readers) reader.add(since(reader.source), sums);
      if (output.neurons !== null) sums.set(Float64Array.from(since(output.neurons)));
      readMean(sums, t - first, output.scale, result.outputs, offset);
    }
  }
}

function largestMagnitude(values: Float64Array): number {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > largest) largest = Math.abs(value);
  return largest;
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

/** Byte of a pixel's channel in the first step, relative to (y 0, t 0, x 0). */
function pixelByte(pixel: number, layout: SpikeLayout): number {
  const [, height, width] = layout.shape;
  const channel = Math.floor(pixel / (height * width));
  const y = Math.floor(pixel / width) % height;
  return y * layout.row + (pixel % width) * layout.pixel + (channel >> 3);
}
