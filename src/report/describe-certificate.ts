/**
 * A certificate in sentences.
 *
 * Knows: its fields. May not know: HTML, how it was measured.
 */
import type { Certificate, CertifiedAccuracy } from "../evaluation/diagnosis/certificate.js";
import { checkedPresets } from "../evaluation/diagnosis/checked-recipes.js";
import { isTooClose, type StepPrediction } from "../evaluation/diagnosis/predict-steps.js";
import { knowsImages } from "../evaluation/diagnosis/unseen-images.js";
import { cleanText } from "./clean-text.js";
import { formatCount, formatFixed, formatSignificant } from "./format-number.js";

/** One fact a line: on what, the limit, T, the prediction. */
export function describeCertificate(certificate: Certificate): readonly string[] {
  const { images, network, limit, atT, prediction, unchecked = false } = certificate;
  return [
    `on ${formatCount(images.n)} training images of ${cleanText(images.data)} that no choice has seen; the network is right on ${formatFixed(network.accuracy)} %`,
    ...(knowsImages(network.accuracy, images.data)
      ? [
          "the network was trained on these images: the loss here is nearly the disagreement, not a forecast for other images",
        ]
      : []),
    `limit of many steps (activations clipped at λ): ${describeAccuracy(limit)}`,
    `at T = ${formatCount(atT.T)}: ${describeAccuracy(atT, atT.epsilonError)}, ${formatFixed(atT.disagreementMoved, 1)} % on the same images moved`,
    ...prediction.map((each) => describePrediction(each, certificate)),
    ...(unchecked
      ? [
          `what ε says of a loss was checked for the presets ${checkedPresets.join(", ")}, not for such a conversion`,
        ]
      : []),
  ];
}

function describeAccuracy(
  { accuracy, loss, lossCi95, epsilon, disagreement }: CertifiedAccuracy,
  epsilonError?: number | null,
): string {
  const [low, high] = lossCi95;
  return `${formatFixed(accuracy)} % right, loss ${formatFixed(loss)} [${formatFixed(low)}, ${formatFixed(high)}], ε ${formatSignificant(epsilon)}${describeError(epsilonError)}, disagreement ${formatFixed(disagreement, 1)} %`;
}

const describeError = (error: number | null | undefined) =>
  error == null ? "" : ` ± ${formatSignificant(error, 2)}`;

/** Never a loss to a tenth: a bound, the steps, how many decisions change there, and what was compared. */
function describePrediction(prediction: StepPrediction, certificate: Certificate): string {
  const { loss, T, disagreement } = prediction;
  const { forOneT = false, madeForT, atT } = certificate;
  const at = `T = ${formatCount(atT.T)}`;
  const own =
    madeForT === undefined
      ? `${at}, which it was made for`
      : `${at} (it was made for T = ${formatCount(madeForT)}; convert with -T ${atT.T} to judge that T)`;
  const next = madeForT === undefined ? "; convert with --preset auto looks for one" : "";
  const missed = forOneT ? `not at ${own}${next}` : `not within ${at}`;
  const reached = `predicted ${forOneT ? `at ${own}` : `from T = ${formatCount(T)} on`}`;
  const changed =
    disagreement === null
      ? ""
      : `; ${formatFixed(disagreement[0], 1)} % of the decisions change there, ${formatFixed(disagreement[1], 1)} % on the same images moved`;
  const points = `${loss} point${loss === 1 ? "" : "s"}`;
  return `a loss of at most ${points}: ${T === null ? missed : reached}${changed}; ${compareEpsilon(prediction, certificate)}`;
}

/** `ε 0.134 ± 0.0031 (bound 0.130): too close to call`, in three digits, or in so many that ε and bound differ. */
function compareEpsilon({ epsilon: bound }: StepPrediction, { forOneT, atT }: Certificate): string {
  const { T, epsilon, epsilonError } = atT;
  const tell = (digits: number) => [epsilon, bound].map((value) => formatSignificant(value, digits));
  const told = [3, 4, 5, 6].map(tell).find(([one, other]) => one !== other) ?? tell(3);
  const where = forOneT === true ? "" : ` at T = ${formatCount(T)}`;
  const close = isTooClose(epsilon, epsilonError, bound) ? ": too close to call" : "";
  return `ε ${told[0]}${describeError(epsilonError)}${where} (bound ${told[1]})${close}`;
}
