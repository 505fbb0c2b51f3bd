/**
 * A certificate in sentences.
 *
 * Knows: its fields. May not know: HTML, how it was measured.
 */
import type { Certificate, CertifiedAccuracy } from "../evaluation/diagnosis/certificate.js";
import type { StepPrediction } from "../evaluation/diagnosis/predict-steps.js";
import { knowsImages } from "../evaluation/diagnosis/unseen-images.js";
import { cleanText } from "./clean-text.js";
import { formatCount, formatFixed, formatSignificant } from "./format-number.js";

/** One fact a line: on what, the limit, T, the prediction. */
export function describeCertificate(certificate: Certificate): readonly string[] {
  const { images, network, limit, atT, prediction, forOneT = false } = certificate;
  return [
    `on ${formatCount(images.n)} training images of ${cleanText(images.data)} that no choice has seen; the network is right on ${formatFixed(network.accuracy)} %`,
    ...(knowsImages(network.accuracy)
      ? [
          "the network was trained on these images: the loss here is nearly the disagreement, not a forecast for other images",
        ]
      : []),
    `limit of many steps (activations clipped at λ): ${describeAccuracy(limit)}`,
    `at T = ${formatCount(atT.T)}: ${describeAccuracy(atT)}, ${formatFixed(atT.disagreementMoved, 1)} % on the same images moved`,
    ...prediction.map((each) => describePrediction(each, atT.T, forOneT)),
  ];
}

function describeAccuracy({ accuracy, loss, lossCi95, epsilon, disagreement }: CertifiedAccuracy): string {
  const [low, high] = lossCi95;
  return `${formatFixed(accuracy)} % right, loss ${formatFixed(loss)} [${formatFixed(low)}, ${formatFixed(high)}], ε ${formatSignificant(epsilon, 2)}, disagreement ${formatFixed(disagreement, 1)} %`;
}

/** Never a loss to a tenth: a bound, the steps, and how many decisions change there. */
export function describePrediction(
  { loss, T, disagreement }: StepPrediction,
  simulated: number,
  isForOneT: boolean,
): string {
  const bound = `a loss of at most ${loss} point${loss === 1 ? "" : "s"}`;
  const own = `T = ${formatCount(simulated)}, which it was made for`;
  if (T === null)
    return `${bound}: ${isForOneT ? `not at ${own}; convert with --preset auto looks for one` : `not within T = ${formatCount(simulated)}`}`;
  const changed =
    disagreement === null
      ? ""
      : `; ${formatFixed(disagreement[0], 1)} % of the decisions change there, ${formatFixed(disagreement[1], 1)} % on the same images moved`;
  return `${bound}: predicted ${isForOneT ? `at ${own}` : `from T = ${formatCount(T)} on`}${changed}`;
}
