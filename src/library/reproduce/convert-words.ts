/**
 * Options as words of the command line.
 *
 * Knows: how an option's name is written. May not know: options' meaning.
 */

/** `--calibrate-n` of `calibrateN`, `-T` of `T`. */
export function flagName(key: string): string {
  return key.length === 1 ? `-${key}` : `--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}
