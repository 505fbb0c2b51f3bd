/**
 * From statistics to scales: λ of each layer, its dead channels, and what there is to warn of.
 *
 * Knows: the contract's rules for λ = 0. May not know: how statistics are collected.
 */
import type { Warning } from "../core/respike-error.js";
import type { Activation } from "./list-activations.js";
import type { ActivationScale } from "./pass.js";
import type { ActivationStatistic } from "./statistics/activation-statistics.js";

/** @returns scales by the activations' relus */
export function scaleActivations(
  activations: readonly Activation[],
  statistics: ReadonlyMap<string, ActivationStatistic>,
  warn: (warning: Warning) => void,
): Map<string, ActivationScale> {
  return new Map(
    activations.map(({ relu, node, layer }) => {
      const statistic = statistics.get(node);
      if (statistic === undefined) throw new RangeError(`no statistics of ${node}`);
      const scale = makeScale(statistic);
      if (statistic.raised.length > 0) {
        warn({
          code: "lambda-is-maximum",
          where: layer,
          message:
            statistic.lambda.length === 1
              ? "the percentile is 0 and the maximum is not, so λ is the maximum"
              : `the percentile of channels ${statistic.raised.join(", ")} is 0 and their maximum is not, so λ is the maximum`,
        });
      }
      return [relu, scale] as const;
    }),
  );
}

function makeScale({ lambda, channelMax, rate }: ActivationStatistic): ActivationScale {
  const dead = channelMax.flatMap((max, c) => (max > 0 ? [] : [c]));
  const lambdaOf = (c: number) => lambda[lambda.length === 1 ? 0 : c] as number;
  return {
    lambda: lambda.map((value) => (value > 0 ? value : 1)),
    rate,
    maxRate: channelMax.reduce(
      (most, max, c) => (lambdaOf(c) > 0 ? Math.max(most, max / lambdaOf(c)) : most),
      0,
    ),
    deadChannels: dead,
    silentChannels: channelMax.flatMap((_, c) => (lambdaOf(c) > 0 ? [] : [c])),
  };
}

/** The scale of a layer. */
export function scaleOfLayer(
  layer: string,
  activations: readonly Activation[],
  scales: ReadonlyMap<string, ActivationScale>,
): ActivationScale {
  const activation = activations.find((each) => each.layer === layer);
  const scale = activation === undefined ? undefined : scales.get(activation.relu);
  if (scale === undefined) throw new RangeError(`no layer '${layer}'`);
  return scale;
}

/** λ times a factor; rates and maxima in its units, rates as if nothing were cut off. */
export function multiplyScales(
  scales: ReadonlyMap<string, ActivationScale>,
  factor: number,
): ReadonlyMap<string, ActivationScale> {
  if (factor === 1) return scales;
  const multiply = (scale: ActivationScale): ActivationScale => ({
    ...scale,
    lambda: scale.lambda.map((lambda, c) => (scale.silentChannels.includes(c) ? lambda : lambda * factor)),
    rate: Math.min(1, scale.rate / factor),
    maxRate: scale.maxRate / factor,
  });
  return new Map([...scales].map(([id, scale]) => [id, multiply(scale)]));
}
