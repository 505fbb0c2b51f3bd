/**
 * The package's version, for the rooms above.
 *
 * Knows: where it stands. May not know: anything else.
 */
export { version } from "../core/version.js";
