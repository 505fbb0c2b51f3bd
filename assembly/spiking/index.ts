/**
 * Event-driven kernels of the spiking simulator.
 *
 * Knows: spikes as bits, tables of weight sums, integrate and fire. May not know: graphs, images, classes.
 *
 * Layouts (the host lays memory out; src/simulator/wasm/memory-layout.ts has the other half):
 * - spikes of a source: [y][t][x][8 channels], the bits of 8 channels as an *offset* of 16 bits: 32·byte, the distance of
 *   the byte's row in a table; 16 channels a 32-bit word; zero columns left and right of x;
 * - neurons in blocks of 16 channels: V, counts, base currents [block][y][x][16];
 * - a kernel runs one block of 16 output channels: every source byte of its window has a table of 256 rows, row b being
 *   the sum of the 16 outputs' weights over the set bits of b.
 */
export { buildTables16, runTables16 } from "./tables-int16";
export { runRows16, runRows32, runRows64 } from "./rows-int16";
export { buildTablesFloat, buildTablesInt, runTablesFloat, runTablesInt } from "./tables-wide";
export { runListFloat, runListInt } from "./event-list";
export { runGate } from "./gate";
export { countCalls } from "./calls";
