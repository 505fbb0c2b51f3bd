/**
 * How an option's name is written on the command line.
 *
 * Knows: camelCase and dashes. May not know: which options there are.
 */

const singleDash = ["T", "o"];

/** `--calibrate-n` of `calibrateN`, `-T` of `T`. */
export function flagName(key: string): string {
  return singleDash.includes(key) ? `-${key}` : `--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}
