/**
 * The format `pytorch-zip`: PyTorch's files since 1.6.
 *
 * Knows: how its parts are put together. May not know: bytes, architectures.
 */
import { buildArchitecture } from "../architectures/build-architecture.js";
import type { Format } from "../format.js";
import { nameTensors } from "./name-tensors.js";
import { isZip, readZipCheckpoint } from "./read-zip-checkpoint.js";

export const pytorchZipFormat: Format = {
  name: "pytorch-zip",
  matches: isZip,
  parse: (bytes, options) => {
    const where = options.fileName ?? "model";
    return buildArchitecture(nameTensors(readZipCheckpoint(bytes, where), where), options, "pytorch-zip");
  },
};
