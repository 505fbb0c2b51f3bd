/**
 * From a checkpoint's objects to named tensors.
 *
 * Knows: which dictionary was chosen. May not know: architectures, how files lie in bytes.
 */
import { type Problem, RespikeError, refuseInput } from "../../core/respike-error.js";
import type { Tensor } from "../../core/tensor.js";
import type { NamedTensors } from "../format.js";
import { fileProblem, quote } from "../refuse-file.js";
import { chooseWeights } from "./choose-weights.js";
import type { PickleValue } from "./pickle-values.js";
import { readTensor, type Storages } from "./read-tensor.js";

/** A checkpoint as its file holds it: the pickled object and the bytes of its storages. */
export interface Checkpoint {
  readonly root: PickleValue;
  readonly storages: Storages;
  /** Names in the file that may tell what it is. */
  readonly hints?: readonly string[];
}

/** @throws RespikeError (exit 3) with every tensor that does not lie in the file */
export function nameTensors(checkpoint: Checkpoint, where: string): NamedTensors {
  const { records, ignoredKeys, warnings } = chooseWeights(checkpoint.root, where);
  const tensors = new Map<string, Tensor>();
  const problems: Problem[] = [];
  for (const [key, record] of records) {
    try {
      const tensor = readTensor(key, record, checkpoint.storages);
      if (tensor !== null) tensors.set(key, tensor);
      else {
        const type = quote(record.storage.type.name);
        problems.push(
          fileProblem(`tensor ${quote(key)}`, "elements are plain numbers", type, "save float32 weights"),
        );
      }
    } catch (error) {
      if (!(error instanceof RespikeError)) throw error;
      problems.push(...error.problems);
    }
    if (problems.length >= 50) break;
  }
  if (problems.length > 0) throw refuseInput(problems);
  return { tensors, metadata: {}, warnings, ignoredKeys, hints: checkpoint.hints ?? [] };
}
