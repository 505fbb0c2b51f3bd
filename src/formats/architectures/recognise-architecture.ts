/**
 * Which architecture a file's keys have, and the evidence for it.
 *
 * Knows: the list of architectures and of dialects, names of files as hints.
 * May not know: how a graph is built.
 */
import { refuseInput } from "../../core/respike-error.js";
import type { Tensor } from "../../core/tensor.js";
import type { ModelOptions, ShortcutKind } from "../format.js";
import { quote } from "../refuse-file.js";
import { type Architecture, architectures } from "./architecture-list.js";
import { headNames, type KeyDialect, keyDialects, projectionNames } from "./key-dialects.js";

export interface Recognised {
  readonly architecture: Architecture;
  /** Null for plain networks. */
  readonly shortcut: ShortcutKind | null;
  readonly dialect: KeyDialect;
  readonly projection: readonly [conv: string, norm: string];
  readonly head: string;
  readonly evidence: readonly string[];
  /** Whether something was assumed that the keys leave open. */
  readonly assumed: boolean;
}

/** What was asked for, by flags or by the file's metadata. */
export interface AskedArchitecture {
  readonly arch?: string | undefined;
  readonly shortcut?: string | undefined;
}

type Entries = ReadonlyMap<string, Tensor>;

/**
 * @param hints names that may tell what the file is
 * @throws RespikeError (exit 3) where neither keys nor names nor options decide
 */
export function recogniseArchitecture(
  entries: Entries,
  asked: AskedArchitecture,
  hints: readonly string[],
  options: ModelOptions,
): Recognised {
  const where = options.fileName ?? "model";
  const keys = [...entries.keys()];
  const dialect = keyDialects.find(({ blockPattern }) => keys.some((key) => blockPattern.test(key)));
  if (dialect === undefined) throw refuseUnknown(where, keys);
  const projection = projectionNames.find(([conv]) => keys.some((key) => key.endsWith(`.${conv}.weight`)));
  const evidence: string[] = [];
  const blocks = new Set(keys.flatMap((key) => dialect.blockPattern.exec(key)?.[1] ?? []));
  evidence.push(
    `keys are named ${dialect.name} and count ${blocks.size} blocks: depth ${2 * blocks.size + 2}`,
  );
  const family = decideFamily(asked, dialect, projection !== undefined, hints, where, blocks.size, evidence);
  const architecture = decideArchitecture(asked, family, blocks.size, where, evidence);
  const { shortcut, assumed } = decideShortcut(
    asked,
    architecture,
    dialect,
    projection,
    keys,
    hints,
    where,
    evidence,
  );
  return {
    architecture,
    shortcut,
    dialect,
    projection: projection ?? (projectionNames[0] as readonly [string, string]),
    head: headNames.find((name) => entries.has(`${name}.weight`)) ?? (headNames[0] as string),
    evidence,
    assumed,
  };
}

const known = architectures.map(({ name }) => name).join(", ");

function refuseUnknown(where: string, keys: readonly string[]) {
  return refuseInput({
    code: "architecture-unknown",
    where,
    rule: `weights without a graph need an architecture that is known: ${known}`,
    value:
      keys.length === 0
        ? "no tensors"
        : `${keys.length} keys such as ${keys.slice(0, 5).map(quote).join(", ")}`,
    next: "use weights of one of these architectures, or export the model with its graph",
  });
}

function decideFamily(
  { arch, shortcut }: AskedArchitecture,
  dialect: KeyDialect,
  hasProjection: boolean,
  hints: readonly string[],
  where: string,
  blocks: number,
  evidence: string[],
): Architecture["family"] {
  if (arch !== undefined) return arch.startsWith("plain") ? "plain" : "resnet";
  if (hasProjection || shortcut !== undefined || !dialect.plainLooksAlike) return "resnet";
  const plain = hints.find((hint) => /plain/i.test(hint));
  if (plain !== undefined) {
    evidence.push(`the name ${quote(plain)} says plain; the keys would fit a network with shortcuts too`);
    return "plain";
  }
  const resnet = hints.find((hint) => /res(idual)?-?_?net/i.test(hint));
  if (resnet !== undefined) {
    evidence.push(`the name ${quote(resnet)} says ResNet; the keys would fit a plain network too`);
    return "resnet";
  }
  const depth = 2 * blocks + 2;
  throw refuseInput({
    code: "architecture-open",
    where,
    rule: "the keys decide the architecture, or --arch does",
    value: `plain${depth} and resnet${depth} with shortcuts A or avg have the same keys`,
    next: `give --arch plain${depth}, or --arch resnet${depth} --shortcut A|avg`,
  });
}

function decideArchitecture(
  { arch }: AskedArchitecture,
  family: Architecture["family"],
  blocks: number,
  where: string,
  evidence: string[],
): Architecture {
  const found =
    arch !== undefined
      ? architectures.find(({ name }) => name === arch)
      : architectures.find(
          (one) => one.family === family && one.blocksPerStage * one.widths.length === blocks,
        );
  if (found === undefined) {
    throw refuseInput({
      code: "architecture-unknown",
      where,
      rule: `one of ${known}`,
      value: arch === undefined ? `a ${family} with ${blocks} blocks` : quote(arch),
      next: "choose the architecture with --arch",
    });
  }
  if (arch !== undefined) evidence.push(`${arch} was asked for by flag or by the file's metadata`);
  return found;
}

function decideShortcut(
  { shortcut }: AskedArchitecture,
  { family }: Architecture,
  dialect: KeyDialect,
  projection: readonly [string, string] | undefined,
  keys: readonly string[],
  hints: readonly string[],
  where: string,
  evidence: string[],
): { shortcut: ShortcutKind | null; assumed: boolean } {
  if (family === "plain") {
    if (shortcut === undefined) return { shortcut: null, assumed: false };
    throw refuseInput({
      code: "architecture-open",
      where,
      rule: "a plain network has no shortcuts",
      value: `shortcut ${quote(shortcut)}`,
      next: "drop --shortcut or choose a resnet",
    });
  }
  if (shortcut !== undefined) {
    if (!(["A", "B", "P", "avg"] as readonly string[]).includes(shortcut)) {
      throw refuseInput({
        code: "architecture-unknown",
        where,
        rule: "a shortcut is A, B, P or avg",
        value: quote(shortcut),
        next: "choose one with --shortcut",
      });
    }
    evidence.push(`shortcut ${shortcut} was asked for by flag or by the file's metadata`);
    return { shortcut: shortcut as ShortcutKind, assumed: false };
  }
  if (projection !== undefined) {
    const first = `${dialect.block(1, 0, 0)}.${projection[0]}.weight`;
    const kind = keys.includes(first) ? "P" : "B";
    evidence.push(
      `projections ${projection[0]} ${kind === "P" ? "in the first block too" : "only where the shape changes"}: option ${kind}`,
    );
    return { shortcut: kind, assumed: false };
  }
  const named = hints.find((hint) => /avg/i.test(hint));
  if (named !== undefined) {
    evidence.push(`no key of a shortcut, and the name ${quote(named)} says avg`);
    return { shortcut: "avg", assumed: true };
  }
  evidence.push(
    `no key of a shortcut: option ${dialect.unmarkedShortcut}, as networks with these keys have (A and avg look alike; --shortcut decides)`,
  );
  return { shortcut: dialect.unmarkedShortcut, assumed: true };
}
