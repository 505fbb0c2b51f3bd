/**
 * One layer of a spiking network on images, other layers sending what they sent before: its counts and spikes.
 *
 * Knows: the job, batches of images. May not know: why a layer is looked at alone.
 */
import type { LayerRun, SpikeTrain } from "../conversion/simulation.js";
import { describeImages } from "../core/describe-images.js";
import type { LongCallOptions } from "../core/progress.js";
import { cutForPosting, shareMemory } from "../core/share-memory.js";
import type { TaskHandler, TaskRunner } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import { isOp } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import type { PackedSpikes, SimulationResult } from "../simulator/backend.js";
import { simulatorBackends } from "./backend-list.js";
import { type PortableSpiking, packSpiking, unpackSpiking } from "./portable-snn.js";

export interface ReplayOptions extends Pick<LongCallOptions, "signal"> {
  readonly layer: string;
  /** Layers that are not simulated, and what they send on the images. */
  readonly given: ReadonlyMap<string, SpikeTrain>;
  /** T */
  readonly steps: number;
  /** Steps at the beginning that `late` leaves out, 0…T − 1; not of layers that refine. */
  readonly delay: number;
  readonly wasmUrl?: URL | undefined;
}

interface ReplayShared {
  readonly snn: PortableSpiking;
  readonly layer: string;
  readonly given: readonly string[];
  readonly steps: number;
  readonly delay: number;
  readonly wasmUrl?: string | undefined;
}

interface ReplayTask {
  readonly images: Float32Array;
  readonly n: number;
  /** In the order of the layers given. */
  readonly sent: readonly PackedSpikes[];
}

interface ReplayResult {
  /** At the snapshots, [n][snapshots][neurons]. */
  readonly counts: Int32Array;
  readonly sent: PackedSpikes;
}

/** Images of a piece of a spike train. */
const batch = 8;

/** Handler of the job `replay-layer`. */
export async function startReplayHandler(
  shared: ReplayShared,
): Promise<TaskHandler<ReplayTask, ReplayResult>> {
  const { layer, given, steps, delay } = shared;
  const wasmUrl = shared.wasmUrl === undefined ? undefined : new URL(shared.wasmUrl);
  const snn = unpackSpiking(shared.snn);
  const simulator = await simulatorBackends.wasm.prepare(snn, { wasmUrl, replayed: given, handsOn: true });
  const target = snn.graph.node(layer);
  const refines = isOp(target, "neuron") && target.attributes.refine !== undefined;
  const readout = refines ? "final" : "mean";
  const snapshots = takenAt(steps, delay);
  let recycle: SimulationResult | undefined;
  return {
    handle({ images, n, sent }) {
      const replay = new Map(given.map((id, at) => [id, sent[at] as PackedSpikes]));
      const asked = { images, n, steps, snapshots, readout, delay: 0 } as const;
      const result = simulator.run({ ...asked, replay, keepSpikes: [layer], recycle });
      const { layers, spikes } = result;
      const counts = layers.find(({ name }) => name === layer)?.counts as Int32Array;
      // Spikes go back to the workers three times or more: in shared memory they are copied no more.
      const shared = shareMemory({ counts, sent: spikes?.get(layer) as PackedSpikes });
      if (shared.counts !== counts) recycle = result;
      return shared;
    },
    free: () => simulator.free(),
  };
}

/** After the steps left out, where there are any, and at T. */
function takenAt(steps: number, delay: number): readonly number[] {
  return delay === 0 ? [steps] : [delay, steps];
}

/**
 * The layer's counts and spikes after T steps, on the runner's threads; no result depends on how many there are.
 *
 * @param images preprocessed [n,C,H,W], read only; in shared memory none of them is copied
 * @throws RespikeError of the simulator
 */
export async function replayLayer(
  snn: Snn,
  images: Float32Array,
  runner: TaskRunner,
  { layer, given, steps, delay, signal, wasmUrl }: ReplayOptions,
): Promise<LayerRun> {
  const size = countElements(snn.graph.input.attributes.shape);
  const n = images.length / size;
  const perImage = countElements(snn.graph.shape(layer));
  const counts = new Int32Array(n * perImage);
  const late = delay === 0 ? counts : new Int32Array(n * perImage);
  const sent: PackedSpikes[] = [];
  const trains = [...given.values()];
  function* makeTasks(): Generator<ReplayTask> {
    for (let from = 0; from < n; from += batch) {
      const to = Math.min(n, from + batch);
      const pieces = trains.map((train) => train[from / batch] as PackedSpikes);
      yield { images: cutForPosting(images, from * size, to * size), n: to - from, sent: pieces };
    }
  }
  await runner.run<ReplayShared, ReplayTask, ReplayResult>({
    kind: "replay-layer",
    shared: { snn: packSpiking(snn), layer, given: [...given.keys()], steps, delay, wasmUrl: wasmUrl?.href },
    tasks: makeTasks(),
    describe: ({ n: count }, number) =>
      describeImages(Array.from({ length: count }, (_, i) => number * batch + i)),
    signal,
    onResult(result, number) {
      takeCounts(result.counts, perImage, number * batch, counts, late);
      sent[number] = result.sent;
    },
  });
  return { counts, late, sent };
}

/** Counts of some images, the first of them the `first` of all, put where they belong. @param taken [n][snapshots][perImage] */
function takeCounts(
  taken: Int32Array,
  perImage: number,
  first: number,
  counts: Int32Array,
  late: Int32Array,
): void {
  if (late === counts) {
    counts.set(taken, first * perImage);
    return;
  }
  for (let from = 0, at = first * perImage; from < taken.length; from += 2 * perImage, at += perImage) {
    for (let i = 0; i < perImage; i++) {
      const whole = taken[from + perImage + i] as number;
      counts[at + i] = whole;
      late[at + i] = whole - (taken[from + i] as number);
    }
  }
}
