/**
 * The trained networks that experiments may use: those of a folder, then those that the repository brings.
 *
 * Knows: names of files, architectures. May not know: experiments.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RespikeError, refuseInput } from "../../core/respike-error.js";
import { countElements } from "../../core/tensor.js";
import { countAnnMacs } from "../../evaluation/count-operations.js";
import type { Model } from "../../formats/read-model.js";
import { loadModel } from "../load-model.js";
import { guessData } from "../open-data.js";
import type { NetworkSpec } from "./experiment.js";
import { findCheckpoint } from "./known-checkpoints.js";

export interface FoundNetwork {
  readonly model: Model;
  readonly data: string;
  readonly family: "resnet" | "plain";
  readonly depth: number;
  /** Null for plain networks. */
  readonly shortcut: string | null;
  readonly origin: string;
  /** Multiply-accumulates of an image: what it costs, about. */
  readonly macs: number;
}

export interface FoundNetworks {
  readonly networks: readonly FoundNetwork[];
  /** Files whose names promise a network and that are none of use, with the reason. */
  readonly refused: readonly { readonly file: string; readonly because: string }[];
}

/** Networks of the repository and the package; each has its provenance beside it. */
const ownFolder = fileURLToPath(new URL("../../../networks", import.meta.url));
const isCandidate = (name: string) =>
  /(res(idual)?[-_]?net|plain([-_]?net)?)[-_]?\d+/i.test(name) &&
  /\.(safetensors|th|pth|pt)$/.test(name) &&
  !name.includes(".snn.");

/** @throws RespikeError (exit 3) where the folder cannot be read or has no network */
export async function findNetworks(
  folder: string | undefined,
  preprocess: string | undefined,
): Promise<FoundNetworks> {
  const given = folder === undefined ? null : await readNetworks(folder, preprocess);
  if (folder !== undefined && given?.networks.length === 0) throw refuseEmpty(folder, given);
  const own = await readNetworks(ownFolder, undefined);
  return {
    networks: [...(given?.networks ?? []), ...own.networks],
    refused: [...(given?.refused ?? []), ...own.refused],
  };
}

/** The first network that fits; one of the given folder before one of the repository. */
export function chooseNetwork(
  networks: readonly FoundNetwork[],
  { data, family, depth, shortcut }: NetworkSpec,
): FoundNetwork | undefined {
  return networks.find(
    (network) =>
      network.data === data &&
      network.family === family &&
      network.depth === depth &&
      (shortcut === undefined || network.shortcut === shortcut),
  );
}

async function readNetworks(folder: string, preprocess: string | undefined): Promise<FoundNetworks> {
  const networks: FoundNetwork[] = [];
  const refused: { file: string; because: string }[] = [];
  for (const file of (await listFolder(folder)).filter(isCandidate)) {
    try {
      networks.push(await readNetwork(join(folder, file), folder === ownFolder, preprocess));
    } catch (error) {
      if (!(error instanceof RespikeError)) throw error;
      refused.push({ file, because: `${error.value} (${error.rule}); ${error.next}` });
    }
  }
  return { networks: networks.sort(byShortcut), refused };
}

/** Of several of one depth the article's first, then as He et al. */
const preferred = ["P", "A", "B", "avg"];
const byShortcut = (a: FoundNetwork, b: FoundNetwork) =>
  preferred.indexOf(a.shortcut ?? "") - preferred.indexOf(b.shortcut ?? "");

async function readNetwork(
  path: string,
  isOwn: boolean,
  preprocess: string | undefined,
): Promise<FoundNetwork> {
  const plain = await loadModel(path);
  const known = findCheckpoint(plain.sha256);
  const chosen = known?.preprocess ?? preprocess;
  const model =
    plain.preprocessing === null && chosen !== undefined
      ? await loadModel(path, { preprocess: chosen })
      : plain;
  if (model.preprocessing === null) throw refusePreprocessing(model.name);
  const { graph, arch } = model;
  const [, family, depth, shortcut] = /^(resnet|plain)(\d+)(?:, option (\w+))?/.exec(arch) ?? [];
  if (family !== "resnet" && family !== "plain") throw refuseArchitecture(model.name, arch);
  return {
    model,
    data: guessData(graph.input.attributes.shape, countElements(graph.shape(graph.output.id))),
    family,
    depth: Number(depth),
    shortcut: shortcut ?? null,
    origin: isOwn ? "trained by respike train" : (known?.origin ?? "of the given folder"),
    macs: countAnnMacs(graph),
  };
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    throw refuseInput(
      {
        code: "models-folder",
        where: "--models",
        rule: "a folder of trained networks that can be read",
        value: `${folder}: ${cause instanceof Error ? cause.message : String(cause)}`,
        next: "name another folder, or leave --models out",
      },
      cause,
    );
  }
}

function refuseEmpty(folder: string, { refused }: FoundNetworks) {
  const reasons = refused.map(({ file, because }) => `${file}: ${because}`).join("; ");
  return refuseInput({
    code: "models-folder",
    where: "--models",
    rule: "the folder holds networks such as cifar10-resnet20.th or plain20.safetensors",
    value: reasons === "" ? `none in ${folder}` : reasons,
    next: "name another folder, or leave --models out",
  });
}

function refusePreprocessing(file: string) {
  return refuseInput({
    code: "preprocessing-unknown",
    where: file,
    rule: "the preprocessing is part of the model: in its file, or said",
    value: "neither the file nor a flag says how pixels were prepared",
    next: "give --preprocess",
  });
}

function refuseArchitecture(file: string, arch: string) {
  return refuseInput({
    code: "architecture-unknown",
    where: file,
    rule: "a ResNet or plain network of the article's",
    value: arch,
    next: "leave it out",
  });
}
