/**
 * Which architecture a file's keys have, and the evidence for it.
 *
 * Knows: the list of architectures and of dialects, names of files as hints.
 * May not know: how a graph is built.
 */
import { refuseInput } from "../../core/respike-error.js";
import type { ShortcutKind } from "../format.js";
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
  /** What the keys leave open and was assumed. */
  readonly assumptions: readonly Assumption[];
}

export interface Assumption {
  readonly code: "family-assumed" | "shortcut-assumed";
  readonly message: string;
}

/** What was asked for, by flags or by the file's metadata. */
export interface AskedArchitecture {
  readonly arch?: string | undefined;
  readonly shortcut?: string | undefined;
}

const shortcutKinds: readonly ShortcutKind[] = ["A", "B", "P", "avg"];
const known = architectures.map(({ name }) => name).join(", ");

/**
 * @param keys without common prefix
 * @param hints names of files and folders that may tell what the weights are
 * @param where the file's name, for messages
 * @throws RespikeError (exit 3) where neither keys nor names nor options decide
 */
export function recogniseArchitecture(
  keys: readonly string[],
  asked: AskedArchitecture,
  hints: readonly string[],
  where: string,
): Recognised {
  const dialect = keyDialects.find(({ blockPattern }) => keys.some((key) => blockPattern.test(key)));
  if (dialect === undefined) {
    throw refuse(
      "architecture-unknown",
      where,
      `weights without a graph need an architecture that is known: ${known}`,
      keys.length === 0
        ? "no tensors"
        : `${keys.length} keys such as ${keys.slice(0, 5).map(quote).join(", ")}`,
      "use weights of one of these architectures; no others are read yet",
    );
  }
  return new Recogniser(keys, asked, hints, where, dialect).recognise();
}

function refuse(code: string, where: string, rule: string, value: string, next: string) {
  return refuseInput({ code, where, rule, value, next });
}

class Recogniser {
  readonly #evidence: string[] = [];
  readonly #assumptions: Assumption[] = [];
  readonly #blocks: number;
  readonly #projection: readonly [conv: string, norm: string] | undefined;

  constructor(
    readonly keys: readonly string[],
    readonly asked: AskedArchitecture,
    readonly hints: readonly string[],
    readonly where: string,
    readonly dialect: KeyDialect,
  ) {
    this.#blocks = new Set(keys.flatMap((key) => dialect.blockPattern.exec(key)?.[1] ?? [])).size;
    this.#projection = projectionNames.find(([conv]) => keys.some((key) => key.endsWith(`.${conv}.weight`)));
  }

  recognise(): Recognised {
    const { dialect, keys } = this;
    this.#evidence.push(
      `keys are named ${dialect.name} and count ${this.#blocks} blocks: depth ${2 * this.#blocks + 2}`,
    );
    const architecture = this.#decideArchitecture();
    const shortcut = architecture.family === "plain" ? this.#expectNoShortcut() : this.#decideShortcut();
    return {
      architecture,
      shortcut,
      dialect,
      projection: this.#projection ?? (projectionNames[0] as readonly [string, string]),
      head: headNames.find((name) => keys.includes(`${name}.weight`)) ?? (headNames[0] as string),
      evidence: this.#evidence,
      assumptions: this.#assumptions,
    };
  }

  #decideArchitecture(): Architecture {
    const { arch } = this.asked;
    const family = arch === undefined ? this.#decideFamily() : null;
    const found = architectures.find((one) =>
      arch === undefined
        ? one.family === family && one.blocksPerStage * one.widths.length === this.#blocks
        : one.name === arch,
    );
    if (found === undefined) {
      const value = arch === undefined ? `a ${family} with ${this.#blocks} blocks` : quote(arch);
      const next =
        arch === undefined
          ? "use weights of one of these; ImageNet's ResNets and other depths are not read yet"
          : "choose one with --arch";
      throw refuse("architecture-unknown", this.where, `one of ${known}`, value, next);
    }
    if (arch !== undefined) this.#evidence.push(`${arch} was asked for by flag or by the file's metadata`);
    return found;
  }

  #decideFamily(): Architecture["family"] {
    if (this.#projection !== undefined || this.asked.shortcut !== undefined) return "resnet";
    const plain = this.hints.find((hint) => /plain/i.test(hint));
    const resnet = this.hints.find((hint) => /res(idual)?[-_]?net/i.test(hint));
    const named = plain ?? resnet;
    if (named !== undefined && (plain !== undefined || this.dialect.plainLooksAlike)) {
      const [says, other] = plain === undefined ? ["a ResNet", "a plain network"] : ["plain", "a ResNet"];
      this.#assume(
        "family-assumed",
        `the name ${quote(named)} says ${says}; the keys would fit ${other} too (--arch decides)`,
      );
    }
    if (plain !== undefined) return "plain";
    if (resnet !== undefined || !this.dialect.plainLooksAlike) return "resnet";
    const depth = 2 * this.#blocks + 2;
    throw refuse(
      "architecture-open",
      this.where,
      "the keys decide the architecture, or --arch does",
      `plain${depth} and resnet${depth} with shortcuts A or avg have the same keys`,
      `give --arch plain${depth}, or --arch resnet${depth} --shortcut A|avg`,
    );
  }

  #expectNoShortcut(): null {
    const { shortcut } = this.asked;
    if (shortcut === undefined) return null;
    const rule = "a plain network has no shortcuts";
    const next = "drop --shortcut or choose a resnet";
    throw refuse("architecture-open", this.where, rule, `shortcut ${quote(shortcut)}`, next);
  }

  #decideShortcut(): ShortcutKind {
    const { shortcut } = this.asked;
    if (shortcut !== undefined) {
      const kind = shortcutKinds.find((one) => one === shortcut);
      if (kind === undefined) {
        const rule = "a shortcut is A, B, P or avg";
        throw refuse("architecture-unknown", this.where, rule, quote(shortcut), "choose one with --shortcut");
      }
      this.#evidence.push(`shortcut ${kind} was asked for by flag or by the file's metadata`);
      return kind;
    }
    if (this.#projection === undefined) return this.#assumeShortcut();
    const [conv] = this.#projection;
    const isFirst = this.keys.includes(`${this.dialect.block(1, 0, 0)}.${conv}.weight`);
    const place = isFirst ? "in the first block too" : "only where the shape changes";
    const kind = isFirst ? "P" : "B";
    this.#evidence.push(`projections ${conv} ${place}: option ${kind}`);
    return kind;
  }

  /** A and avg have no weights. */
  #assumeShortcut(): ShortcutKind {
    const named = this.hints.find((hint) => /avg/i.test(hint));
    const kind = named === undefined ? this.dialect.unmarkedShortcut : "avg";
    const reason =
      named === undefined ? "as networks with these keys have it" : `as the name ${quote(named)} says`;
    this.#assume(
      "shortcut-assumed",
      `no key of a shortcut: option ${kind}, ${reason} (A and avg have no weights and look alike; --shortcut decides)`,
    );
    return kind;
  }

  #assume(code: Assumption["code"], message: string): void {
    this.#evidence.push(message);
    this.#assumptions.push({ code, message });
  }
}
