#!/usr/bin/env node
/**
 * The command line's entry: process, signals, exit code.
 *
 * Knows: the process. May not know: verbs' meaning.
 */
import { createRequire } from "node:module";
import { runCommand } from "./run-command.js";
import { verbs } from "./verb-list.js";

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (interruption.signal.aborted) process.exit(name === "SIGINT" ? 130 : 143);
    interruption.abort(name);
  });
}
// a reader that went away (`respike … | head`) ends the program quietly
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
// one that wants no progress any more stops nothing
process.stderr.on("error", () => {});

process.exitCode = await runCommand({
  words: process.argv.slice(2),
  verbs,
  version,
  writeOut: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY === true && process.env.NO_COLOR === undefined,
  signal: interruption.signal,
});
