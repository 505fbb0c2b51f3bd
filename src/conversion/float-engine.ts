/**
 * The float backend that conversion measures with.
 *
 * Knows: which one it is. May not know: anything else; every job of the room imports it from here.
 */
export { denseBackend as floatBackend } from "../inference/dense-backend.js";
export { besideSpiking } from "../inference/dense-kernels.js";
