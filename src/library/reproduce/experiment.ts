/**
 * The shape of an experiment: rows, claims and quoted numbers as data.
 *
 * Knows: nothing but that shape, and how rows are named. May not know: which experiments there are, how rows are run.
 */
import type { PublishedNumbers, QuotedNumbers } from "../../report/reproduction/reproduction-result.js";

/** Which network a row wants. */
export interface NetworkSpec {
  readonly data: "mnist" | "cifar10" | "cifar100";
  readonly family: "resnet" | "plain";
  readonly depth: number;
  /** Only with these shortcuts; any by default, and the given folder goes before the networks that are brought. */
  readonly shortcut?: "A" | "B" | "P" | "avg";
}

export interface RowSpec {
  readonly id: string;
  /** Heading of the table that the row stands in. */
  readonly part: string;
  readonly network: NetworkSpec;
  /** A name of the list of recipes. */
  readonly recipe: string;
  readonly T: number;
  readonly published?: PublishedNumbers;
  /** At most so many test images: rows that explain need fewer than those that are judged. */
  readonly most?: number;
  /** Left out by `--quick`. */
  readonly slow?: true;
}

/** A number that is read off measured rows; rows by their ids. */
export type Quantity =
  | { readonly kind: "accuracy"; readonly of: "network" | "snn"; readonly row: string }
  | { readonly kind: "loss"; readonly row: string }
  /** accuracy(better) − accuracy(worse) on the same images. */
  | {
      readonly kind: "gain";
      readonly of: "network" | "snn";
      readonly better: string;
      readonly worse: string;
    }
  /** loss(higher) − loss(lower), of different networks. */
  | { readonly kind: "extra-loss"; readonly higher: string; readonly lower: string };

export interface Explanation {
  /** What is changed, in words: `V(0) = θ/2 in place of 0`. */
  readonly difference: string;
  /** Of the claim's form: one, or a series. */
  readonly quantity: Quantity | readonly Quantity[];
}

export interface Claim {
  readonly id: string;
  /** The article's claim as a sentence. */
  readonly says: string;
  /** One quantity; or several, of which each is to be larger than the one before. */
  readonly quantity: Quantity | readonly Quantity[];
  /** What was published; null where the article says only that it is above 0 (or growing). */
  readonly published: number | null;
  readonly explanations?: readonly Explanation[];
}

export interface Experiment {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly rows: readonly RowSpec[];
  readonly claims: readonly Claim[];
  readonly quoted?: readonly QuotedNumbers[];
}

/** A network for CIFAR-10, which most rows are about. */
export function cifar10Network(
  family: NetworkSpec["family"],
  depth: number,
  shortcut?: NetworkSpec["shortcut"],
): NetworkSpec {
  return { data: "cifar10", family, depth, ...(shortcut === undefined ? {} : { shortcut }) };
}

/** `ResNet-44`, `plain-20` */
export function nameNetwork({ family, depth, shortcut }: NetworkSpec): string {
  const name = `${family === "resnet" ? "ResNet" : "plain"}-${depth}`;
  return shortcut === undefined ? name : `${name} ${shortcut}`;
}

/** The recipe of rows that are about a network alone. */
export const networkRecipe = "network";

/** The same row has the same id in every experiment. */
export function nameRow(network: NetworkSpec, recipe: string, T: number): string {
  return `${network.data} ${nameNetwork(network)}, ${recipe}, T = ${T}`;
}

/** Rows of one network under several recipes. */
export function makeRows(
  part: string,
  network: NetworkSpec,
  recipes: readonly string[],
  more: Pick<RowSpec, "most" | "published" | "slow"> & { readonly T?: number } = {},
): RowSpec[] {
  const { T = 350, ...rest } = more;
  return recipes.map((recipe) => ({
    id: nameRow(network, recipe, T),
    part,
    network,
    recipe,
    T,
    ...rest,
  }));
}

/** One row for each id, the first. */
export function uniqueRows(rows: readonly RowSpec[]): RowSpec[] {
  return [...new Map([...rows].reverse().map((row) => [`${row.part}\n${row.id}`, row])).values()].reverse();
}
