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
  networkRecipe,
  type Quantity,
} from "../experiment.js";
import { networks, plainDepths } from "./fig4.js";

const rowOf = (family: NetworkSpec["family"], depth: number) => nameRow(at(family, depth), networkRecipe, 1);

/** Depths at which residual networks of option P are brought, trained as the plain ones were. */
const ownDepths = [20, 44];
const own = (depth: number) => at("resnet", depth, "P");
const rowOfOwn = (depth: number) => nameRow(own(depth), networkRecipe, 1);

const rows = [
  ...networks.flatMap((network) => makeRows("The networks themselves", network, [networkRecipe], { T: 1 })),
  ...ownDepths.flatMap((depth) =>
    makeRows("Rows that explain differences", own(depth), [networkRecipe], { T: 1 }),
  ),
];

const gain = (better: string, worse: string): Quantity => ({ kind: "gain", of: "network", better, worse });

const claims: readonly Claim[] = [
  ...plainDepths.map(
    (depth): Claim => ({
      id: `depth${depth}-residual-better`,
      says: `at depth ${depth} the residual network is better than the plain one`,
      quantity: gain(rowOf("resnet", depth), rowOf("plain", depth)),
      published: null,
      explanations: ownDepths.includes(depth)
        ? [
            {
              difference: "shortcuts of option P, trained as the plain network was",
              quantity: gain(rowOfOwn(depth), rowOf("plain", depth)),
            },
          ]
        : [],
    }),
  ),
  {
    id: "plain-degrades",
    says: "plain networks get worse with depth: 20 layers are better than 56",
    quantity: gain(rowOf("plain", 20), rowOf("plain", 56)),
    published: null,
    explanations: [
      { difference: "44 layers in place of 56", quantity: gain(rowOf("plain", 20), rowOf("plain", 44)) },
    ],
  },
  {
    id: "residual-improves",
    says: "residual networks get better with depth: 110 layers are better than 20",
    quantity: gain(rowOf("resnet", 110), rowOf("resnet", 20)),
    published: null,
    explanations: [
      { difference: "56 layers in place of 110", quantity: gain(rowOf("resnet", 56), rowOf("resnet", 20)) },
      { difference: "option P, 44 layers in place of 110", quantity: gain(rowOfOwn(44), rowOfOwn(20)) },
    ],
  },
];

export const fig5: Experiment = {
  id: "fig5",
  title: "Figure 5: plain and residual networks themselves",
  says: "Plain networks degrade with depth; residual networks gain.",
  rows,
  claims,
};
