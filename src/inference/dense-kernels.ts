/**
 * The dense kernels' WebAssembly instance: its functions, its memory and how to get one.
 *
 * Knows: where the package keeps the kernels, what they export. May not know: graphs.
 */
import { fetchBytes } from "../core/fetch-bytes.js";
import { exitCodes, RespikeError } from "../core/respike-error.js";
import { outOfMemory } from "./check-run.js";

/** Exports of assembly/dense/index.ts; addresses and strides in bytes. */
export interface DenseKernels {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  convolve(
    x: number,
    pixels: number,
    pixelCount: number,
    segments: number,
    segmentCount: number,
    length: number,
    w: number,
    bias: number,
    y: number,
    yStride: number,
    outputs: number,
  ): void;
  convolveDepthwise(
    x: number,
    pixels: number,
    pixelCount: number,
    segments: number,
    segmentCount: number,
    w: number,
    bias: number,
    y: number,
    channels: number,
  ): void;
  convolveGroups(
    x: number,
    pixels: number,
    pixelCount: number,
    segments: number,
    segmentCount: number,
    groups: number,
    inputs: number,
    w: number,
    bias: number,
    y: number,
    yStride: number,
    outputs: number,
  ): void;
  addValues(a: number, b: number, y: number, size: number): void;
  scaleShift(x: number, scale: number, shift: number, y: number, channels: number, size: number): void;
  clampValues(x: number, y: number, size: number, low: number, high: number): void;
  spikeRate(
    x: number,
    current: number,
    currentStep: number,
    divisor: number,
    y: number,
    channels: number,
    size: number,
    low: number,
    high: number,
  ): void;
  poolWindows(
    x: number,
    height: number,
    width: number,
    channels: number,
    y: number,
    outHeight: number,
    outWidth: number,
    kernelHeight: number,
    kernelWidth: number,
    strideY: number,
    strideX: number,
    top: number,
    left: number,
    maximum: number,
  ): void;
  copyBlock(
    x: number,
    xRow: number,
    xColumn: number,
    xDepth: number,
    y: number,
    yRow: number,
    yColumn: number,
    yDepth: number,
    rows: number,
    columns: number,
    depth: number,
  ): void;
  fillZero(y: number, size: number): void;
}

/** Where dense.wasm lies if spiking.wasm lies at `wasmUrl`: beside it; nothing where that is not said. */
export function besideSpiking(wasmUrl: string | URL | undefined): { readonly wasmUrl?: URL } {
  return wasmUrl === undefined ? {} : { wasmUrl: new URL("dense.wasm", wasmUrl) };
}

const pageSize = 65_536;
/** What 32-bit addresses reach, less a page. */
export const largestMemory = 65_535 * pageSize;
const modules = new Map<string, Promise<WebAssembly.Module>>();

/** A fresh instance with its own memory; the module is compiled once a URL. */
export async function loadDenseKernels(
  url: URL = new URL("../kernels/dense.wasm", import.meta.url),
): Promise<DenseKernels> {
  let module = modules.get(url.href);
  if (module === undefined) {
    module = compileKernels(url);
    modules.set(url.href, module);
    module.catch(() => modules.delete(url.href));
  }
  const instance = await WebAssembly.instantiate(await module, {});
  return instance.exports as unknown as DenseKernels;
}

/** @throws RespikeError (exit 5) where the file is missing or does not compile */
async function compileKernels(url: URL): Promise<WebAssembly.Module> {
  const bytes = await fetchBytes(url);
  try {
    return await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>);
  } catch (cause) {
    const problem = {
      code: "kernels-unusable",
      where: url.href,
      rule: "WebAssembly with SIMD runs here",
      value: cause instanceof Error ? cause.message : String(cause),
      next: "use Node 20.19 or later, or a browser with WebAssembly SIMD",
    };
    throw new RespikeError(exitCodes.environment, problem, { cause });
  }
}

/**
 * Makes the memory at least `bytes` large; views of it made before are dead afterwards.
 *
 * @throws RespikeError (exit 5) where the machine does not give that much
 */
export function growMemory(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / pageSize);
  if (missing <= 0) return;
  if (bytes > largestMemory) throw outOfMemory("the network's weights and values", bytes);
  try {
    memory.grow(missing);
  } catch (cause) {
    throw outOfMemory("the network's weights and values", bytes, cause);
  }
}
