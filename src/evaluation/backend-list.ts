/**
 * The backends that an evaluation can choose from, by name.
 *
 * Knows: their names. May not know: how they work.
 */

import { denseBackend } from "../inference/dense-backend.js";
import type { FloatBackend } from "../inference/float-network.js";
import type { Backend } from "../simulator/backend.js";
import { referenceBackend } from "../simulator/reference/reference-backend.js";
import { wasmBackend } from "../simulator/wasm-backend.js";

export type BackendName = Backend["name"];

export const simulatorBackends: Readonly<Record<BackendName, Backend>> = {
  wasm: wasmBackend,
  reference: referenceBackend,
};

/** Runs the network that the SNN came from. */
export const networkBackend: FloatBackend = denseBackend;
