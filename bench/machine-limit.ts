/** What the machine can load and add: 16-byte pieces from the first cache, each added to a sum, in WebAssembly, one thread. */
import { loadKernels } from "#src/simulator/wasm/kernel-module.js";

const { addFromCache } = await loadKernels();

/** 10⁹ loads and additions a second, now: the best of three tries of half a millisecond. */
export function measureLimit(): number {
  const count = 400_000;
  let quickest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    addFromCache(65_536, count);
    quickest = Math.min(quickest, performance.now() - start);
  }
  return (8 * count) / quickest / 1e6;
}
