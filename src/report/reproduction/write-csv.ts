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
  // Of a network alone no column says anything of spikes.
  const snn = row.isNetworkAlone ? null : m;
  const energy = (at: number) => [m?.energy[at]?.annUJ ?? null, snn?.energy[at]?.snnUJ ?? null];
  return [
    ...[part, name, data, depth, network?.arch ?? null, network?.file ?? null, network?.sha256 ?? null],
    ...[flags, row.isNetworkAlone ? null : T, snn?.alphabet ?? null, m?.n ?? null],
    ...[published?.network ?? null, published?.snn ?? null, published?.loss ?? null],
    ...[m?.network ?? null, snn?.snn ?? null, snn?.loss ?? null],
    ...[snn?.lossCi95[0] ?? null, snn?.lossCi95[1] ?? null],
    ...[snn?.spikes ?? null, snn?.sopEffective ?? null, snn?.sopStructural ?? null, m?.annMacs ?? null],
    ...[...energy(0), ...energy(1), snn?.compensation ?? null, run, because],
  ];
}

function quote(value: Cell): string {
  const text = value === null ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
