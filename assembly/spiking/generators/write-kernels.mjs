/**
 * Writes the kernels that have to be unrolled into `assembly/spiking/generated`; the build calls it before it compiles.
 *
 *   node assembly/spiking/generators/write-kernels.mjs
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { files as addRows } from "./add-rows.mjs";
import { files as fireLevels } from "./fire-levels.mjs";
import { files as firePairs } from "./fire-pairs.mjs";
import { files as fireRefine } from "./fire-refine.mjs";
import { files as gatherEvents } from "./gather-events.mjs";
import { files as scatterEvents } from "./scatter-events.mjs";
import { files as slideValues } from "./slide-values.mjs";
import { files as stackRows } from "./stack-rows.mjs";

const folder = new URL("../generated/", import.meta.url);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const { name, text } of [addRows, stackRows, scatterEvents, gatherEvents, slideValues, fireLevels, firePairs, fireRefine].flat())
  writeFileSync(new URL(name, folder), text);
