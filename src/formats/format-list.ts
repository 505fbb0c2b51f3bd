/**
 * Every model format that can be read, in the order in which they are tried.
 *
 * A new format is one folder and one line here; the conformance suite runs over this list.
 */
import type { Format } from "./format.js";
import { pytorchLegacyFormat } from "./pytorch/legacy-format.js";
import { pytorchZipFormat } from "./pytorch/zip-format.js";
import { safetensorsFormat } from "./safetensors/safetensors-format.js";

export const formats: readonly Format[] = [pytorchLegacyFormat, pytorchZipFormat, safetensorsFormat];
