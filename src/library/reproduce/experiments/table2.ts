/**
 * Table 2: depths 20 to 110, with and without shortcut normalisation.
 *
 * Knows: the article's numbers. May not know: how rows are run.
 */
import {
  type Claim,
  cifar10Network,
  type Experiment,
  type Explanation,
  makeRows,
  type NetworkSpec,
  nameRow,
  type Quantity,
  type RowSpec,
} from "../experiment.js";
import { fewSteps, listFewStepPresets } from "../recipes.js";

const at = (depth: number, shortcut?: "P" | "avg") => cifar10Network("resnet", depth, shortcut);

/** Points more that are lost without shortcut normalisation. */
const publishedGains = [
  [20, 2.34],
  [32, 6.32],
  [44, 7.42],
  [56, 8.31],
  [110, 8.59],
] as const;
const depths = publishedGains.map(([depth]) => depth);

/** What is changed, one thing at a time, from the article's recipe without compensation. */
const differences: readonly (readonly [recipe: string, difference: string])[] = [
  ["maximum", "no compensation"],
  ["half", "V(0) = θ/2, no compensation"],
  ["percentile", "99.9th percentile, no compensation"],
  ["zero", "reset to zero, no compensation"],
  ["authors", "the authors' code of 2021"],
  ["default", "99.9th percentile of 2,000 images and V(0) = θ/2"],
];
const explained = [20, 32, 44];
/** Networks of other shortcuts, where there are any. */
const variants = [at(20, "P"), at(32, "P"), at(44, "P"), at(20, "avg"), at(56, "avg")];
/** What "without" may also mean where shortcuts are projections: identities alone are left as they are. */
const identitiesAlone = ["maximum, identities without", "default, identities without"];
const explaining = { most: 1000, slow: true } as const;

function bothWays(recipe: string): readonly [string, string] {
  return [recipe, `${recipe}, without`];
}

function listRows(): RowSpec[] {
  const article = depths.flatMap((depth) => [
    ...makeRows("The article's recipe", at(depth), ["paper"], {
      ...(depth === 20 ? { published: { loss: 0.2 } } : {}),
    }),
    ...makeRows("The article's recipe", at(depth), ["paper, without"]),
  ]);
  const today = depths.flatMap((depth) => makeRows("Preset default", at(depth), bothWays("default")));
  const explain = explained.flatMap((depth) =>
    differences
      .filter(([recipe]) => recipe !== "default")
      .flatMap(([recipe]) =>
        makeRows("Rows that explain differences", at(depth), bothWays(recipe), explaining),
      ),
  );
  const shortcuts = variants.flatMap((network) => [
    ...makeRows("Networks with other shortcuts", network, bothWays("maximum"), explaining),
    ...makeRows("Networks with other shortcuts", network, bothWays("default"), explaining),
    ...(network.shortcut === "P"
      ? makeRows("Networks with other shortcuts", network, identitiesAlone, explaining)
      : []),
  ]);
  const beyond = depths.flatMap((depth) =>
    fewSteps.flatMap((T) => makeRows("Beyond: few steps", at(depth), listFewStepPresets(), { T })),
  );
  return [...article, ...today, ...explain, ...shortcuts, ...beyond];
}

const gainOf = (network: NetworkSpec, recipe: string, without = "without"): Quantity => ({
  kind: "gain",
  of: "snn",
  better: nameRow(network, recipe, 350),
  worse: nameRow(network, `${recipe}, ${without}`, 350),
});

/** On projections "without" has two readings. */
function explainReading(network: NetworkSpec): Explanation[] {
  if (network.shortcut !== "P") return [];
  return ["maximum", "default"].map((recipe) => ({
    difference: `shortcuts of option P, ${recipe}, "without" of identities alone`,
    quantity: gainOf(network, recipe, "identities without"),
  }));
}

function explainGain(depth: number): Explanation[] {
  const shortcuts = variants
    .filter((network) => network.depth === depth)
    .flatMap((network): Explanation[] => [
      {
        difference: `shortcuts of option ${network.shortcut}, no compensation`,
        quantity: gainOf(network, "maximum"),
      },
      {
        difference: `shortcuts of option ${network.shortcut}, 99.9th percentile and V(0) = θ/2`,
        quantity: gainOf(network, "default"),
      },
      ...explainReading(network),
    ]);
  const changed = differences
    .filter(([recipe]) => recipe === "default" || explained.includes(depth))
    .map(([recipe, difference]): Explanation => ({ difference, quantity: gainOf(at(depth), recipe) }));
  return [...changed, ...shortcuts];
}

const claims: readonly Claim[] = [
  {
    id: "resnet20-loss",
    says: "ResNet-20 loses 0.20 points with shortcut normalisation",
    quantity: { kind: "loss", row: nameRow(at(20), "paper", 350) },
    published: 0.2,
    explanations: differences.map(([recipe, difference]) => ({
      difference,
      quantity: { kind: "loss", row: nameRow(at(20), recipe, 350) },
    })),
  },
  ...publishedGains.map(
    ([depth, gain]): Claim => ({
      id: `resnet${depth}-gain`,
      says: `ResNet-${depth} loses ${gain} points more without shortcut normalisation`,
      quantity: gainOf(at(depth), "paper"),
      published: gain,
      explanations: explainGain(depth),
    }),
  ),
  {
    id: "gain-grows",
    says: "the deeper the network, the more shortcut normalisation gains",
    quantity: depths.map((depth) => gainOf(at(depth), "paper")),
    published: null,
    explanations: [
      {
        difference: "99.9th percentile of 2,000 images and V(0) = θ/2",
        quantity: depths.map((depth) => gainOf(at(depth), "default")),
      },
      {
        difference: "no compensation, depths 20, 32 and 44",
        quantity: explained.map((depth) => gainOf(at(depth), "maximum")),
      },
    ],
  },
];

export const table2: Experiment = {
  id: "table2",
  title: "Table 2: depth, with and without shortcut normalisation",
  says: "Without shortcut normalisation ResNets of depth 20, 32, 44, 56 and 110 lose 2.34, 6.32, 7.42, 8.31 and 8.59 points more; with it ResNet-20 loses 0.20.",
  rows: listRows(),
  claims,
};
