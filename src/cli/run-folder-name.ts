/**
 * The default name of a run folder.
 *
 * Knows: the clock. May not know: what the run is.
 */

/** `runs/2026-11-25T10-15-00-resnet20` */
export function nameRunFolder(model: string, now: Date = new Date()): string {
  const time = now.toISOString().slice(0, 19).replaceAll(":", "-");
  return `runs/${time}-${model.replace(/[^\w.-]+/g, "-")}`;
}
