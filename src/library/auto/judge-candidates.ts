/**
 * Simulates candidates on judging images, more and more of them, beside the network's own answers.
 *
 * Knows: a track a conversion, whose finished images are kept. May not know: which candidate is looked for.
 */
import { computeFloatValues } from "../../conversion/float-values.js";
import { readTasks } from "../../conversion/image-source.js";
import { predictClasses } from "../../core/predict-class.js";
import type { LongCallOptions } from "../../core/progress.js";
import { exitCodes, RespikeError } from "../../core/respike-error.js";
import type { TaskRunner } from "../../core/task-runner.js";
import { gatherImages, type ImageSet } from "../../datasets/dataset.js";
import type { ChunkRecord } from "../../evaluation/chunk-record.js";
import { type ChunkStore, memoryStore } from "../../evaluation/chunk-store.js";
import { countAnnMacs } from "../../evaluation/count-operations.js";
import { evaluateSnn } from "../../evaluation/evaluate-snn.js";
import { planEvaluation } from "../../evaluation/evaluation-plan.js";
import { pairedInterval } from "../../evaluation/paired-interval.js";
import type { Snn } from "../../graph/snn.js";
import type { LeftOut } from "./left-out.js";
import type { PresetContender } from "./list-contenders.js";
import type { Look } from "./search-steps.js";

/** Presets that are made for no T are simulated to these, and looked at on the way. */
const horizons = [16, 64, 350];

/** What a conversion refuses for its options or its network, rather than for the machine or a fault of its own. */
const refusals: ReadonlySet<number> = new Set([exitCodes.usage, exitCodes.inputRefused]);
/** The code of the error of potentials that could leave 32 bits: a matter of T. */
const overflow = "membrane-overflow";

export interface JudgeSetup extends LongCallOptions {
  /** The judging images alone, in the order in which they are looked at. */
  readonly images: ImageSet;
  /** Each T that is tried. */
  readonly times: readonly number[];
  readonly data: string;
  readonly runner: TaskRunner;
  /** Converts with a preset for T. */
  readonly convert: (preset: string, T: number) => Promise<Snn>;
  /**
   * Told of a preset whose conversion is refused, once, and of a candidate that the simulator refuses: its potentials could
   * leave 32 bits within T steps.
   */
  readonly onLeftOut: (leftOut: LeftOut) => void;
}

/** One conversion on its way through the judging images. */
interface Track {
  readonly key: string;
  readonly snn: Snn;
  readonly steps: number;
  readonly store: GrowingStore;
}

export class CandidateJudge {
  readonly #setup: JudgeSetup;
  readonly #tracks = new Map<string, Track>();
  readonly #refused = new Set<string>();
  #network: { readonly predictions: Int32Array; readonly macs: number } | null = null;

  constructor(setup: JudgeSetup) {
    this.#setup = setup;
  }

  /**
   * What the first n judging images say of the candidate; those seen before are not simulated again. Null where it cannot be
   * made, which holds for every T, or where the simulator cannot run so many steps of it.
   */
  async look(contender: PresetContender, T: number, n: number): Promise<Look | null> {
    try {
      const track = await this.#open(contender, T);
      return track && (await this.#simulate(track, T, n));
    } catch (error) {
      if (!(error instanceof RespikeError && error.code === overflow)) throw error;
      this.#setup.onLeftOut({ preset: contender.preset, T, error });
      return null;
    }
  }

  async #simulate(track: Track, T: number, n: number): Promise<Look> {
    const { images, times, data, runner, signal, onProgress } = this.#setup;
    const { predictions } = await this.#runNetwork(track.snn);
    const at = times.filter((t) => t <= track.steps);
    const asked = { split: "train", n, T: track.steps, at, ann: false } as const;
    const plan = planEvaluation(track.snn, images, data, asked);
    const store = track.store.within(n);
    const evaluated = await evaluateSnn(plan, runner, { store, signal, onProgress });
    const which = evaluated.result.snn.at.findIndex(({ t }) => t === T);
    const { accuracy = 0, sopEffective: sop = 0 } = evaluated.result.snn.at[which] ?? {};
    let [annOnly, snnOnly] = [0, 0];
    for (const { index, label, at: answers } of evaluated.predictions) {
      const [ann, snn] = [predictions[index] === label, answers[which] === label];
      annOnly += Number(ann && !snn);
      snnOnly += Number(snn && !ann);
    }
    const loss = (100 * (annOnly - snnOnly)) / n;
    return { n, accuracy, loss, lossCi95: pairedInterval(annOnly, snnOnly, n), sop };
  }

  /** The network on all judging images. */
  describeNetwork(): { readonly correct: number; readonly accuracy: number; readonly macs: number } {
    const { labels, n } = this.#setup.images;
    const { predictions, macs } = this.#network ?? { predictions: new Int32Array(n).fill(-1), macs: 0 };
    const correct = predictions.reduce((sum, answer, image) => sum + Number(answer === labels[image]), 0);
    return { correct, accuracy: (100 * correct) / n, macs };
  }

  async #open({ preset, isMadeForSteps }: PresetContender, T: number): Promise<Track | null> {
    const steps = isMadeForSteps ? T : (horizons.find((horizon) => horizon >= T) ?? T);
    const key = `${preset} ${steps}`;
    const known = this.#tracks.get(key);
    if (known !== undefined) return known;
    // a smaller T of this preset is not asked for again
    for (const old of this.#tracks.keys()) if (old.startsWith(`${preset} `)) this.#tracks.delete(old);
    const snn = await this.#convert(preset, steps);
    if (snn === null) return null;
    const track = { key, snn, steps, store: new GrowingStore() };
    this.#tracks.set(key, track);
    return track;
  }

  /** Null where the preset does not fit the network, from then on for every T. */
  async #convert(preset: string, steps: number): Promise<Snn | null> {
    if (this.#refused.has(preset)) return null;
    try {
      return await this.#setup.convert(preset, steps);
    } catch (error) {
      if (!(error instanceof RespikeError) || error.code === overflow || !refusals.has(error.exitCode))
        throw error;
      this.#refused.add(preset);
      this.#setup.onLeftOut({ preset, T: null, error });
      return null;
    }
  }

  /** Once: every conversion brings the same network. */
  async #runNetwork({ network, preprocessing }: Snn) {
    if (this.#network !== null) return this.#network;
    const { images, runner, signal } = this.#setup;
    const all = Uint32Array.from({ length: images.n }, (_, index) => index);
    const source = { read: (wanted: ArrayLike<number>) => gatherImages(images, wanted) };
    const shared = { graph: network, preprocessing, keep: [network.output.id], wasmUrl: undefined };
    const tasks = readTasks(source, all, 8, preprocessing);
    const values = await computeFloatValues(runner, shared, tasks, images.n, 8, signal);
    const logits = values.get(network.output.id) as Float32Array;
    this.#network = { predictions: predictClasses(logits, images.n), macs: countAnnMacs(network) };
    return this.#network;
  }
}

/** Keeps what was evaluated for an evaluation of more images, or of fewer. */
class GrowingStore {
  #records: readonly ChunkRecord[] = [];

  /** What is finished of the first n images alone; a chunk that ends beyond them is dropped, and its images are simulated anew. */
  within(n: number): ChunkStore {
    this.#records = this.#records.filter(({ start, indices }) => start >= n || start + indices.length <= n);
    return {
      ...memoryStore(),
      finished: this.#records.filter(({ start }) => start < n),
      append: async (record) => {
        this.#records = [...this.#records, record];
      },
    };
  }
}
