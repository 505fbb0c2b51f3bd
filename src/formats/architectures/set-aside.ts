/**
 * Keys of a flat file that are no weights: what an optimiser keeps, scores, counters.
 *
 * Knows: how training scripts name them. May not know: architectures.
 */
import { countElements, type Tensor } from "../../core/tensor.js";

export interface Sorted {
  readonly weights: ReadonlyMap<string, Tensor>;
  /** In the order of the file. */
  readonly others: readonly string[];
}

const trainer = /^(optim|(lr_)?sched|(grad_)?scaler)[a-z_]*\./i;

/** Every weight has a dotted key: a single number without a dot (`best_prec1`, `epoch`) is a note. */
export function setAside(tensors: ReadonlyMap<string, Tensor>): Sorted {
  const isNote = (key: string, { shape }: Tensor) => !key.includes(".") && countElements(shape) <= 1;
  const entries = [...tensors];
  const isOther = ([key, tensor]: readonly [string, Tensor]) => trainer.test(key) || isNote(key, tensor);
  return {
    weights: new Map(entries.filter((entry) => !isOther(entry))),
    others: entries.filter(isOther).map(([key]) => key),
  };
}
