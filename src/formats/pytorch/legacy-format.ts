/**
 * The format `pytorch-legacy`: PyTorch's files from before 1.6.
 *
 * Knows: how its parts are put together. May not know: bytes, architectures.
 */
import { buildArchitecture } from "../architectures/build-architecture.js";
import type { Format } from "../format.js";
import { nameTensors } from "./name-tensors.js";
import { isLegacyCheckpoint, readLegacyCheckpoint } from "./read-legacy-checkpoint.js";

export const pytorchLegacyFormat: Format = {
  name: "pytorch-legacy",
  matches: isLegacyCheckpoint,
  parse: (bytes, options) =>
    buildArchitecture(
      nameTensors(readLegacyCheckpoint(bytes), options.fileName ?? "model"),
      options,
      "pytorch-legacy",
    ),
};
