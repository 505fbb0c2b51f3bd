/**
 * What a diagnosis says, most important first.
 *
 * Knows: errors and effects of layers, advice. May not know: how they were measured, pages.
 *
 * Defects come first, the largest before the others; then layers whose errors the outputs feel beyond chance, by that effect;
 * then those whose effect nobody looked at, by the size of their own error; last those whose effect is chance or below 0.
 */
import { chooseAdvice } from "./advice-table.js";
import { isBeyondChance } from "./beyond-chance.js";
import { type ErrorPart, localParts } from "./error-parts.js";
import type { ConvertedFor } from "./remedies.js";
import type { LayerEffect } from "./what-if.js";

/** A layer's error: mean squares over that of the activation. */
export interface LayerError {
  readonly name: string;
  readonly neurons: number;
  readonly parts: Readonly<Record<ErrorPart, number>>;
  readonly total: number;
  /** Largest wiring that rounding explains. */
  readonly roundingBound: number;
  /** Whether wiring is above that: what the layer computes is not what the network does. */
  readonly isDefect: boolean;
  readonly lo: number;
  readonly reset: "subtract" | "zero";
  readonly refines: boolean;
  readonly silentChannels: number;
}

export interface Finding {
  readonly rank: number;
  readonly layer: string;
  /** Wiring where it is a defect; a part of which no other layer has a third; else the largest of its own. */
  readonly cause: ErrorPart;
  /** Mean square of that part over the activation's. */
  readonly size: number;
  readonly effect: Omit<LayerEffect, "layer"> | null;
  /** Row of the table of advice. */
  readonly adviceId: string;
  /** One sentence for people. */
  readonly message: string;
}

/** Stands between the error and the advice. */
const adviceMark = "; ";

/** The layers with the largest error of a cause first. */
export function rankWithinCause(layers: readonly LayerError[], cause: ErrorPart): readonly string[] {
  return [...layers].sort((a, b) => b.parts[cause] - a.parts[cause]).map(({ name }) => name);
}

export function rankFindings(
  layers: readonly LayerError[],
  effects: readonly LayerEffect[],
  converted: Pick<ConvertedFor, "options" | "steps">,
): readonly Finding[] {
  const effectOf = new Map(effects.map((effect) => [effect.layer, effect]));
  const inOrder = [...layers].sort((a, b) => {
    const [one, other] = [a, b].map((layer) => weigh(layer, effectOf.get(layer.name))) as [Weight, Weight];
    return other[0] - one[0] || other[1] - one[1];
  });
  return inOrder.map((layer, at) => {
    const cause = findCause(layer, layers);
    const effect = effectOf.get(layer.name);
    const { id, advice } = chooseAdvice({
      ...layer,
      ...converted,
      cause,
      effect: effect?.allLocal ?? null,
    });
    return {
      rank: at + 1,
      layer: layer.name,
      cause,
      size: layer.parts[cause],
      effect: effect === undefined ? null : withoutName(effect),
      adviceId: id,
      message: `${describe(layer, cause, effect)}${adviceMark}${advice}`,
    };
  });
}

type Weight = readonly [group: number, size: number];

function weigh(layer: LayerError, effect: LayerEffect | undefined): Weight {
  if (layer.isDefect) return [3, layer.parts.wiring];
  if (effect === undefined) return [1, localError(layer)];
  return [isBeyondChance(effect.allLocal, effect.allLocalError) ? 2 : 0, effect.allLocal];
}

/** What a message says of the error, and the advice behind it; no sentence on an error has a semicolon. */
export function splitMessage({ layer, message }: Pick<Finding, "layer" | "message">): {
  readonly error: string;
  readonly advice: string;
} {
  const at = message.indexOf(adviceMark, layer.length);
  if (at < 0) return { error: message, advice: "" };
  return { error: message.slice(0, at), advice: message.slice(at + adviceMark.length) };
}

/** An effect beside its layer. */
export function withoutName({ layer: _, ...effect }: LayerEffect): Omit<LayerEffect, "layer"> {
  return effect;
}

/** Mean square of what a layer adds itself, wiring left out unless it is a defect. */
export function localError({ parts, isDefect }: LayerError): number {
  return parts.unevenness + parts.quantisation + parts.clipping + (isDefect ? parts.wiring : 0);
}

const ownParts = localParts.filter((part) => part !== "wiring");

/** Wiring of a defect; a part in which the layer stands out among all; else the largest of its own. */
function findCause(layer: LayerError, layers: readonly LayerError[]): ErrorPart {
  if (layer.isDefect) return "wiring";
  const { parts } = layer;
  const largest = ownParts.reduce((most, part) => (parts[part] > parts[most] ? part : most));
  const outlying = ownParts.filter(
    (part) => standsOut(layer, part, layers) && parts[part] > parts[largest] / 8,
  );
  return outlying.reduce((most, part) => (parts[part] > parts[most] ? part : most), outlying[0] ?? largest);
}

/** Whether a layer has three times as much of a part as any other. */
export function standsOut(layer: LayerError, part: ErrorPart, layers: readonly LayerError[]): boolean {
  const others = layers.filter(({ name }) => name !== layer.name).map(({ parts }) => parts[part]);
  return layer.parts[part] > 3 * Math.max(0, ...others);
}

function describe(layer: LayerError, cause: ErrorPart, effect: LayerEffect | undefined): string {
  const size = layer.parts[cause].toPrecision(2);
  if (layer.isDefect) {
    return `${layer.name}: wiring ${size} of its activation's mean square, where rounding explains ${layer.roundingBound.toPrecision(1)}`;
  }
  const own = `${cause} ${size} of its activation's mean square`;
  if (effect === undefined) return `${layer.name}: ${own}`;
  const cost = `${describeEffect(effect)} % of the outputs' error`;
  const grows = isGrowth(effect) ? " (without its own errors it would be larger)" : "";
  return `${layer.name}: ${cost}${grows}, mostly ${own}`;
}

/** Below 0 as it is told, or beyond chance. */
function isGrowth({ allLocal, allLocalError }: LayerEffect): boolean {
  return (
    tellPercent(allLocal).startsWith("−") ||
    (allLocalError !== null && isBeyondChance(-allLocal, allLocalError))
  );
}

/** `−12 ± 8`: the effect as it was measured, and its standard error. */
function describeEffect({ allLocal, allLocalError }: LayerEffect): string {
  const value = tellPercent(allLocal);
  return allLocalError === null ? value : `${value} ± ${tellPercent(allLocalError)}`;
}

function tellPercent(value: number): string {
  const size = Math.abs(value).toFixed(0);
  return value < 0 && size !== "0" ? `−${size}` : size;
}
