/**
 * Help that teaches: the list of verbs and each verb's page.
 *
 * Knows: verbs and flags as data. May not know: what they do.
 */

import { flagName } from "../core/flag-name.js";
import { commonFlags } from "./common-flags.js";
import type { Flag, FlagTable } from "./flags.js";
import type { Verb } from "./verb.js";

export function printOverview(verbs: readonly Verb[], version: string): string {
  const width = Math.max(...verbs.map((verb) => verb.name.length));
  const rows = verbs.map((verb) => `  ${verb.name.padEnd(width)}  ${verb.summary}`);
  return [
    `respike ${version}: turns a trained ResNet into a spiking network, runs it, and shows how close it came`,
    "",
    "usage: respike <verb> [arguments] [flags]",
    "",
    ...rows,
    "",
    "Start with:  respike demo mnist",
    "Each verb explains itself:  respike convert --help",
  ].join("\n");
}

export function printVerbHelp(verb: Verb): string {
  const args = verb.arguments.map((argument) => (argument.required ? argument.name : `[${argument.name}]`));
  const lines = [`usage: respike ${[verb.name, ...args].join(" ")} [flags]`, "", verb.summary, ""];
  lines.push(...wrapText(verb.explanation, 88), "");
  if (verb.arguments.length > 0) {
    const rows = verb.arguments.map((argument) => [argument.name, argument.description] as const);
    lines.push("Arguments", ...printRows(rows), "");
  }
  if (Object.keys(verb.flags).length > 0) lines.push("Flags", ...printFlags(verb.flags), "");
  const common = Object.entries(commonFlags).filter(([key]) => !Object.hasOwn(verb.flags, key));
  lines.push("Flags of every verb", ...printFlags(Object.fromEntries(common)), "");
  lines.push("Examples", ...verb.examples.flatMap(([command, what]) => [`  ${command}`, `      ${what}`]));
  return lines.join("\n");
}

function printFlags(flags: FlagTable): string[] {
  return printRows(
    Object.entries(flags).map(([key, flag]: [string, Flag<unknown>]) => [
      `${flagName(key)} ${flag.placeholder}`.trimEnd(),
      flag.description + (flag.shownDefault === undefined ? "" : ` (${flag.shownDefault})`),
    ]),
  );
}

function printRows(rows: readonly (readonly [string, string])[]): string[] {
  const width = 30;
  return rows.flatMap(([left, right]) => {
    const lines = wrapText(right, 66);
    const first =
      left.length < width
        ? [`  ${left.padEnd(width)}${lines[0] ?? ""}`]
        : [`  ${left}`, `  ${" ".repeat(width)}${lines[0] ?? ""}`];
    return [...first, ...lines.slice(1).map((line) => `  ${" ".repeat(width)}${line}`)];
  });
}

function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(/\s+/)) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}
