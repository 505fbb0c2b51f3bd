/**
 * The rows of an experiment as CSV, numbers unrounded.
 *
 * Knows: columns. May not know: files.
 */
import type { ExperimentResult, ReproducedRow } from "./reproduction-result.js";

type Cell = string | number | null;

const head =
  "part,network,data,depth,arch,weights,sha256,flags,T,alphabet,n,publishedNetwork,publishedSnn,publishedLoss,network,snn,loss,lossLow95,lossHigh95,spikes,sopEffective,sopStructural,annMacs,horowitz45AnnUJ,horowitz45SnnUJ,neuromorphicAnnUJ,neuromorphicSnnUJ,compensation,run,because";

export function writeRowsCsv({ rows }: ExperimentResult): string {
  return [head.split(","), ...rows.map(listCells)].map((cells) => `${cells.map(quote).join(",")}\n`).join("");
}

function listCells(row: ReproducedRow): Cell[] {
  const { part, name, data, depth, network, flags, T, published, measured: m, run, because } = row;
  const energy = (at: number) => [m?.energy[at]?.annUJ ?? null, m?.energy[at]?.snnUJ ?? null];
  return [
    ...[part, name, data, depth, network?.arch ?? null, network?.file ?? null, network?.sha256 ?? null],
    ...[flags, T, m?.alphabet ?? null, m?.n ?? null],
    ...[published?.network ?? null, published?.snn ?? null, published?.loss ?? null],
    ...[m?.network ?? null, m?.snn ?? null, m?.loss ?? null, m?.lossCi95[0] ?? null, m?.lossCi95[1] ?? null],
    ...[m?.spikes ?? null, m?.sopEffective ?? null, m?.sopStructural ?? null, m?.annMacs ?? null],
    ...[...energy(0), ...energy(1), m?.compensation ?? null, run, because],
  ];
}

function quote(value: Cell): string {
  const text = value === null ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
