/**
 * Hashes of the data sets that networks are for.
 *
 * Knows: data sets by name. May not know: networks, rows.
 */
import { RespikeError } from "../../core/respike-error.js";
import { hashLargeBytes, viewBytes } from "../../core/sha256.js";
import type { ImageSet } from "../../datasets/dataset.js";
import { openData } from "../open-data.js";
import type { CallOptions } from "../surroundings.js";
import type { KnownData, MissingData } from "./plan-reproduction.js";

/** Opens each; one that the network or disk refuses is told, and its rows are not run. */
export async function openKnownData(
  names: readonly string[],
  call: CallOptions,
): Promise<ReadonlyMap<string, KnownData | MissingData>> {
  const data = new Map<string, KnownData | MissingData>();
  for (const name of names) {
    try {
      const { splits } = await openData(name, call);
      data.set(name, {
        trainSha256: await hashSplit(splits.train),
        testSha256: await hashSplit(splits.test),
        testImages: splits.test.n,
      });
    } catch (error) {
      if (!(error instanceof RespikeError)) throw error;
      data.set(name, { because: `${name} could not be opened: ${error.value}; ${error.next}` });
    }
  }
  return data;
}

const hashSplit = ({ pixels, labels }: ImageSet) => hashLargeBytes(viewBytes(pixels), viewBytes(labels));
