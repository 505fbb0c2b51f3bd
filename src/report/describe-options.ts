/**
 * What a spiking network was made with and for, one fact a line: preset, T, spikes, readout, λ, numbers.
 *
 * Knows: the options that a conversion saves. May not know: what they do, the rest of the file.
 */
import { isMadeForOneT } from "../graph/made-for-steps.js";
import { formatCount } from "./format-number.js";
import { labelAlphabet } from "./name-spikes.js";

interface Described {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly alphabet?: string;
  readonly number?: string;
}

/** Names and values; options that a file leaves out are left out, and a model, which has none, gives no line. */
export function describeOptions({
  options = {},
  alphabet,
  number,
}: Described): readonly (readonly [name: string, value: string])[] {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["preset", textOf(options.preset)],
    ["made for", describeSteps(options)],
    ["spikes", alphabet === undefined ? undefined : labelAlphabet(alphabet)],
    ["readout", describeReadout(options)],
    ["λ", describeLambda(options)],
    ["numbers", number],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);

function describeSteps({ T, ...options }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof T !== "number") return undefined;
  const others = isMadeForOneT(options) ? "for another T convert again with -T" : "other T fit too";
  return `T = ${formatCount(T)}; ${others}`;
}

function describeReadout({ readout, delay }: Readonly<Record<string, unknown>>): string | undefined {
  const name = textOf(readout);
  if (name === undefined || typeof delay !== "number" || delay === 0) return name;
  return `${name}, without the first ${delay === 1 ? "step" : `${formatCount(delay)} steps`} (delay)`;
}

/** `mmse, one a channel; adjusted: bias+potential`. */
function describeLambda(options: Readonly<Record<string, unknown>>): string | undefined {
  const { lambda, lambdaScope, lambdaFactor = 1, adjust = "off", compensate = "off" } = options;
  const rule = textOf(lambda);
  if (rule === undefined) return undefined;
  return [
    `${rule}${lambdaFactor === 1 ? "" : ` × ${String(lambdaFactor)}`}, one a ${textOf(lambdaScope) ?? "layer"}`,
    ...(adjust === "off" ? [] : [`adjusted: ${String(adjust)}`]),
    ...(compensate === "off" ? [] : [`compensated: ${String(compensate)}`]),
  ].join("; ");
}
