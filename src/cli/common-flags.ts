/**
 * The flags that every verb takes.
 *
 * Knows: the interface contract's list. May not know: verbs.
 */
import { choiceFlag, type FlagValues, integerFlag, switchFlag, textFlag } from "./flags.js";

export const commonFlags = {
  json: switchFlag({ description: "print one JSON document on stdout and nothing else" }),
  progress: choiceFlag(["auto", "plain", "jsonl", "none"], {
    description: "progress on stderr: a live line, plain lines, JSON lines, or none",
    shownDefault: "auto",
  }),
  config: textFlag("FILE", { description: "read flags from a JSON file (names in camelCase); flags win" }),
  seed: integerFlag(
    { min: 0, max: 0xffffffff },
    { description: "seed of every random choice", shownDefault: "0" },
  ),
  threads: integerFlag({ min: 1, max: 1024 }, { description: "worker threads", shownDefault: "all cores" }),
  cacheDir: textFlag("DIR", {
    description: "where data sets, statistics and what searches found are kept",
    shownDefault: "$RESPIKE_CACHE, else the platform's",
  }),
  offline: switchFlag({ description: "never use the network" }),
  force: switchFlag({ description: "overwrite existing outputs" }),
  help: switchFlag({ description: "explain the verb" }),
  version: switchFlag({ description: "print the version" }),
} as const;

export type CommonValues = FlagValues<typeof commonFlags>;
