/**
 * The compiled kernels of assembly/spiking and their memory.
 *
 * Knows: the module's exports. May not know: networks.
 */

import { fetchBytes } from "../../../core/fetch-bytes.js";
import { exitCodes, RespikeError } from "../../../core/respike-error.js";

export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  buildTables12(weights: number, tables: number, table: number): void;
  buildTables16(weights: number, bytes: number, table: number): void;
  buildTablesInt(weights: number, bytes: number, table: number): void;
  buildTablesFloat(weights: number, bytes: number, table: number): void;
  fillPositions(positions: number): void;
  /** 8 loads and additions a round, for benches. */
  addFromCache(table: number, rounds: number): number;
  runTiles(tile: number): void;
  /** The same without neurons, for benches. */
  runCurrents(tile: number): void;
  runListInt(list: number): void;
  runListFloat(list: number): void;
  runGate(gate: number): void;
  runGateLevels(gate: number): void;
  /** Adds Σ counts, Σ counts · first, Σ counts · second of `length` 32-bit values to three 64-bit integers at `sums`. */
  sumCounts(counts: number, first: number, second: number, length: number, sums: number): void;
  /** 32-bit values [pixels][16] at `from` to [16][pixels] at `to`. */
  unblock(from: number, pixels: number, to: number): void;
  /** float32 pixels in fixed point, or as they are, in float64; an even `count`. */
  fixPixels(from: number, count: number, to: number, isFloat: number): void;
  /** Adds a window's currents, Σ weight · pixel, to its sums. */
  addCurrents(window: number): void;
  /** Rounds float64 `sums` and adds `shared`; the largest magnitude of the rounded sums. */
  roundCurrents(sums: number, shared: number, count: number, to: number, isFloat: number): number;
  /** float32 pixels in fixed point as int32, an even `count`; the largest magnitude. */
  fixShortPixels(from: number, count: number, to: number): number;
  /** A window's rounded currents by integers, and `shared`, int32; the largest magnitude of the rounded sums. */
  addShortCurrents(window: number, shared: number, to: number): number;
  /** Calls of a kernel by its number in kernel-numbers.ts. */
  countCalls(kernel: number): number;
}

const besidePackage = new URL("../../../kernels/spiking.wasm", import.meta.url);

/** A new instance with a memory of its own. @throws RespikeError (exit 5) where the file is missing or does not compile */
export async function loadKernels(wasmUrl: URL = besidePackage): Promise<KernelExports> {
  const bytes = await fetchBytes(wasmUrl);
  try {
    const { instance } = await WebAssembly.instantiate(bytes as Uint8Array<ArrayBuffer>, {
      env: {
        abort() {
          throw new Error("a kernel gave up");
        },
      },
    });
    return instance.exports as unknown as KernelExports;
  } catch (cause) {
    const value = cause instanceof Error ? cause.message : String(cause);
    const rule = "WebAssembly with SIMD runs here";
    throw new RespikeError(
      exitCodes.environment,
      {
        code: "kernels-unusable",
        where: wasmUrl.href,
        rule,
        value,
        next: "use Node 20.19 or later, or --backend reference",
      },
      { cause },
    );
  }
}
