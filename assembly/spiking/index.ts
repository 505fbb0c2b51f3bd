/**
 * Event-driven kernels of the spiking simulator.
 *
 * Knows: spikes as bits and bytes, tables of weight sums, integrate and fire. May not know: graphs, images, classes.
 *
 * Layouts (the host lays memory out; src/simulator/wasm/memory/layer-memory.ts has the other half):
 * - spikes of a source: bits [y][t][x][channel], a pixel's channels in 16-bit words, zero columns left and right of x; of layers that
 *   refine also as bytes [y][t][x][channel], without those columns;
 * - neurons in blocks of 16 channels: V, counts, base currents [block][y][x][16];
 * - a kernel runs one block of 16 output channels: every 8 (or 12) bits of its window have a table of 256 (or 4,096) rows,
 *   row b being the sum of the 16 outputs' weights over the set bits of b.
 */
export { buildTables16, buildTablesFloat, buildTablesInt } from "./add-tables";
export { buildTables12 } from "./tables-twelve";
export { fillPositions } from "./event-window";
export { runCurrents, runTiles } from "./run-tiles";
export { runListFloat, runListInt } from "./event-list";
export { runGate } from "./gate";
export { runGateLevels } from "./gate-levels";
export { sumCounts } from "./sum-counts";
export { addCurrents, fixPixels, roundCurrents } from "./constant-currents";
export { addShortCurrents, fixShortPixels } from "./short-currents";
export { unblock } from "./unblock";
export { addFromCache } from "./limits";
export { countCalls } from "./calls";
