/** Trained networks and real images beside the repository; without them a test is skipped, and says so. */
import { existsSync, readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { conversionJobs } from "#src/conversion/conversion-jobs.js";
import { convertGraph } from "#src/conversion/convert-graph.js";
import { type ExplicitOptions, resolveConvertOptions } from "#src/conversion/convert-options.js";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { type Dataset, gatherImages, type ImageSet } from "#src/datasets/dataset.js";
import { listDatasets } from "#src/datasets/describe-dataset.js";
import { openDataset } from "#src/datasets/open-dataset.js";
import { selectCalibration } from "#src/datasets/split-training.js";
import { parseModel } from "#src/formats/parse-model.js";
import { type Preprocessing, preprocessingPresets, preprocessPixels } from "#src/graph/preprocessing.js";
import { resolveCacheFolder } from "#src/node/cache-folder.js";
import { modelPath, type PublishedNetwork, publishedNetworks } from "../../scripts/measure-support.js";

export interface SharedNetwork {
  readonly network: PublishedNetwork;
  readonly graph: ReturnType<typeof parseModel>["graph"];
  readonly preprocessing: Preprocessing;
  readonly splits: Dataset["splits"];
}

/** A network of ../shared and the cached data set it was trained on; undefined after skipping the test. */
export async function openShared(t: TestContext, file: string): Promise<SharedNetwork | undefined> {
  const network = publishedNetworks.find((each) => each.file === file) as PublishedNetwork;
  const path = modelPath(file);
  if (!existsSync(path)) {
    t.skip(`${path} is missing: set RESPIKE_SHARED`);
    return undefined;
  }
  const cacheDir = resolveCacheFolder();
  const listing = (await listDatasets({ cacheDir })).find(({ name }) => name === network.data);
  if (listing?.state !== "cached") {
    t.skip(`${network.data} is not in the cache: respike data get ${network.data}`);
    return undefined;
  }
  const { splits } = await openDataset(network.data, { cacheDir, offline: true });
  const { graph } = parseModel(readFileSync(path), { fileName: file });
  const preprocessing = preprocessingPresets[network.preprocess] as Preprocessing;
  return { network, graph, preprocessing, splits };
}

export function readImages({ preprocessing }: SharedNetwork, images: ImageSet, indices: Uint32Array) {
  const [channels, height, width] = images.shape;
  return preprocessPixels(gatherImages(images, indices), channels, height * width, preprocessing);
}

/** Converts with the calibration images that `convert` would choose. */
export async function convertShared(shared: SharedNetwork, options: ExplicitOptions) {
  const { graph, preprocessing, splits } = shared;
  const resolved = resolveConvertOptions(options);
  const indices = selectCalibration(splits.train.n, resolved.calibrateN, resolved.seed);
  const source = { read: (which: ArrayLike<number>) => gatherImages(splits.train, which) };
  const { snn, report } = await convertGraph({ graph, preprocessing }, resolved, {
    calibration: { source, indices, judgingIndices: new Uint32Array(0) },
    runner: makeInlineRunner(conversionJobs),
  });
  return { snn, report, indices };
}
