/**
 * What clipping at λ and shortcut scaling alone cost: accuracy in the limit of many steps.
 *
 *   node dist-dev/scripts/measure-limits.js [--models cifar10-resnet20.th,cifar10-resnet44.th]
 *        [--lambda p99.9,max] [--n 1000] [--threads N]
 *
 * For T → ∞ a neuron's rate is its input clipped to 0…1; the dense backend gives exactly that for the
 * float32 spiking graph. No step is simulated: minutes instead of hours, and no error of timing.
 */
import { parseArgs } from "node:util";
import { computeFloatValues } from "#src/conversion/float-values.js";
import { readTasks } from "#src/conversion/image-source.js";
import { predictClass } from "#src/core/predict-class.js";
import { gatherImages, type ImageSet } from "#src/datasets/dataset.js";
import { pairedInterval } from "#src/evaluation/paired-interval.js";
import type { Graph } from "#src/graph/graph.js";
import type { Preprocessing } from "#src/graph/preprocessing.js";
import { convert } from "#src/library/convert.js";
import { loadModel } from "#src/library/load-model.js";
import { openData } from "#src/library/open-data.js";
import { makeWorkerRunner } from "#src/node/worker-runner.js";
import {
  firstIndices,
  markdownTable,
  modelPath,
  type PublishedNetwork,
  publishedNetworks,
  signed,
} from "./measure-support.js";

const { values: flags } = parseArgs({
  options: {
    models: { type: "string", default: "cifar10-resnet20.th,cifar10-resnet44.th" },
    lambda: { type: "string", default: "p99.9,max" },
    n: { type: "string", default: "1000" },
    threads: { type: "string" },
  },
});
const n = Number(flags.n);
const threads = flags.threads === undefined ? undefined : Number(flags.threads);
const runner = makeWorkerRunner(threads);
const batch = 25;

/** Whether each image is classified rightly. */
async function judge(graph: Graph, images: ImageSet, preprocessing: Preprocessing): Promise<boolean[]> {
  const { id } = graph.output;
  const source = { read: (indices: ArrayLike<number>) => gatherImages(images, indices) };
  const tasks = readTasks(source, firstIndices(n), batch, preprocessing);
  const values = await computeFloatValues(runner, { graph, preprocessing, keep: [id] }, tasks, n, batch);
  const outputs = values.get(id) as Float32Array;
  const classes = outputs.length / n;
  return Array.from({ length: n }, (_, image) => {
    const own = outputs.subarray(image * classes, (image + 1) * classes);
    return predictClass(own) === images.labels[image];
  });
}

const percent = (right: readonly boolean[]) => ((100 * right.filter(Boolean).length) / n).toFixed(1);

function describeLoss(network: readonly boolean[], limit: readonly boolean[]): string {
  const only = (one: readonly boolean[], other: readonly boolean[]) =>
    one.filter((right, image) => right && !other[image]).length;
  const [lost, won] = [only(network, limit), only(limit, network)];
  const [low, high] = pairedInterval(lost, won, n);
  return `${signed((100 * (lost - won)) / n, 1)} [${signed(low, 1)}, ${signed(high, 1)}]`;
}

async function measure({ file, preprocess, data }: PublishedNetwork): Promise<string[][]> {
  const model = await loadModel(modelPath(file), { preprocess });
  const { test } = (await openData(data)).splits;
  const rows: string[][] = [];
  let network: boolean[] | undefined;
  for (const lambda of flags.lambda.split(",")) {
    const row = [`\`${file}\``, lambda];
    for (const shortcutNorm of ["on", "off"] as const) {
      const { snn } = await convert(model, { lambda, shortcutNorm, number: "float32", threads });
      network ??= await judge(snn.network, test, snn.preprocessing);
      const limit = await judge(snn.graph, test, snn.preprocessing);
      if (row.length === 2) row.push(percent(network));
      row.push(percent(limit), describeLoss(network, limit));
    }
    rows.push(row);
  }
  return rows;
}

const rows: string[][] = [];
for (const file of flags.models.split(",")) {
  const network = publishedNetworks.find((each) => each.file === file);
  if (network === undefined) throw new Error(`${file} is none of the networks in measure-support.ts`);
  rows.push(...(await measure(network)));
}
const head = ["network", "λ", "accuracy", "normalised", "loss [95 %]", "not normalised", "loss [95 %]"];
console.log(markdownTable(head, rows));
