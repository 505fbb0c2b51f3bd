/** A process of its own that gets the tiny data set and prints its labels: node open-tiny.js CACHE FROM */
import { acquireDataset } from "#src/datasets/acquire-dataset.js";
import { openKnown } from "#src/datasets/open-dataset.js";
import { tinyDataset } from "./tiny-dataset.js";

const [cacheDir = "", from = ""] = process.argv.slice(2);
const dataset = tinyDataset();
const data = openKnown(dataset, await acquireDataset(dataset, { cacheDir, from }), cacheDir);
console.log(JSON.stringify([[...data.splits.train.labels], [...data.splits.test.labels]]));
