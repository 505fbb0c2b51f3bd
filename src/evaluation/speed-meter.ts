/**
 * Times rounds of work on a runner's threads, which are started and warm before the first round.
 *
 * Knows: rounds and batches. May not know: threads (the runner has them), what is made of the figures.
 *
 * Workers are those that every evaluation uses. Between rounds they sleep, so that somebody else's round can run in
 * turn on the same cores.
 */
import type { TaskRunner } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import type { Readout } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import type { BackendName } from "./backend-list.js";
import type { SpeedResult, SpeedShared, SpeedTask, SpeedWork } from "./measure-speed.js";
import { makeOperationTables } from "./operation-tables.js";
import { packSnn } from "./portable-snn.js";

export interface SpeedMeterOptions {
  /** Images a worker takes at once (8). */
  readonly batch?: number | undefined;
  readonly backend?: BackendName | undefined;
  readonly readout?: Readout | undefined;
  readonly delay?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly wasmUrl?: URL | undefined;
}

export interface Round {
  /** From the first task handed out to the last result. */
  readonly seconds: number;
  readonly images: number;
  /** In the order of the images, one a batch. */
  readonly results: readonly SpeedResult[];
}

export interface SpeedMeter {
  readonly threads: number;
  /**
   * Does `work` for all images, `repeat` times over.
   *
   * @param images preprocessed [n,C,H,W], read only
   * @param batch images a worker takes at once, where it is not the meter's
   * @throws RespikeError of the simulator or of a worker
   */
  measure(work: SpeedWork, images: Float32Array, repeat?: number, batch?: number): Promise<Round>;
  /** Ends the workers. */
  close(): Promise<void>;
}

/** The runner must know the job `measure-speed`. */
export function openSpeedMeter(snn: Snn, runner: TaskRunner, options: SpeedMeterOptions = {}): SpeedMeter {
  const queue = new TaskQueue();
  const size = countElements(snn.graph.input.attributes.shape);
  let round: OpenRound | undefined;
  const job = runner.run<SpeedShared, SpeedTask, SpeedResult>({
    kind: "measure-speed",
    shared: {
      snn: packSnn(snn),
      tables: makeOperationTables(snn),
      backend: options.backend ?? "wasm",
      readout: options.readout ?? "mean",
      delay: options.delay ?? 0,
      wasmUrl: options.wasmUrl?.href,
    },
    tasks: queue,
    transfer: ({ images }) => [images.buffer as ArrayBuffer],
    signal: options.signal,
    onResult: (result, number) => round?.add(result, number),
  });
  const failed = job.then(() => Promise.reject(new Error("the speed meter was closed in a round")));
  failed.catch(() => {});
  return {
    threads: runner.threads,
    async measure(work, images, repeat = 1, batch = options.batch ?? 8) {
      const tasks = cutTasks(work, images, size, batch, repeat);
      round = new OpenRound(queue.pushed, tasks.length);
      const began = performance.now();
      queue.push(tasks);
      const results = await Promise.race([round.finished, failed]);
      const seconds = (performance.now() - began) / 1000;
      return { seconds, images: (images.length / size) * repeat, results };
    },
    async close() {
      queue.end();
      await job;
    },
  };
}

function cutTasks(work: SpeedWork, images: Float32Array, size: number, batch: number, repeat: number) {
  const tasks: SpeedTask[] = [];
  for (let time = 0; time < repeat; time++) {
    for (let at = 0; at < images.length; at += batch * size) {
      const part = images.slice(at, at + batch * size);
      tasks.push({ work, images: part, n: part.length / size });
    }
  }
  return tasks;
}

/** Results of the tasks first…first + length − 1. */
class OpenRound {
  readonly finished: Promise<readonly SpeedResult[]>;
  readonly #results: SpeedResult[] = [];
  #missing: number;
  #finish: (results: readonly SpeedResult[]) => void = () => {};

  constructor(
    private readonly first: number,
    length: number,
  ) {
    this.#missing = length;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    if (length === 0) this.#finish([]);
  }

  add(result: SpeedResult, number: number): void {
    this.#results[number - this.first] = result;
    this.#missing--;
    if (this.#missing === 0) this.#finish(this.#results);
  }
}

/** Tasks that wait for a worker, and a worker that waits for a task. */
class TaskQueue implements AsyncIterable<SpeedTask> {
  /** Tasks pushed so far. */
  pushed = 0;
  readonly #tasks: SpeedTask[] = [];
  #ended = false;
  #wake: () => void = () => {};

  push(tasks: readonly SpeedTask[]): void {
    this.pushed += tasks.length;
    this.#tasks.push(...tasks);
    this.#wake();
  }

  /** Whoever waits gets no task any more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Not a generator: its `return` would wait for the task that never comes. */
  [Symbol.asyncIterator](): AsyncIterator<SpeedTask> {
    const done = { done: true, value: undefined } as const;
    return {
      next: async () => {
        while (!this.#ended && this.#tasks.length === 0) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        const task = this.#tasks.shift();
        return this.#ended || task === undefined ? done : { done: false, value: task };
      },
      return: async () => {
        this.end();
        return done;
      },
    };
  }
}
