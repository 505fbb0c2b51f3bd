/**
 * Runs compiled graphs in onnxruntime.
 *
 * Knows: sessions, preallocated tensors, which of two sets holds the present state.
 * May not know: networks, data, schedules.
 *
 * A step reads the state from one set of tensors and writes the next into the other;
 * then the two change places. Nothing is allocated a step but loss and logits.
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { countElements } from "../core/tensor.js";
import { nameNext, nameVelocity } from "./emit-update.js";
import type { Engine } from "./load-engine.js";
import type { CompiledGraph } from "./lower-to-training-graph.js";
import type { NetworkState } from "./network-state.js";
import type { TrainingDevice } from "./training-device.js";

type TensorSet = Record<string, Tensor>;

export interface StepResult {
  readonly loss: number;
  /** [N,classes] */
  readonly logits: Float32Array;
}

/** What a session is opened with; on `cuda` the threads are those of the few operators that stay on the CPU. */
export function sessionOptions(device: TrainingDevice, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    // With its plan of one large piece the engine would keep the first step's memory beside that of the others.
    enableMemPattern: device !== "cpu",
    logSeverityLevel: 3,
  };
}

export class TrainingSession {
  #present: TensorSet;
  #next: TensorSet;

  private constructor(
    readonly compiled: CompiledGraph,
    private readonly engine: Engine,
    private readonly session: InferenceSession,
    state: NetworkState,
  ) {
    this.#present = this.#makeSet(state);
    this.#next = this.#makeSet(null);
  }

  /**
   * @param state of the network, and momenta under `<name>/velocity` (0 where they are missing); copied
   * @param threads of the engine; with 1 every run on a CPU gives the same bits
   */
  static async open(
    engine: Engine,
    compiled: CompiledGraph,
    state: NetworkState,
    threads: number,
    device: TrainingDevice = "cpu",
  ): Promise<TrainingSession> {
    const session = await engine.InferenceSession.create(compiled.model, sessionOptions(device, threads));
    try {
      return new TrainingSession(compiled, engine, session, state);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /**
   * One step of gradient descent.
   *
   * @param images preprocessed [N,C,H,W]
   * @param targets [N,classes], each row summing to 1
   */
  async step(images: Tensor, targets: Tensor, rate: number): Promise<StepResult> {
    const feeds = {
      ...this.#present,
      images,
      targets,
      rate: new this.engine.Tensor("float32", Float32Array.of(rate), []),
    };
    const fetches: Record<string, Tensor | null> = { loss: null, logits: null };
    for (const [name, tensor] of Object.entries(this.#next)) fetches[nameNext(name)] = tensor;
    const results = await this.session.run(feeds, fetches);
    [this.#present, this.#next] = [this.#next, this.#present];
    const floats = (name: string) => results[name]?.data as Float32Array;
    return { loss: floats("loss")[0] as number, logits: floats("logits") };
  }

  /** The present state with its momenta, copied. */
  readState(): Map<string, Float32Array> {
    return copySet(this.#present);
  }

  /** The state before the last step. */
  readEarlierState(): Map<string, Float32Array> {
    return copySet(this.#next);
  }

  release(): Promise<void> {
    return this.session.release();
  }

  #makeSet(state: NetworkState | null): TensorSet {
    const set: TensorSet = {};
    for (const { name, kind, shape } of this.compiled.state) {
      const size = countElements(shape);
      const make = (data: Float32Array) => new this.engine.Tensor("float32", data, shape);
      const blank = () => new Float32Array(size);
      set[name] = make(state === null ? blank() : takeValues(state, name, size).slice());
      if (kind === "tracked") continue;
      const velocity = nameVelocity(name);
      set[velocity] = make(state?.has(velocity) ? takeValues(state, velocity, size).slice() : blank());
    }
    return set;
  }
}

function copySet(set: TensorSet): Map<string, Float32Array> {
  return new Map(Object.entries(set).map(([name, { data }]) => [name, (data as Float32Array).slice()]));
}

function takeValues(state: NetworkState, name: string, size: number): Float32Array {
  const values = state.get(name);
  if (values?.length !== size) {
    throw new RangeError(`'${name}' has ${values?.length ?? "no"} values in the state, not ${size}`);
  }
  return values;
}

export class EvaluationSession {
  private constructor(
    readonly compiled: CompiledGraph,
    private readonly engine: Engine,
    private readonly session: InferenceSession,
  ) {}

  static async open(
    engine: Engine,
    compiled: CompiledGraph,
    threads: number,
    device: TrainingDevice = "cpu",
  ): Promise<EvaluationSession> {
    const session = await engine.InferenceSession.create(compiled.model, sessionOptions(device, threads));
    return new EvaluationSession(compiled, engine, session);
  }

  /** Logits [N,classes] of preprocessed images [N,C,H,W] under a state. */
  async run(images: Tensor, state: NetworkState): Promise<Float32Array> {
    const feeds: TensorSet = { images };
    for (const { name, shape } of this.compiled.state) {
      const values = takeValues(state, name, countElements(shape));
      feeds[name] = new this.engine.Tensor("float32", values, shape);
    }
    return (await this.session.run(feeds)).logits?.data as Float32Array;
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
