/**
 * Whether images can be divided into those that train and those that judge.
 *
 * Knows: labels, declared ranges, the division. May not know: networks, where images came from.
 */
import { type Problem, refuseInput, type Warning } from "../core/respike-error.js";
import type { Dataset, ImageSet } from "../datasets/dataset.js";
import type { Preprocessing } from "../graph/preprocessing.js";

/**
 * @param trained,judged indices into the training split
 * @throws RespikeError (exit 3) with everything that stands against it: nothing to judge by, a class that is never
 * trained on, float pixels outside the declared range
 */
export function checkTrainingImages(
  data: Dataset,
  { trained, judged }: { readonly trained: Uint32Array; readonly judged: Uint32Array },
  preprocessing: Preprocessing,
): void {
  const { train, test } = data.splits;
  const problems: Problem[] = [];
  const complain = (where: string, rule: string, value: string, next: string) =>
    problems.push({ code: "cannot-train", where, rule, value, next });
  const where = `data '${data.name}'`;
  if (judged.length === 0) {
    const rule = "at least 10 training images, the last tenth of which judges";
    complain(where, rule, String(train.n), "name more images");
  }
  const missing = judged.length === 0 ? [] : listUntrained(train.labels, trained);
  if (missing.length > 0) {
    const rule = `every class is trained on; the last ${judged.length} training images judge and are not`;
    const value = `only among these: ${nameClasses(data, missing)}`;
    complain(where, rule, value, "write --train-all, or name images in a mixed order");
  }
  for (const [split, images] of Object.entries({ train, test })) {
    const outside = findOutside(images, preprocessing);
    if (outside === null) continue;
    const rule = `float pixels lie in ${preprocessing.range}, the range of the preprocessing`;
    complain(`${where}, ${split} split, ${outside.where}`, rule, outside.value, "scale the images");
  }
  if (problems.length > 0) throw refuseInput(problems);
}

/**
 * What the images that judge cannot tell: sorted by class, the last of them may all be of one class.
 *
 * @returns nothing where several classes judge, or there is one class only
 */
export function warnOfOneClass(data: Dataset, judged: Uint32Array): readonly Warning[] {
  const { labels } = data.splits.train;
  const judging = [...new Set(Array.from(judged, (index) => labels[index] as number))];
  const classes = new Set(labels).size;
  if (judging.length !== 1 || classes === 1) return [];
  const message = `the last ${judged.length} training images judge, and all are of the class ${nameClasses(data, judging)}: they choose the epoch without the other ${classes - 1}; write --train-all, or name images in a mixed order`;
  return [{ code: "one-class-judges", where: `data '${data.name}'`, message }];
}

/** The first five names. */
function nameClasses({ classNames }: Dataset, labels: readonly number[]): string {
  const names = labels.slice(0, 5).map((label) => `'${classNames[label] ?? label}'`);
  return `${names.join(", ")}${labels.length > 5 ? ", …" : ""}`;
}

/** Classes that have images, but none among those that are trained on. */
function listUntrained(labels: Int32Array, trained: Uint32Array): readonly number[] {
  const seen = new Set(Array.from(trained, (index) => labels[index] as number));
  return [...new Set(labels)].filter((label) => !seen.has(label)).sort((a, b) => a - b);
}

function findOutside({ pixels, n }: ImageSet, { range }: Preprocessing) {
  if (pixels instanceof Uint8Array) return null;
  const top = range === "0..1" ? 1 : 255;
  const at = pixels.findIndex((value) => !(value >= 0 && value <= top));
  return at < 0
    ? null
    : { where: `image ${Math.floor((at * n) / pixels.length)}`, value: String(pixels[at]) };
}
