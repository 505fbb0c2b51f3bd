/**
 * How implementations name the weights of one architecture, as data.
 *
 * Knows: names. May not know: shapes, files.
 */
import type { ShortcutKind } from "../format.js";

export interface KeyDialect {
  readonly name: string;
  readonly stemConv: string;
  readonly stemNorm: string;
  /** Name of a block, by stage (from 1), index in its stage and index of all (from 0). */
  readonly block: (stage: number, index: number, overall: number) => string;
  /** Matches a key within a block; captures the block's name. */
  readonly blockPattern: RegExp;
  /** What a residual network of this dialect has where no key of a shortcut is there. */
  readonly unmarkedShortcut: Extract<ShortcutKind, "A" | "avg">;
  /** Whether plain networks use the same names, so that keys alone cannot tell them apart. */
  readonly plainLooksAlike: boolean;
}

/** Names of a projection's convolution and batch norm within a block. */
export const projectionNames: readonly (readonly [conv: string, norm: string])[] = [
  ["shortcut.0", "shortcut.1"],
  ["downsample.0", "downsample.1"],
];

export const headNames: readonly string[] = ["linear", "fc"];

export const keyDialects: readonly KeyDialect[] = [
  {
    name: "conv1, bn1, layerS.I",
    stemConv: "conv1",
    stemNorm: "bn1",
    block: (stage, index) => `layer${stage}.${index}`,
    blockPattern: /^(layer\d+\.\d+)\./,
    unmarkedShortcut: "A",
    plainLooksAlike: false,
  },
  {
    name: "conv0, bn0, convs.N",
    stemConv: "conv0",
    stemNorm: "bn0",
    block: (_stage, _index, overall) => `convs.${overall}`,
    blockPattern: /^(convs\.\d+)\./,
    unmarkedShortcut: "avg",
    plainLooksAlike: true,
  },
];
