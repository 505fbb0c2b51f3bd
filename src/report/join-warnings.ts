/**
 * Warnings as people read them: what is told once a layer becomes one line.
 *
 * Knows: the code of dead channels. May not know: how they were found. Programs get each warning (`--json`).
 */
import type { Warning } from "../core/respike-error.js";

const dead = "dead-channels";

/** One for all layers with dead channels, where the first of them stood; one layer alone keeps its own, which names the channels. */
export function joinWarnings(warnings: readonly Warning[]): readonly Warning[] {
  const layers = warnings.filter(({ code }) => code === dead);
  const [first] = layers;
  if (first === undefined || layers.length === 1) return warnings;
  const all = layers.reduce((sum, { count = 0 }) => sum + count, 0);
  const named = layers.map(({ where, count = 0 }) => `${where} (${count})`).join(", ");
  const joined = {
    code: dead,
    where: `${layers.length} layers`,
    message: `no calibration image moves ${all} of their channels, which never fire: ${named}; --json lists them`,
    count: all,
  };
  return warnings.flatMap((each) => (each.code !== dead ? [each] : each === first ? [joined] : []));
}
