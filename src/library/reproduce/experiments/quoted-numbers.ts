/**
 * Numbers that others published on networks of their own: quoted, not run here.
 *
 * Knows: sources. May not know: rows.
 */
import type { QuotedNumbers } from "../../../report/reproduction/reproduction-result.js";

export const quotedNumbers: readonly QuotedNumbers[] = [
  {
    method: "rate coding without normalisation, reset to zero",
    network: "convolutional network",
    data: "cifar10",
    published: { snn: 77.43 },
    source: "Cao, Chen and Khosla, Int. J. Comput. Vis. 113 (2015)",
  },
  {
    method: "maximum normalisation",
    network: "convolutional network",
    data: "mnist",
    published: { snn: 99.1 },
    source: "Diehl et al., IJCNN (2015)",
  },
  {
    method: "percentile, reset by subtraction",
    network: "convolutional network",
    data: "mnist",
    published: { network: 99.44, snn: 99.44 },
    source: "Rueckauer et al., Front. Neurosci. 11:682 (2017)",
  },
  {
    method: "percentile, reset by subtraction",
    network: "convolutional network",
    data: "cifar10",
    published: { snn: 90.85 },
    source: "Rueckauer et al., Front. Neurosci. 11:682 (2017)",
  },
  {
    method: "threshold balancing on spikes",
    network: "VGG-16",
    data: "cifar10",
    published: { network: 91.7, snn: 91.55 },
    source: "Sengupta et al., Front. Neurosci. 13:95 (2019)",
  },
  {
    method: "threshold balancing on spikes",
    network: "ResNet-20",
    data: "cifar10",
    published: { network: 89.1, snn: 87.46 },
    source: "Sengupta et al., Front. Neurosci. 13:95 (2019)",
  },
];
