/**
 * What a diagnosis comes to: a defect, layers to blame, or an error that no single layer makes.
 *
 * Knows: errors and effects of layers, remedies. May not know: how they were measured, pages.
 */
import { isBeyondChance } from "./beyond-chance.js";
import type { LayerError } from "./rank-findings.js";
import { type ConvertedFor, listRemedies } from "./remedies.js";
import type { LayerEffect } from "./what-if.js";

export interface Conclusion {
  /** `spread`: of the layers that were looked at none is to blame. */
  readonly kind: "defect" | "layers" | "spread";
  /** The defective ones, those to blame, or all among which the error is spread. */
  readonly layers: readonly string[];
  /** One sentence for people. */
  readonly message: string;
}

/** Percent of the outputs' error that a layer to blame costs at least. */
const blamedEffect = 10;

const isBlamed = ({ allLocal, allLocalError }: LayerEffect) =>
  allLocal > blamedEffect && isBeyondChance(allLocal, allLocalError);

/** Null where no effect was looked at, or the outputs have no error. */
export function conclude(
  layers: readonly LayerError[],
  effects: readonly LayerEffect[],
  converted: Pick<ConvertedFor, "options" | "steps">,
  outputError: number,
): Conclusion | null {
  const names = layers.map(({ name }) => name);
  const defects = layers.filter(({ isDefect }) => isDefect).map(({ name }) => name);
  if (defects.length > 0) {
    const message = `wiring is not zero in ${defects.join(", ")}: a defect, to be mended first`;
    return { kind: "defect", layers: defects, message };
  }
  if (effects.length === 0 || !(outputError > 0)) return null;
  const ordered = [...effects].sort((a, b) => b.allLocal - a.allLocal);
  const blamed = ordered.filter(isBlamed).map(({ layer }) => layer);
  if (blamed.length > 0) {
    const message = `costs more than ${blamedEffect} % of the outputs' error: ${blamed.join(", ")}`;
    return { kind: "layers", layers: blamed, message };
  }
  const lo = Math.min(...layers.map((layer) => layer.lo));
  const spikes = { lo, refines: layers.some(({ refines }) => refines) };
  const remedies = listRemedies({ ...converted, ...spikes });
  const looked = effects.length === layers.length ? "none" : `none of the ${effects.length} looked at`;
  const message = `no single layer is to blame: ${looked} costs more than ${blamedEffect} % of the outputs' error beyond chance; the error is spread over ${layers.length} layers: ${remedies}`;
  return { kind: "spread", layers: names, message };
}
