/**
 * A quick subset of the article's tables, first 200 test images, against bounds; ends with 1 where one is broken.
 *
 *   node dist-dev/scripts/check-reproduction.js
 *
 * With the networks that the repository brings: rows of MNIST ResNet-8 and CIFAR-10 ResNet-20 P. Bounds are on counted
 * losses and gains, wider than what was measured, so that a change that breaks a conversion is seen and rounding is not.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NetworkSpec, nameRow } from "#src/library/reproduce/experiment.js";
import { reproduce } from "#src/library/reproduce/reproduce.js";
import type { ReproducedRow } from "#src/report/reproduction/reproduction-result.js";

const mnist: NetworkSpec = { data: "mnist", family: "resnet", depth: 8 };
const cifar: NetworkSpec = { data: "cifar10", family: "resnet", depth: 20 };

interface Bound {
  readonly says: string;
  readonly rows: readonly string[];
  /** Points. */
  readonly read: (losses: readonly number[]) => number;
  readonly least: number;
  readonly most: number;
}

const at = (network: NetworkSpec, recipe: string, T = 350) => nameRow(network, recipe, T);
const first = ([loss = Number.NaN]: readonly number[]) => loss;
const gain = ([better = Number.NaN, worse = Number.NaN]: readonly number[]) => worse - better;

const bounds: readonly Bound[] = [
  { says: "MNIST, default: loss", rows: [at(mnist, "default")], read: first, least: -1, most: 1 },
  { says: "MNIST, authors: loss", rows: [at(mnist, "authors")], read: first, least: -1, most: 1 },
  { says: "CIFAR-10, default: loss", rows: [at(cifar, "default")], read: first, least: -2, most: 2 },
  {
    says: "CIFAR-10, default, T = 64: loss",
    rows: [at(cifar, "default", 64)],
    read: first,
    least: -2,
    most: 3,
  },
  {
    says: "CIFAR-10, maximum and V(0) = 0: loss",
    rows: [at(cifar, "paper")],
    read: first,
    least: -2,
    most: 4,
  },
  {
    says: "CIFAR-10, default: gain of shortcut normalisation",
    rows: [at(cifar, "default"), at(cifar, "default, without")],
    read: gain,
    least: 4,
    most: 20,
  },
];

const wanted = [...new Set(bounds.flatMap(({ rows }) => rows))];
const folder = await mkdtemp(join(tmpdir(), "respike-check-"));
const began = performance.now();
const measured = new Map<string, ReproducedRow>();
for (const target of ["table1", "table2"]) {
  const { result } = await reproduce(target, {
    ...{ quick: true, only: wanted.join("|"), out: join(folder, target), jobs: join(folder, "jobs") },
    onForecast: ({ seconds, jobs }) => console.log(`${target}: ${jobs} jobs, about ${seconds?.toFixed(0)} s`),
  });
  console.log(`${target}: it took ${result.forecast.took?.toFixed(0)} s`);
  for (const { rows } of result.experiments) for (const row of rows) measured.set(row.id, row);
}
await rm(folder, { recursive: true });

let broken = 0;
for (const { says, rows, read, least, most } of bounds) {
  const value = read(rows.map((id) => measured.get(id)?.measured?.loss ?? Number.NaN));
  const isKept = value >= least && value <= most;
  if (!isKept) broken++;
  console.log(
    `${isKept ? "kept" : "BROKEN"}: ${says} ${value.toFixed(2)} points, ${least} to ${most} allowed`,
  );
}
console.log(`${((performance.now() - began) / 1000).toFixed(0)} s`);
process.exitCode = broken === 0 ? 0 : 1;
