/**
 * Fills a request's result: counts and readouts at its snapshots, sums, the step at which an image stops.
 *
 * Knows: snapshots, delay, early exit. May not know: order of work, kernels.
 */
import { countElements } from "../../../core/tensor.js";
import type { Shape } from "../../../graph/node-types.js";
import type { LayerCounts, SimulationRequest, SimulationResult } from "../../backend.js";
import { isDecided } from "../../exit-margin.js";
import type { GateStage, NeuronStage, SnnPlan, Stage } from "../../plan/snn-plan.js";
import { fromBlock } from "../memory/block-elements.js";
import type { WantedState } from "../memory/tile-commands.js";
import { type CountSums, sumsEach } from "./count-sums.js";
import type { ImageUnderWay } from "./image-under-way.js";
import type { CountedImage, OutputReader } from "./output-reader.js";
import type { BlockState, SlotReader } from "./read-slot.js";
import type { TimeSpan } from "./time-blocks.js";

export class SnapshotTaker {
  readonly result: SimulationResult;
  readonly #stages: ReadonlyMap<string, NeuronStage | GateStage>;
  /** Stage id → its counts in the result. */
  readonly #layers: ReadonlyMap<string, LayerCounts>;
  /** Ids of the stages whose counts are wanted. */
  readonly #counted: ReadonlySet<string>;

  constructor(
    private readonly plan: SnnPlan,
    private readonly request: SimulationRequest,
    private readonly outputs: OutputReader,
    private readonly slots: SlotReader,
    private readonly sums: CountSums | undefined,
  ) {
    const { neurons, gates } = plan;
    this.result = emptyResult(plan, request);
    this.#stages = new Map([...neurons, ...gates].map((stage) => [stage.id, stage]));
    this.#counted = new Set(
      [...neurons, ...gates].filter((stage) => isCounted(request, stage)).map(({ id }) => id),
    );
    const layers = [...this.result.layers, ...this.result.gates];
    this.#layers = new Map([...this.#stages.keys()].map((id, index) => [id, layers[index] as LayerCounts]));
  }

  /** What is read of a stage after step T. */
  wantedOf(stage: NeuronStage | GateStage): WantedState {
    const { request, plan, outputs } = this;
    const isRecorded = request.record !== undefined;
    const totals = this.#counted.has(stage.id) || (request.weights?.has(nameOf(stage)) ?? false);
    return {
      totals,
      counts: totals || isRecorded || outputs.reads(stage),
      potentials: request.potentials === true || isRecorded || stage.id === plan.output.neurons,
    };
  }

  /**
   * Takes what is wanted of a stage at time t; of one block of 16 channels, or of all.
   *
   * @param isSummedHere false where the kernels leave the sums on their way (takeSums)
   */
  takeRange(
    image: ImageUnderWay,
    stage: Stage,
    block: number | null,
    t: number,
    isSummedHere: boolean,
  ): void {
    if (stage.kind === "output") return;
    const { request } = this;
    const snapshot = request.snapshots.indexOf(t);
    const keepsDelay = t === request.delay && this.outputs.reads(stage);
    const { counts, potentials } = this.wantedOf(stage);
    if (!(counts || potentials)) return;
    this.slots.forEachBlock(image.state, stage, block, (now) => {
      image.recorder?.takeStep(stage, t, now);
      if (keepsDelay) this.#keepCounts(image.kept, `${stage.id} delay`, now, stage.shape);
      if (snapshot < 0) return;
      if (isSummedHere) this.#sumBlock(stage, now, this.#placeOf(image, snapshot));
      this.#sumEvents(stage, now, this.#placeOf(image, snapshot));
      this.#takeBlock(image, stage, now, snapshot);
    });
  }

  #takeBlock(image: ImageUnderWay, stage: NeuronStage | GateStage, now: BlockState, snapshot: number): void {
    const { request, slots } = this;
    const { counts, magnitudes, events, sums, potentials } = this.#layerOf(stage.id);
    const t = request.snapshots[snapshot] as number;
    if (this.outputs.reads(stage)) this.#keepCounts(image.kept, `${stage.id} ${t}`, now, stage.shape);
    // Sums stand for the counts before T.
    if (this.#counted.has(stage.id) && (sums === undefined || t === request.steps)) {
      const at = sums === undefined ? this.#placeOf(image, snapshot) : image.index;
      const offset = at * countElements(stage.shape);
      slots.copyBlock(now.countsAt, now.block, stage.shape, counts, offset);
      if (now.magnitudesAt !== 0 && magnitudes !== undefined)
        slots.copyBlock(now.magnitudesAt, now.block, stage.shape, magnitudes, offset);
      if (now.eventsAt !== 0 && events !== undefined)
        slots.copyBlock(now.eventsAt, now.block, stage.shape, events, offset);
    }
    if (t === request.steps && potentials !== undefined && now.potentials !== undefined) {
      const offset = image.index * countElements(stage.shape);
      fromBlock(now.potentials, now.block, stage.shape, potentials, offset);
    }
    const keepsPotentials = stage.id === this.plan.output.neurons && request.readout === "count+softmax";
    if (keepsPotentials && now.potentials !== undefined)
      keepBlock(image.kept, `potentials ${t}`, now.potentials, now.block, stage.shape);
  }

  /** Takes the sums that kernels left at time t, the `at`-th of the block's. */
  takeSums(image: ImageUnderWay, stage: NeuronStage, t: number, at: number): void {
    const place = this.#placeOf(image, this.request.snapshots.indexOf(t));
    const { sums } = this.#layerOf(stage.id);
    if (sums !== undefined) this.sums?.addTime(at, sums, place * sumsEach);
  }

  #placeOf({ index }: ImageUnderWay, snapshot: number): number {
    return index * this.request.snapshots.length + snapshot;
  }

  /** Adds a block's sums to those at a place, an image's at a snapshot. */
  #sumBlock(
    stage: NeuronStage | GateStage,
    now: BlockState,
    place: number,
    sums = this.#layerOf(stage.id).sums,
  ): void {
    const address = now.magnitudesAt === 0 ? now.countsAt : now.magnitudesAt;
    if (sums !== undefined) this.sums?.addBlock(stage, now.block, address, sums, place * sumsEach);
  }

  /** The same of the spikes that were not 0, where they are counted. */
  #sumEvents(
    stage: NeuronStage | GateStage,
    now: BlockState,
    place: number,
    sums = this.#layerOf(stage.id).eventSums,
  ): void {
    if (sums !== undefined) this.sums?.addBlock(stage, now.block, now.eventsAt, sums, place * sumsEach);
  }

  #keepCounts(kept: ImageUnderWay["kept"], key: string, { countsAt, block }: BlockState, shape: Shape): void {
    const whole = kept.get(key) ?? new Int32Array(countElements(shape));
    if (whole instanceof Int32Array) this.slots.copyBlock(countsAt, block, shape, whole, 0);
    kept.set(key, whole);
  }

  /** Reads what an image says in a span; whether it was its last, and then its results are complete. */
  endSpan(image: ImageUnderWay, span: TimeSpan): boolean {
    this.#readSnapshots(image, span);
    return this.#stopsAt(image, span.end) || span.end === this.request.steps;
  }

  /** Whether the image is decided at t; if so its results are complete. */
  #stopsAt(image: ImageUnderWay, t: number): boolean {
    const { result, request } = this;
    const { exit } = request;
    const at = exit?.times.indexOf(t) ?? -1;
    if (exit === undefined || result.exitOutputs === undefined || at < 0) return false;
    const { classes } = this.plan.output;
    const offset = (image.index * exit.times.length + at) * classes;
    this.outputs.read(request, t, this.#countedNow(image), result.exitOutputs, offset);
    const outputs = result.exitOutputs.subarray(offset, offset + classes);
    if (!isDecided(exit, at, outputs)) return false;
    result.exitSteps?.fill(t, image.index, image.index + 1);
    this.#fillSnapshots(image, t, outputs);
    return true;
  }

  #countedNow(image: ImageUnderWay): CountedImage {
    const read = <Values extends Int32Array | Float64Array>(
      id: string | null,
      what: "counts" | "potentials",
      into: (size: number) => Values,
    ) => {
      const stage = this.#stages.get(id ?? "");
      return stage === undefined ? into(0) : this.slots.readStage(image.state, stage, what, into);
    };
    return {
      countsOf: (id) => read(id, "counts", (size) => new Int32Array(size)),
      countsAtDelay: (id) => image.kept.get(`${id} delay`) ?? [],
      potentials: () => read(this.plan.output.neurons, "potentials", (size) => new Float64Array(size)),
      constant: image.constant,
    };
  }

  /** At snapshots from the last step on an image says what it said there. */
  #fillSnapshots(image: ImageUnderWay, t: number, outputs: Float64Array): void {
    const { snapshots } = this.request;
    const later = snapshots.flatMap((time, at) => (time >= t ? [image.index * snapshots.length + at] : []));
    for (const at of later) this.result.outputs.set(outputs, at * outputs.length);
    for (const stage of this.#stages.values()) {
      this.#fillSums(image, stage, this.#layerOf(stage.id), later);
      if (!this.#counted.has(stage.id)) continue;
      const counts = this.slots.readStage(image.state, stage, "counts", (size) => new Int32Array(size));
      const into = this.#layerOf(stage.id);
      const places = into.sums === undefined ? later : [image.index];
      for (const at of places) into.counts.set(counts, at * counts.length);
      if (into.magnitudes === undefined) continue;
      const magnitudes = this.slots.readStage(
        image.state,
        stage,
        "magnitudes",
        (size) => new Int32Array(size),
      );
      for (const at of places) into.magnitudes.set(magnitudes, at * magnitudes.length);
      if (into.events === undefined) continue;
      const events = this.slots.readStage(image.state, stage, "events", (size) => new Int32Array(size));
      for (const at of places) into.events.set(events, at * events.length);
    }
  }

  /** The sums of what a stage holds now, at each of some snapshots. */
  #fillSums(
    { state }: ImageUnderWay,
    stage: NeuronStage | GateStage,
    { sums, eventSums }: LayerCounts,
    snapshots: readonly number[],
  ): void {
    if (sums === undefined) return;
    const [now, events] = [new Float64Array(sumsEach), new Float64Array(sumsEach)];
    this.slots.forEachBlock(state, stage, null, (block) => {
      this.#sumBlock(stage, block, 0, now);
      if (eventSums !== undefined) this.#sumEvents(stage, block, 0, events);
    });
    for (const at of snapshots) {
      sums.set(now, at * sumsEach);
      eventSums?.set(events, at * sumsEach);
    }
  }

  /** Outputs at the snapshots of a span; what was kept for them is let go. */
  #readSnapshots(image: ImageUnderWay, { start, end }: TimeSpan): void {
    const { kept, constant } = image;
    for (const [snapshot, t] of this.request.snapshots.entries()) {
      if (t <= start || t > end) continue;
      const then: CountedImage = {
        countsOf: (id) => kept.get(`${id} ${t}`) ?? [],
        countsAtDelay: (id) => kept.get(`${id} delay`) ?? [],
        potentials: () => kept.get(`potentials ${t}`) ?? [],
        constant,
      };
      const offset = this.#placeOf(image, snapshot) * this.plan.output.classes;
      this.outputs.read(this.request, t, then, this.result.outputs, offset);
      for (const key of kept.keys()) if (key.endsWith(` ${t}`)) kept.delete(key);
    }
  }

  /** The counts of a stage in the result. */
  #layerOf(id: string): LayerCounts {
    return this.#layers.get(id) ?? { name: id, shape: [0, 0, 0], counts: new Int32Array(0) };
  }
}

const nameOf = (stage: NeuronStage | GateStage) => (stage.kind === "gate" ? stage.id : stage.name);

function isCounted({ counted }: SimulationRequest, stage: NeuronStage | GateStage): boolean {
  return counted?.includes(nameOf(stage)) ?? true;
}

function emptyResult(plan: SnnPlan, request: SimulationRequest): SimulationResult {
  const { n, steps, snapshots, exit, weights, recycle, potentials } = request;
  // All values that are defined are written: old ones need not be cleared.
  const take = (used: Int32Array | undefined, length: number) =>
    used?.length === length ? used : new Int32Array(length);
  const empty = (stage: NeuronStage | GateStage, name: string, old?: LayerCounts): LayerCounts => {
    const { shape, lo } = stage;
    const isSummed = weights?.has(name) ?? false;
    const perImage = isCounted(request, stage) ? countElements(shape) : 0;
    const length = n * (isSummed ? 1 : snapshots.length) * perImage;
    const zeros = () => new Float64Array(n * snapshots.length * sumsEach);
    const sums = isSummed ? { sums: zeros() } : {};
    const counts = { name, shape, counts: take(old?.counts, length), ...sums };
    if (lo === 0) return counts;
    const signed = { ...counts, magnitudes: take(old?.magnitudes, length) };
    if (stage.kind === "gate" || stage.refine === null) return signed;
    const eventSums = isSummed ? { eventSums: zeros() } : {};
    return { ...signed, events: take(old?.events, length), ...eventSums };
  };
  return {
    outputs: new Float64Array(n * snapshots.length * plan.output.classes),
    layers: plan.neurons.map((stage, at) => {
      const counts = empty(stage, stage.name, recycle?.layers[at]);
      if (potentials !== true) return counts;
      return { ...counts, potentials: new Float64Array(n * countElements(stage.shape)) };
    }),
    gates: plan.gates.map((stage, at) => empty(stage, stage.id, recycle?.gates[at])),
    ...(exit && {
      exitSteps: new Int32Array(n).fill(steps),
      exitOutputs: new Float64Array(n * exit.times.length * plan.output.classes),
    }),
  };
}

function keepBlock(
  kept: ImageUnderWay["kept"],
  key: string,
  values: Int32Array | Float32Array,
  block: number,
  shape: readonly [number, number, number],
): void {
  const whole = kept.get(key) ?? new Float64Array(shape[0] * shape[1] * shape[2]);
  fromBlock(values, block, shape, whole, 0);
  kept.set(key, whole);
}
