/**
 * Says that a network itself hardly does better than guessing: then its conversion is not to blame.
 *
 * Knows: counts of right answers. May not know: how images were prepared, where they come from.
 */
import type { Warning } from "../core/respike-error.js";
import type { Certificate } from "./diagnosis/certificate.js";

/** So few images say nothing of a network. */
const leastImages = 20;
/** Of the way from guessing to always right. */
const leastGain = 0.1;

/**
 * A warning where (accuracy − 1/classes) / (1 − 1/classes) < 0.1 on 20 images or more; null otherwise.
 *
 * @param images in words, for example `test images`
 */
export function warnOfGuessing(
  { correct, n }: { readonly correct: number; readonly n: number },
  classes: number,
  images: string,
): Warning | null {
  const chance = 1 / classes;
  if (n < leastImages || classes < 2 || correct / n - chance >= leastGain * (1 - chance)) return null;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return {
    code: "network-guesses",
    where: `the network, ${n.toLocaleString("en-US")} ${images}`,
    message: `right on ${percent(correct / n)}, by guessing it would be ${percent(chance)}: most likely pixels are prepared otherwise than in its training (--preprocess, or --mean, --std and --range), its architecture is another than assumed (--arch, --shortcut; inspect shows it), or labels are of another data set`,
  };
}

/** As {@link warnOfGuessing}, of the images of a certificate. */
export function warnOfCertifiedGuessing({ network, images }: Certificate, classes: number): Warning | null {
  const { n } = images;
  return warnOfGuessing({ correct: network.correct, n }, classes, `training images of ${images.data}`);
}
