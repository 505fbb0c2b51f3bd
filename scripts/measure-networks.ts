/**
 * Accuracy of the trained networks with the dense backend, before and after folding batch norm.
 *
 *   node dist-dev/scripts/measure-networks.js [--only TEXT] [--n 10000] [--threads N] [--out local/measure/networks]
 *
 * Writes a JSON file per network as it goes; called again, it measures only what is missing, and
 * prints the table of everything there is. `--table` prints it without measuring.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { computeFloatValues } from "#src/conversion/float-values.js";
import { readTasks } from "#src/conversion/image-source.js";
import type { PassContext } from "#src/conversion/pass.js";
import { foldBatchNorm } from "#src/conversion/passes/fold-batch-norm.js";
import { predictClass } from "#src/core/predict-class.js";
import { gatherImages, type ImageSet } from "#src/datasets/dataset.js";
import type { Graph } from "#src/graph/graph.js";
import type { Preprocessing } from "#src/graph/preprocessing.js";
import { loadModel } from "#src/library/load-model.js";
import { openData } from "#src/library/open-data.js";
import { makeWorkerRunner } from "#src/node/worker-runner.js";
import {
  firstIndices,
  markdownTable,
  modelPath,
  type PublishedNetwork,
  publishedNetworks,
  readEarlier,
  writeJson,
} from "./measure-support.js";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    n: { type: "string", default: "10000" },
    threads: { type: "string" },
    out: { type: "string", default: "local/measure/networks" },
    from: { type: "string" },
    table: { type: "boolean", default: false },
  },
});

interface Measurement {
  readonly file: string;
  readonly data: string;
  readonly preprocess: string;
  readonly n: number;
  readonly published: number;
  /** Images classified rightly. */
  readonly before: number;
  readonly after: number;
  /** Images that folding gives another class. */
  readonly changed: number;
}

const n = Number(flags.n);
const runner = makeWorkerRunner(flags.threads === undefined ? undefined : Number(flags.threads));
const batch = 50;
const pathOf = ({ file }: PublishedNetwork) => join(flags.out, `${file}.${n}.json`);

async function predict(graph: Graph, images: ImageSet, preprocessing: Preprocessing): Promise<Int32Array> {
  const { id } = graph.output;
  const source = { read: (indices: ArrayLike<number>) => gatherImages(images, indices) };
  const tasks = readTasks(source, firstIndices(n), batch, preprocessing);
  const values = await computeFloatValues(runner, { graph, preprocessing, keep: [id] }, tasks, n, batch);
  const logits = values.get(id) as Float32Array;
  const classes = logits.length / n;
  return Int32Array.from({ length: n }, (_, image) =>
    predictClass(logits.subarray(image * classes, (image + 1) * classes)),
  );
}

async function measure(network: PublishedNetwork): Promise<void> {
  const model = await loadModel(modelPath(network.file), { preprocess: network.preprocess });
  const preprocessing = model.preprocessing as Preprocessing;
  const { test } = (await openData(network.data, { from: flags.from })).splits;
  const folded = foldBatchNorm.run(model.graph, {} as PassContext);
  const before = await predict(model.graph, test, preprocessing);
  const after = await predict(folded, test, preprocessing);
  const correct = (found: Int32Array) => found.filter((label, image) => label === test.labels[image]).length;
  const measurement: Measurement = {
    file: network.file,
    data: network.data,
    preprocess: network.preprocess,
    n,
    published: network.accuracy,
    before: correct(before),
    after: correct(after),
    changed: before.filter((label, image) => label !== after[image]).length,
  };
  await writeJson(pathOf(network), measurement);
}

function printTable(): void {
  const percent = (correct: number) => ((100 * correct) / n).toFixed(2);
  const rows = publishedNetworks.flatMap((network) => {
    const found = readEarlier<Measurement>(pathOf(network));
    if (found === undefined) return [];
    const accuracies = [found.published.toFixed(2), percent(found.before), percent(found.after)];
    return [[`\`${found.file}\``, `\`${found.preprocess}\``, ...accuracies, String(found.changed)]];
  });
  const head = [
    "network",
    "preprocessing",
    "published",
    "before folding",
    "after folding",
    "predictions changed",
  ];
  console.log(markdownTable(head, rows));
}

const wanted = publishedNetworks.filter(({ file }) => file.includes(flags.only));
for (const network of flags.table ? [] : wanted) {
  if (readEarlier(pathOf(network)) !== undefined) continue;
  const start = performance.now();
  await measure(network);
  console.error(`${network.file}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
printTable();
