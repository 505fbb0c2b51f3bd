/**
 * The format `safetensors`: weights with metadata.
 *
 * Knows: how its parts are put together. May not know: bytes, architectures.
 */
import { buildArchitecture } from "../architectures/build-architecture.js";
import type { Format } from "../format.js";
import { refuseFile } from "../refuse-file.js";
import { isSnn } from "../snn/decode-snn.js";
import { isSafetensors, parseSafetensors } from "./parse-safetensors.js";

export const safetensorsFormat: Format = {
  name: "safetensors",
  matches: isSafetensors,
  parse: (bytes, options) => {
    const where = options.fileName ?? "model";
    if (isSnn(bytes)) {
      throw refuseFile(
        where,
        "a model is wanted here",
        "it is a saved spiking network",
        "use run, evaluate, diagnose or inspect; convert takes the network that it came from",
      );
    }
    const { tensors, metadata, unread } = parseSafetensors(bytes, where);
    if (unread.length > 0) {
      throw refuseFile(
        where,
        "weights are of a float or signed integer type",
        unread.slice(0, 10).join(", "),
      );
    }
    return buildArchitecture({ tensors, metadata, warnings: [], ignoredKeys: [] }, options, "safetensors");
  },
};
