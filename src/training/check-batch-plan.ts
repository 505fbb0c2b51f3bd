/**
 * Refuses plans of batches that cannot be followed.
 *
 * Knows: what the parts of a plan may be. May not know: how batches are made.
 */
import { type Problem, refuseUsage } from "../core/respike-error.js";
import type { ImageSet } from "../datasets/dataset.js";
import type { BatchPlan } from "./image-batches.js";

/** @throws RespikeError (exit 2) with every rule that the plan breaks */
export function checkBatchPlan(images: ImageSet, plan: BatchPlan, ahead = 4): void {
  const problems = [
    ...checkSizes(images, plan),
    ...checkAugmentation(images, plan),
    ...checkPreprocessing(images, plan),
    ...checkAhead(ahead),
  ];
  if (problems.length > 0) throw refuseUsage(problems);
}

function checkSizes(images: ImageSet, { trained, batch, classes, smoothing }: BatchPlan): Problem[] {
  const problems: Problem[] = [];
  const refuse = makeRefuse(problems);
  if (!Number.isInteger(batch) || batch < 1) refuse("batch", "an integer from 1", batch, "choose a batch");
  else if (trained.length < batch) {
    refuse(
      "batch",
      `at most the ${trained.length} images that are trained on`,
      batch,
      "choose a smaller batch",
    );
  }
  if (!(smoothing >= 0 && smoothing < 1)) {
    refuse("smoothing", "a share from 0 up to but not including 1", smoothing, "leave it out for 0");
  }
  const beyond = trained.find((index) => index >= images.n);
  if (beyond !== undefined) {
    refuse("trained", `indices of the ${images.n} images`, beyond, "name images that are there");
    return problems;
  }
  const strange = trained.find((index) => {
    const label = images.labels[index] as number;
    return label < 0 || label >= classes;
  });
  if (strange !== undefined) {
    const label = images.labels[strange] as number;
    refuse(
      `image ${strange}`,
      `a label from 0 to ${classes - 1}`,
      label,
      "train a network of as many classes",
    );
  }
  return problems;
}

function checkAugmentation(images: ImageSet, { augmentation, seed }: BatchPlan): Problem[] {
  const problems: Problem[] = [];
  const refuse = makeRefuse(problems);
  const { pad, rotate, zoom } = augmentation;
  const side = Math.min(images.shape[1], images.shape[2]);
  if (!Number.isInteger(pad) || pad < 0 || pad >= side) {
    refuse("pad", `an integer from 0 to ${side - 1}`, pad, "leave it out for none");
  }
  if (!(rotate >= 0 && rotate <= 180))
    refuse("rotate", "degrees from 0 to 180", rotate, "leave it out for none");
  if (!(zoom >= 0 && zoom < 1))
    refuse("zoom", "a share from 0 up to but not including 1", zoom, "leave it out");
  if (!Number.isInteger(seed)) refuse("seed", "an integer", seed, "leave it out");
  return problems;
}

function checkPreprocessing(images: ImageSet, { preprocessing }: BatchPlan): Problem[] {
  const problems: Problem[] = [];
  const refuse = makeRefuse(problems);
  const [channels] = images.shape;
  const fits = (values: readonly number[]) => values.length === 1 || values.length === channels;
  for (const part of ["mean", "std"] as const) {
    const values = preprocessing[part];
    if (fits(values) && values.every((each) => Number.isFinite(each) && (part === "mean" || each > 0)))
      continue;
    const rule = `1 or ${channels} numbers${part === "std" ? " above 0" : ""}`;
    refuse(`preprocessing.${part}`, rule, values.join(","), "choose the preprocessing of these images");
  }
  return problems;
}

function checkAhead(ahead: number): Problem[] {
  const problems: Problem[] = [];
  const isSound = Number.isInteger(ahead) && ahead >= 1 && ahead <= 1024;
  if (!isSound) makeRefuse(problems)("ahead", "an integer from 1 to 1024", ahead, "leave it out for 4");
  return problems;
}

function makeRefuse(problems: Problem[]) {
  return (where: string, rule: string, value: number | string, next: string) => {
    problems.push({ code: "bad-batch-plan", where, rule, value: String(value), next });
  };
}
