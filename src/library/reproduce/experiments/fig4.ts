/**
 * Figure 4: how much of its network's accuracy a spiking network keeps, plain against residual, by depth.
 *
 * Knows: what the article shows; it prints no numbers. May not know: how rows are run.
 */
import {
  cifar10Network as at,
  type Claim,
  type Experiment,
  makeRows,
  nameRow,
  type RowSpec,
} from "../experiment.js";

export const plainDepths = [20, 32, 44, 56];
const residualDepths = [20, 32, 44, 56, 110];
/** Plain and residual, those of figure 5 too. */
export const networks = [
  ...plainDepths.map((depth) => at("plain", depth)),
  ...residualDepths.map((depth) => at("resnet", depth)),
];
const recipes = ["paper", "default"];

const rows: readonly RowSpec[] = recipes.flatMap((recipe) =>
  networks.flatMap((network) =>
    makeRows(recipe === "paper" ? "The article's recipe" : "Preset default", network, [recipe]),
  ),
);

const claims: readonly Claim[] = plainDepths.map((depth) => ({
  id: `depth${depth}-keeps`,
  says: `at depth ${depth} the residual network loses less by conversion than the plain one`,
  quantity: {
    kind: "extra-loss",
    higher: nameRow(at("plain", depth), "paper", 350),
    lower: nameRow(at("resnet", depth), "paper", 350),
  },
  published: null,
  explanations: [
    {
      difference: "99.9th percentile of 2,000 images and V(0) = θ/2",
      quantity: {
        kind: "extra-loss",
        higher: nameRow(at("plain", depth), "default", 350),
        lower: nameRow(at("resnet", depth), "default", 350),
      },
    },
  ],
}));

export const fig4: Experiment = {
  id: "fig4",
  title: "Figure 4: conversion of plain and of residual networks",
  says: "Converted plain networks keep less of their accuracy the deeper they are; residual networks keep it.",
  rows,
  claims,
};
