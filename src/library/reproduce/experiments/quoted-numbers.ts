/**
 * Numbers that others published on networks of their own: quoted, not run here.
 *
 * Knows: sources. May not know: rows.
 */
import type { QuotedNumbers } from "../../../report/reproduction/reproduction-result.js";

export const quotedNumbers: readonly QuotedNumbers[] = [];
