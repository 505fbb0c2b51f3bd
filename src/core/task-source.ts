/**
 * Tasks with their numbers, made one at a time whoever asks.
 *
 * Knows: iterators. May not know: what tasks are, who takes them.
 */

export interface TaskSource<Task> {
  /** The next task, or undefined at the end. */
  take(): Promise<{ readonly task: Task; readonly number: number } | undefined>;
  /** Tells the source that no more will be taken. */
  close(): Promise<void>;
}

export function numberTasks<Task>(tasks: Iterable<Task> | AsyncIterable<Task>): TaskSource<Task> {
  const iterator = Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]();
  let count = 0;
  let ended = false;
  let taking: Promise<unknown> = Promise.resolve();
  const takeNow = async (): Promise<{ task: Task; number: number } | undefined> => {
    if (ended) return undefined;
    const { done, value } = await iterator.next();
    if (done === true) {
      ended = true;
      return undefined;
    }
    return { task: value, number: count++ };
  };
  return {
    take() {
      const taken = taking.then(takeNow);
      taking = taken.catch(() => {});
      return taken;
    },
    async close() {
      if (!ended) await iterator.return?.();
      ended = true;
    },
  };
}
