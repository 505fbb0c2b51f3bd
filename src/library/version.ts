/**
 * The package's version.
 *
 * Knows: package.json. May not know: anything else.
 */
import { createRequire } from "node:module";

export const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
