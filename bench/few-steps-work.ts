/**
 * Decisions of ours and of the peers about the first test images, made in pieces and kept in a folder.
 *
 * Knows: presets, the peers' methods, files of finished work. May not know: what is concluded.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gatherImages, type ImageSet } from "#src/datasets/dataset.js";
import { encodeNpy } from "#src/datasets/npy.js";
import { selectCalibration } from "#src/datasets/split-training.js";
import { convert } from "#src/library/convert.js";
import { evaluate } from "#src/library/evaluate.js";
import { loadModel } from "#src/library/load-model.js";
import { openData } from "#src/library/open-data.js";
import { loadSnn, saveSnn } from "#src/library/snn-files.js";
import { modelPath, readEarlier, writeJson } from "../scripts/measure-support.js";
import { readImages, repository } from "./bench-support.js";
import type { Alphabet, Judges } from "./compare-with-peers.js";
import type { PythonEnvironment } from "./python-environment.js";
import { type PythonPeer, startPeer } from "./python-peer.js";

/** Where work is kept, on how many images and threads it is done, and when to stop. */
export interface Work {
  readonly out: string;
  readonly n: number;
  readonly threads: number;
  /** Steps that a peer runs. */
  readonly peerSteps: number;
  /** PyTorch's name of what a peer decides on: `cpu`, `cuda`. */
  readonly peerDevice: string;
  readonly signal: AbortSignal | undefined;
}

export interface Method {
  readonly name: "robust" | "ltb" | "sinabs";
  readonly title: string;
  readonly alphabet: Alphabet;
}

export const methods: readonly Method[] = [
  { name: "robust", title: "SpikingJelly RobustNorm", alphabet: "binary" },
  { name: "ltb", title: "SpikingJelly LTB", alphabet: "binary" },
  { name: "sinabs", title: "sinabs from_model", alphabet: "multi-level" },
];

/** One conversion of ours: `T` it is made for, steps at which it is read. */
export interface OwnPiece {
  readonly network: string;
  readonly preset: "binary" | "signed" | "refine" | "ltb";
  readonly T: number;
  readonly at: readonly number[];
}

export const nameOf = ({ network, preset, T }: OwnPiece) => `${network.replace(/\..*$/, "")}-${preset}-${T}`;
export const snnPath = ({ out }: Work, piece: OwnPiece) => join(out, `${nameOf(piece)}.snn.safetensors`);
const runPath = ({ out, n }: Work, piece: OwnPiece) => join(out, `${nameOf(piece)}.${n}`);

/** Decisions of one conversion at the steps it is read at, with the labels and the network's own. */
export interface OwnDecisions extends Judges {
  readonly at: ReadonlyMap<number, readonly number[]>;
  /** Operations an image at each of the steps. */
  readonly operations: ReadonlyMap<number, number>;
}

export async function convertOurs(work: Work, piece: OwnPiece): Promise<void> {
  if (existsSync(snnPath(work, piece))) return;
  const { preset, T } = piece;
  const model = await loadModel(modelPath(piece.network), { preprocess: "imagenet" });
  const { threads, signal } = work;
  const { snn } = await convert(model, { preset, T, calibrate: "cifar10", certify: "off", threads, signal });
  await mkdir(work.out, { recursive: true });
  await saveSnn(snn, snnPath(work, piece), { force: true });
}

export async function measureOurs(work: Work, piece: OwnPiece): Promise<void> {
  const out = runPath(work, piece);
  if (existsSync(join(out, "results.json"))) return;
  await convertOurs(work, piece);
  const { n, threads, signal } = work;
  const resume = existsSync(out) ? { resume: true } : {};
  await evaluate(await loadSnn(snnPath(work, piece)), { out, ...resume, n, at: piece.at, threads, signal });
}

/** What `measureOurs` left, or undefined where it has not been done. */
export function readOurs(work: Work, piece: OwnPiece): OwnDecisions | undefined {
  const folder = runPath(work, piece);
  const results = readEarlier<{ snn: { at: { t: number; sopEffective: number }[] } }>(
    join(folder, "results.json"),
  );
  if (results === undefined) return undefined;
  const [head = "", ...lines] = readFileSync(join(folder, "predictions.csv"), "utf8").trim().split("\n");
  const rows = lines.map((line) => line.split(",").map(Number));
  const columns = head.split(",");
  const column = (name: string) => rows.map((row) => row[columns.indexOf(name)] as number);
  const measured = piece.at.filter((t) => columns.includes(`t${t}`));
  return {
    labels: column("label"),
    network: column("ann"),
    at: new Map(measured.map((t) => [t, column(`t${t}`)])),
    operations: new Map(results.snn.at.map(({ t, sopEffective }) => [t, sopEffective])),
  };
}

/** What is kept of a peer. */
export interface PeerDecisions {
  readonly torch: string;
  readonly device?: string;
  /** The network's accuracy as the peer computes it, percent. */
  readonly ann: number;
  /** Steps that its own estimate of the delay leaves out, of each T. */
  readonly delays: Readonly<Record<string, number>>;
  /** [image][step]: the decision after each step. */
  readonly decisions: readonly (readonly number[])[];
  /** T → decisions without the first steps. */
  readonly delayed: Readonly<Record<string, readonly number[]>>;
}

const peerPath = ({ out, n, peerSteps }: Work, network: string, { name }: Method) =>
  join(out, `${network.replace(/\..*$/, "")}-peer-${name}.${n}.${peerSteps}.json`);

export const readPeer = (work: Work, network: string, method: Method) =>
  readEarlier<PeerDecisions>(peerPath(work, network, method));

/** Images that a peer takes at once; after each its answers are written. */
const peerBatch = 25;

export async function measurePeer(
  work: Work,
  environment: PythonEnvironment,
  network: string,
  method: Method,
): Promise<void> {
  const earlier = readPeer(work, network, method);
  if ((earlier?.decisions.length ?? 0) >= work.n) return;
  const words = ["--device", work.peerDevice];
  const peer = await openFewStepsPeer(work, environment, network, method, words);
  let kept: PeerDecisions = { ...peer.facts, decisions: [], delayed: {}, ...earlier };
  const begun = performance.now();
  const first = kept.decisions.length;
  for (let at = first; at < work.n && work.signal?.aborted !== true; at += peerBatch) {
    const answer = await peer.ask(`judge ${at} ${Math.min(work.n, at + peerBatch)}\n`);
    kept = joinDecisions(kept, answer as Pick<PeerDecisions, "decisions" | "delayed">);
    await writeJson(peerPath(work, network, method), kept);
    const left =
      ((performance.now() - begun) / (kept.decisions.length - first)) * (work.n - kept.decisions.length);
    console.error(
      `${network} ${method.title}: ${kept.decisions.length} images, ${(left / 1000).toFixed(0)} s left`,
    );
  }
  await peer.end();
  work.signal?.throwIfAborted();
}

function joinDecisions(
  kept: PeerDecisions,
  more: Pick<PeerDecisions, "decisions" | "delayed">,
): PeerDecisions {
  const times = Object.keys(more.delayed);
  return {
    ...kept,
    decisions: [...kept.decisions, ...more.decisions],
    delayed: Object.fromEntries(
      times.map((T) => [T, [...(kept.delayed[T] ?? []), ...(more.delayed[T] ?? [])]]),
    ),
  };
}

export interface FewStepsPeer extends PythonPeer {
  readonly facts: Pick<PeerDecisions, "torch" | "device" | "ann" | "delays">;
}

/** The peer's program with a network, converted: the first time that takes minutes. */
export async function openFewStepsPeer(
  work: Work,
  { python, folder }: PythonEnvironment,
  network: string,
  method: Method,
  more: readonly string[],
): Promise<FewStepsPeer> {
  const source: OwnPiece = { network, preset: "ltb", T: 64, at: [64] };
  await convertOurs(work, source);
  const snn = await loadSnn(snnPath(work, source));
  const files = await writePeerFiles(work, snn.preprocessing, () => readImages(snn, work.n));
  const words = [
    join(repository, "bench/few_steps_peer.py"),
    snnPath(work, source),
    ...files,
    ...["--method", method.name],
    ...["--kept", join(work.out, `${network.replace(/\..*$/, "")}-peer-${method.name}.pt`)],
    ...["--mean", snn.preprocessing.mean.join(), "--std", snn.preprocessing.std.join()],
    ...["--threads", String(work.threads), "--steps", String(work.peerSteps)],
    ...more,
  ];
  console.error(`${network} ${method.title}: converting …`);
  const cache = join(folder, "compiled");
  const threads = String(work.threads);
  const env = { ...process.env, TORCHINDUCTOR_CACHE_DIR: cache, OMP_NUM_THREADS: threads };
  const peer = startPeer(python, words, env, work.signal);
  return { ...peer, facts: (await peer.ask()) as FewStepsPeer["facts"] };
}

/** Images, labels and training images; of the latter the first 2,000 are those that ours is calibrated with. */
async function writePeerFiles(
  { out, n }: Work,
  { range }: { readonly range: string },
  read: () => ReturnType<typeof readImages>,
): Promise<readonly string[]> {
  if (range !== "0..1") throw new Error("the peers' side divides pixels by 255");
  const files = ["images", "labels"].map((name) => join(out, `${name}.${n}.npy`));
  const training = join(out, "training.npy");
  const { images, labels } = await read();
  const [imagesFile, labelsFile] = files as [string, string];
  await writeWhole(imagesFile, () => encodeNpy([n, 3, 32, 32], images));
  await writeWhole(labelsFile, () => encodeNpy([n], BigInt64Array.from(labels, BigInt)));
  const { train } = (await openData("cifar10")).splits;
  await writeWhole(training, () => gatherTraining(train));
  return [imagesFile, labelsFile, training];
}

function gatherTraining(train: ImageSet): Uint8Array {
  const chosen = selectCalibration(train.n, 2000, 0);
  const known = new Set(chosen);
  const rest = selectCalibration(train.n, "all", 0).filter((index) => !known.has(index));
  const order = Uint32Array.from([...chosen, ...rest]);
  return encodeNpy([order.length, 3, 32, 32], Uint8Array.from(gatherImages(train, order)));
}

async function writeWhole(path: string, make: () => Uint8Array): Promise<void> {
  if (existsSync(path)) return;
  await writeFile(`${path}.part`, make());
  await rename(`${path}.part`, path);
}
