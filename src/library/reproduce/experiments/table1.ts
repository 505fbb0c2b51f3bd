/**
 * Table 1: three data sets, network against SNN, beside other methods of conversion.
 *
 * Knows: the article's numbers. May not know: how rows are run.
 */
import {
  type Claim,
  type Experiment,
  makeRows,
  type NetworkSpec,
  nameNetwork,
  nameRow,
  networkRecipe,
  type Quantity,
  type RowSpec,
} from "../experiment.js";
import { fewSteps, listFewStepPresets } from "../recipes.js";
import { quotedNumbers } from "./quoted-numbers.js";

interface Published {
  readonly network: NetworkSpec;
  readonly name: string;
  readonly numbers: { readonly network: number; readonly snn: number; readonly loss: number };
}

const resnet = (data: NetworkSpec["data"], depth: number): NetworkSpec => ({ data, family: "resnet", depth });

const published: readonly Published[] = [
  { network: resnet("mnist", 8), name: "MNIST", numbers: { network: 99.59, snn: 99.59, loss: 0 } },
  { network: resnet("cifar10", 44), name: "CIFAR-10", numbers: { network: 92.85, snn: 92.37, loss: 0.48 } },
  { network: resnet("cifar100", 44), name: "CIFAR-100", numbers: { network: 70.18, snn: 68.56, loss: 1.62 } },
];

/** Beside the article's networks: the depths that are at hand, so that each data set has a row. */
const beside: readonly NetworkSpec[] = [resnet("cifar10", 20), resnet("cifar100", 32)];
const all = [...published.map(({ network }) => network), ...beside];
const methods = ["maximum", "rueckauer", "cao"];

function listRows(): RowSpec[] {
  const own = published.flatMap(({ network, numbers }) => [
    ...makeRows("The article's recipe", network, ["paper"], { published: numbers }),
    ...makeRows("The article's recipe", network, ["authors", "default"]),
  ]);
  const stand = beside.flatMap((network) =>
    makeRows("The article's recipe on other depths", network, ["paper", "authors", "default"]),
  );
  const others = all.flatMap((network) => makeRows("Other methods on the same networks", network, methods));
  const beyond = all.flatMap((network) =>
    fewSteps.flatMap((T) => makeRows("Beyond: few steps", network, listFewStepPresets(), { T })),
  );
  const weights = published.flatMap(({ network, numbers }) => [
    ...makeRows("The networks themselves", network, [networkRecipe], {
      T: 1,
      published: { network: numbers.network },
    }),
    ...otherNetworks(network).flatMap(({ network: other }) =>
      makeRows("The networks themselves", other, [networkRecipe], { T: 1 }),
    ),
  ]);
  return [...own, ...stand, ...others, ...beyond, ...weights];
}

/** Networks that may explain another accuracy of the network itself. */
function otherNetworks(
  network: NetworkSpec,
): { readonly network: NetworkSpec; readonly difference: string }[] {
  const here = {
    network: { ...network, shortcut: "P" } as const,
    difference: "the network trained here, option P",
  };
  if (network.data === "mnist") return [here];
  if (network.data === "cifar100")
    return [here, { network: resnet("cifar100", 32), difference: "weights of others, 32 layers" }];
  return [
    here,
    { network: { ...network, shortcut: "A" }, difference: "weights of others, option A" },
    {
      network: { ...resnet("cifar10", 20), shortcut: "P" },
      difference: "20 layers in place of 44, trained here, option P",
    },
  ];
}

/** What is changed to explain a difference. */
const changes = [
  ["authors", "the authors' code of 2021 (99.9th percentile, V(0) = θ/2, output neurons)"],
  ["default", "99.9th percentile of 2,000 images and V(0) = θ/2"],
  ["maximum", "without compensation"],
  ["cao", "without compensation, reset to zero"],
] as const;

function claimAbout({ network, name, numbers }: Published): Claim[] {
  const row = nameRow(network, "paper", 350);
  const explain = (read: (row: string) => Quantity) =>
    changes.map(([recipe, difference]) => ({ difference, quantity: read(nameRow(network, recipe, 350)) }));
  const title = `${name}, ${nameNetwork(network)}`;
  const loses = numbers.loss === 0 ? "nothing" : `${numbers.loss} points`;
  return [
    {
      id: `${network.data}-network`,
      says: `${title}: the network gets ${numbers.network} % right`,
      quantity: { kind: "accuracy", of: "network", row: nameRow(network, networkRecipe, 1) },
      published: numbers.network,
      explanations: otherNetworks(network).map(({ network: other, difference }) => ({
        difference,
        quantity: { kind: "accuracy", of: "network", row: nameRow(other, networkRecipe, 1) },
      })),
    },
    {
      id: `${network.data}-snn`,
      says: `${title}: the spiking network gets ${numbers.snn} % right`,
      quantity: { kind: "accuracy", of: "snn", row },
      published: numbers.snn,
      explanations: explain((other) => ({ kind: "accuracy", of: "snn", row: other })),
    },
    {
      id: `${network.data}-loss`,
      says: `${title}: the conversion loses ${loses}`,
      quantity: { kind: "loss", row },
      published: numbers.loss,
      explanations: explain((other) => ({ kind: "loss", row: other })),
    },
  ];
}

export const table1: Experiment = {
  id: "table1",
  title: "Table 1: three data sets, beside other methods",
  says: "Converted ResNets lose nothing on MNIST and 0.48 and 1.62 points on CIFAR-10 and CIFAR-100, less than other conversions.",
  rows: listRows(),
  claims: published.flatMap(claimAbout),
  quoted: quotedNumbers,
};
