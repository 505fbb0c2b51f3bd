/**
 * Which dictionary of a checkpoint holds the weights, and what is left aside.
 *
 * Knows: the names people give to dictionaries of weights. May not know: architectures, bytes.
 */
import type { Warning } from "../../core/respike-error.js";
import { countElements } from "../../core/tensor.js";
import { quote, refuseFile } from "../refuse-file.js";
import { PickleDict, type PickleValue, TensorRecord } from "./pickle-values.js";

export interface ChosenWeights {
  readonly records: ReadonlyMap<string, TensorRecord>;
  readonly ignoredKeys: readonly string[];
  readonly warnings: readonly Warning[];
}

interface Candidate {
  readonly path: readonly string[];
  readonly dict: PickleDict;
  readonly tensors: number;
  /** How many of them are weights, by {@link isWeight}. */
  readonly weights: number;
  /** Whether a key names a tensor of a module: `conv1.weight`. */
  readonly hasModules: boolean;
}

/** A key with a dot or several elements: a lone number (`best_acc1` as a tensor) makes no dictionary of weights. */
function isWeight(key: string, { shape }: TensorRecord): boolean {
  return key.includes(".") || countElements(shape) > 1;
}

/** In order of preference; averages (`ema`) come after the weights that were asked for by name. */
const usualNames = [
  "state_dict",
  "model_state_dict",
  "model_state",
  "model",
  "net",
  "network",
  "module",
  "weights",
  "params",
  "state_dict_ema",
  "model_ema",
  "ema",
];
const maxDepth = 4;
const maxVisited = 20_000;

/** @throws RespikeError (exit 3) where no dictionary of tensors is found */
export function chooseWeights(root: PickleValue, where: string): ChosenWeights {
  const candidates = findCandidates(root);
  const [chosen, ...others] = [...candidates].sort((a, b) => rank(a) - rank(b) || b.tensors - a.tensors);
  if (chosen === undefined) {
    throw refuseFile(
      where,
      "a checkpoint holds a dictionary of named tensors",
      root instanceof TensorRecord ? "it holds one tensor" : "it holds none",
      "save the weights: torch.save(model.state_dict(), path)",
    );
  }
  const records = new Map<string, TensorRecord>();
  const ignoredKeys: string[] = [];
  const prefix = chosen.path.map((name) => `${name}.`).join("");
  for (const [key, value] of chosen.dict.entries) {
    if (typeof key === "string" && value instanceof TensorRecord) records.set(key, value);
    else ignoredKeys.push(`${prefix}${printKey(key)}`);
  }
  return {
    records,
    ignoredKeys: [...listSiblings(root, chosen), ...ignoredKeys],
    warnings: others.length === 0 ? [] : [sayChoice(chosen, others, where)],
  };
}

/** Tensors at the top level come first where they are those of modules, not what lies beside a `state_dict`. */
function rank({ path, hasModules }: Candidate): number {
  if (path.length === 0) return hasModules ? -1 : usualNames.length;
  const name = path[path.length - 1] as string;
  const at = usualNames.indexOf(name);
  const isOptimiser = path.some((part) => /optim|sched|scaler/i.test(part));
  return (isOptimiser ? 1000 : 0) + (at < 0 ? usualNames.length : at);
}

/** All dictionaries with a weight under a text key, or else with a tensor, the root first. */
function findCandidates(root: PickleValue): Candidate[] {
  const found: Candidate[] = [];
  const seen = new Set<PickleDict>();
  const visit = (value: PickleValue, path: readonly string[]): void => {
    if (!(value instanceof PickleDict) || seen.has(value) || seen.size >= maxVisited) return;
    seen.add(value);
    let [tensors, weights, hasModules] = [0, 0, false];
    for (const [key, item] of value.entries) {
      if (typeof key === "string" && item instanceof TensorRecord) {
        tensors++;
        if (isWeight(key, item)) weights++;
        hasModules ||= key.includes(".");
      } else if (path.length < maxDepth) visit(item, [...path, printKey(key)]);
    }
    if (tensors > 0) found.push({ path, dict: value, tensors, weights, hasModules });
  };
  visit(root, []);
  const isOptimiser = ({ path }: Candidate) => path.some((part) => /optim|sched|scaler/i.test(part));
  const usable = found.filter((candidate) => !isOptimiser(candidate) || candidate.path.length === 0);
  const withWeights = usable.filter(({ weights }) => weights > 0);
  return withWeights.length > 0 ? withWeights : usable;
}

/** Everything on the way to the chosen dictionary that is not on that way. */
function listSiblings(root: PickleValue, { path }: Candidate): string[] {
  const listed: string[] = [];
  let at: PickleValue = root;
  path.forEach((name, depth) => {
    if (!(at instanceof PickleDict)) return;
    let next: PickleValue = null;
    for (const [key, item] of at.entries) {
      if (printKey(key) === name) next = item;
      else listed.push([...path.slice(0, depth), printKey(key)].join("."));
    }
    at = next;
  });
  return listed;
}

function printKey(key: PickleValue): string {
  if (typeof key === "string") return key.length > 200 ? `${key.slice(0, 200)}…` : key;
  return typeof key === "number" || typeof key === "bigint" ? String(key) : "(key)";
}

function sayChoice(chosen: Candidate, others: readonly Candidate[], where: string): Warning {
  const name = ({ path, tensors }: Candidate) =>
    `${path.length === 0 ? "the top level" : quote(path.join("."))} (${tensors} tensors)`;
  return {
    code: "weights-chosen",
    where,
    message: `of several dictionaries of tensors ${name(chosen)} was taken, not ${others.slice(0, 5).map(name).join(", ")}`,
  };
}
