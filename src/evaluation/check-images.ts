/**
 * Whether a network can take a set of images at all.
 *
 * Knows: shapes, labels, declared ranges. May not know: files.
 */
import { type Problem, refuseInput } from "../core/respike-error.js";
import type { ImageSet } from "../datasets/dataset.js";
import { preprocessPixels } from "../graph/preprocessing.js";
import type { Snn } from "../graph/snn.js";

/**
 * @param classes of the network
 * @throws RespikeError (exit 3) for no images, another shape, labels beyond the classes, floats outside the range that the
 * preprocessing declares, or preprocessed values that are no probabilities where `input` is `poisson`
 */
export function checkImages(
  snn: Snn,
  images: ImageSet,
  classes: number,
  { n, input }: { readonly n: number; readonly input: "current" | "poisson" },
): void {
  const expected = snn.graph.input.attributes.shape;
  const problems: Problem[] = [];
  if (n === 0) {
    problems.push({
      code: "no-images",
      where: "data",
      rule: "at least one image is evaluated",
      value: "0 images",
      next: "choose another split, or data that has images",
    });
  }
  if (expected.join() !== images.shape.join()) {
    problems.push({
      code: "wrong-shape",
      where: "data",
      rule: `images of [${expected.join(",")}], as the network takes them`,
      value: `[${images.shape.join(",")}]`,
      next: "choose the data that the network was trained on",
    });
  }
  const wrong = images.labels.subarray(0, n).findIndex((label) => label < 0 || label >= classes);
  if (wrong >= 0) {
    problems.push({
      code: "wrong-label",
      where: `label ${wrong}`,
      rule: `labels 0…${classes - 1}, as the network has ${classes} classes`,
      value: String(images.labels[wrong]),
      next: "choose the data that the network was trained on",
    });
  }
  const outside =
    problems.length > 0
      ? null
      : (findOutside(snn, images, n) ?? (input === "poisson" ? findImprobable(snn, images, n) : null));
  if (outside !== null) problems.push(outside);
  if (problems.length > 0) throw refuseInput(problems);
}

function findOutside({ preprocessing }: Snn, { pixels, shape }: ImageSet, n: number): Problem | null {
  if (pixels instanceof Uint8Array) return null;
  const top = preprocessing.range === "0..1" ? 1 : 255;
  const size = shape[0] * shape[1] * shape[2];
  for (let at = 0; at < n * size; at++) {
    const x = pixels[at] as number;
    if (x >= 0 && x <= top) continue;
    return {
      code: "outside-range",
      where: `image ${Math.floor(at / size)}, pixel ${at % size}`,
      rule: `pixels lie in ${preprocessing.range}, the range of the network's preprocessing`,
      value: String(x),
      next: "scale the images, or convert with the range that they have",
    };
  }
  return null;
}

function findImprobable({ preprocessing }: Snn, { pixels, shape }: ImageSet, n: number): Problem | null {
  const area = shape[1] * shape[2];
  const size = shape[0] * area;
  for (let image = 0; image < n; image++) {
    const raw = pixels.subarray(image * size, (image + 1) * size);
    const values = preprocessPixels(raw, shape[0], area, preprocessing);
    const at = values.findIndex((x) => !(x >= 0 && x <= 1));
    if (at < 0) continue;
    return {
      code: "not-a-probability",
      where: `image ${image}, pixel ${at}`,
      rule: "with --input poisson a preprocessed pixel is a probability, 0…1",
      value: String(values[at]),
      next: "use --input current, or convert with --preprocess unit",
    };
  }
  return null;
}
