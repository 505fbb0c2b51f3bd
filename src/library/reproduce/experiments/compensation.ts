/**
 * Layer-wise compensation: accuracy with and without it, against T and depth.
 *
 * Knows: what the article claims. May not know: how factors are searched.
 */
import {
  type Claim,
  cifar10Network,
  type Experiment,
  makeRows,
  nameRow,
  type Quantity,
} from "../experiment.js";

const at = (depth: number) => cifar10Network("resnet", depth);
const depths = [20, 32, 44, 56];
const times = [64, 128, 350];
const methods = ["maximum", "shared", "layer"];

const rows = depths.flatMap((depth) => times.flatMap((T) => makeRows(`T = ${T}`, at(depth), methods, { T })));

const gain = (depth: number, T: number, method: string): Quantity => ({
  kind: "gain",
  of: "snn",
  better: nameRow(at(depth), method, T),
  worse: nameRow(at(depth), "maximum", T),
});

const claims: readonly Claim[] = depths.flatMap((depth) =>
  times.map((T) => ({
    id: `resnet${depth}-T${T}`,
    says: `ResNet-${depth}, T = ${T}: one factor on all weights makes the spiking network more accurate`,
    quantity: gain(depth, T, "shared"),
    published: null,
    explanations: [
      { difference: "a factor for each layer", quantity: gain(depth, T, "layer") },
      ...times
        .filter((fewer) => fewer < T)
        .slice(-1)
        .map((fewer) => ({
          difference: `T = ${fewer} in place of ${T}`,
          quantity: gain(depth, fewer, "shared"),
        })),
    ],
  })),
);

export const compensation: Experiment = {
  id: "compensation",
  title: "Compensation: with and without, against T and depth",
  says: "Errors of sampling lower the rates layer by layer; slightly larger weights mend it. λ = maximum, V(0) = 0.",
  rows,
  claims,
};
