/**
 * Figure 5: plain against residual networks themselves, by depth.
 *
 * Knows: what the article shows; it prints no numbers. May not know: how rows are run.
 */
import {
  cifar10Network as at,
  type Claim,
  type Experiment,
  makeRows,
  type NetworkSpec,
  nameRow,
  type Quantity,
} from "../experiment.js";
import { networks, plainDepths } from "./fig4.js";

const rowOf = (family: NetworkSpec["family"], depth: number) => nameRow(at(family, depth), "network", 1);

const rows = networks.flatMap((network) =>
  makeRows("The networks themselves", network, ["network"], { T: 1 }),
);

const gain = (better: string, worse: string): Quantity => ({ kind: "gain", of: "network", better, worse });

const claims: readonly Claim[] = [
  ...plainDepths.map(
    (depth): Claim => ({
      id: `depth${depth}-residual-better`,
      says: `at depth ${depth} the residual network is better than the plain one`,
      quantity: gain(rowOf("resnet", depth), rowOf("plain", depth)),
      published: null,
    }),
  ),
  {
    id: "plain-degrades",
    says: "plain networks get worse with depth: 20 layers are better than 56",
    quantity: gain(rowOf("plain", 20), rowOf("plain", 56)),
    published: null,
  },
  {
    id: "residual-improves",
    says: "residual networks get better with depth: 110 layers are better than 20",
    quantity: gain(rowOf("resnet", 110), rowOf("resnet", 20)),
    published: null,
  },
];

export const fig5: Experiment = {
  id: "fig5",
  title: "Figure 5: plain and residual networks themselves",
  says: "Plain networks degrade with depth; residual networks gain.",
  rows,
  claims,
};
