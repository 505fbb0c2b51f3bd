/** Made-up results of plausible size for the tests of reports; no clock, no chance. */
import type { Certificate } from "#src/evaluation/diagnosis/certificate.js";
import type {
  EarlyExitResult,
  EvaluatedLayer,
  EvaluatedStep,
  EvaluationResult,
} from "#src/evaluation/evaluation-result.js";
import type { ReportedConversion } from "#src/report/report-input.js";

const times = [8, 16, 32, 64, 128, 256, 350];

/** Names of a CIFAR ResNet's spiking layers of the given depth (6n + 2). */
export function nameLayers(depth: number): string[] {
  const blocks = (depth - 2) / 6;
  const names = ["conv1"];
  for (const stage of [1, 2, 3]) {
    for (let block = 0; block < blocks; block++) {
      names.push(`layer${stage}.${block}.conv1`, `layer${stage}.${block}`);
    }
  }
  return names;
}

function exampleStep(t: number, n: number, ann: number, macs: number): EvaluatedStep {
  const loss = Math.round((320 / t ** 1.45 - 0.02) * 100) / 100;
  const correct = Math.round(((ann - loss) * n) / 100);
  const half = 0.17 + loss * 0.02;
  const sop = macs * t * 0.058;
  return {
    t,
    correct,
    n,
    accuracy: (100 * correct) / n,
    top5: 99.1,
    loss,
    annOnly: Math.round(n * (loss + 1) * 0.008),
    snnOnly: Math.round(n * 0.004),
    lossCi95: [loss - half, loss + half],
    spikes: 188416 * t * 0.051,
    sopStructural: sop * 1.004,
    sopEffective: sop,
  };
}

function exampleLayer(name: string, at: number, total: number, neurons: number): EvaluatedLayer {
  const wave = 0.5 + 0.5 * Math.sin(at * 1.7);
  const rate = 0.03 + 0.09 * wave;
  return {
    name,
    neurons,
    spikes: neurons * rate * 350,
    rate,
    maxRate: Math.min(1, 0.75 + 0.3 * wave),
    sopStructural: neurons * rate * 350 * 145,
    sopEffective: neurons * rate * 350 * 144,
    correlation: 0.9995 - 0.012 * (at / total) ** 2,
    meanAbsError: 0.001 + 0.004 * (at / total),
    saturated: 0.0004 * wave,
    silent: 0.35 + 0.3 * wave,
  };
}

/** Results of a ResNet of the given depth on 10,000 CIFAR-10 test images. */
export function exampleResults(depth = 20): EvaluationResult {
  const names = nameLayers(depth);
  const n = 10000;
  const annMacs = depth === 110 ? 229_295_424 : 36_957_504;
  const at = times.map((t) => exampleStep(t, n, 91.73, annMacs));
  const sop = annMacs * 350 * 0.058;
  const energy = (convention: string, mac: number, ac: number) => ({
    convention,
    unitsPJ: { MAC: mac, AC: ac },
    annUJ: annMacs * mac * 1e-6,
    annEffectiveUJ: annMacs * 0.47 * mac * 1e-6,
    snnUJ: (sop * ac + 424128 * mac) * 1e-6,
    snnFirstLayerEachStepUJ: (sop * ac + 424128 * 350 * mac) * 1e-6,
    snnWithNeuronUpdatesUJ: (sop * ac + 424128 * mac + 188416 * 350 * ac) * 1e-6,
  });
  return {
    complete: true,
    data: { name: "cifar10", split: "test", n, indicesSha256: "ab".repeat(32) },
    ann: { correct: 9173, n, accuracy: 91.73, top5: 99.7 },
    snn: { T: 350, alphabet: "binary", at },
    layers: names.map((name, i) =>
      exampleLayer(name, i, names.length, 16384 >> Math.floor((3 * i) / names.length)),
    ),
    cost: {
      neurons: 188416,
      neuronUpdates: 188416 * 350,
      firstLayerMacs: 424128,
      firstLayerMacsAllSteps: 424128 * 350,
      readoutOps: 14336,
      annMacs,
      annMacsPadded: annMacs * 1.1,
      annMacsEffective: annMacs * 0.47,
      energy: [energy("horowitz45", 4.6, 0.9), energy("neuromorphic", 12.5, 0.077)],
    },
    run: {
      backend: "wasm",
      threads: 2,
      number: "int16",
      kernels: Object.fromEntries(names.map((name) => [name, "scatter-int16"])),
      imagesPerSecond: 17.3,
    },
    options: {
      data: "cifar10",
      split: "test",
      n: "all",
      T: 350,
      at: times,
      readout: "mean",
      delay: 0,
      seed: 0,
    },
  };
}

/** Early exit of the example's images at P = 1 %. */
export function exampleEarlyExit(): EarlyExitResult {
  const images = [310, 1240, 2100, 2250, 1700, 1100, 600, 420, 280];
  const times = [16, 20, 25, 31, 39, 49, 61, 76, 350].map((t, i) => ({
    t,
    threshold: t === 350 ? null : 240 / t,
    images: images[i] ?? 0,
  }));
  return {
    promisedShare: 0.01,
    confidence: 0.95,
    measuredShare: 0.006,
    measuredCi95: [0.0022, 0.013],
    measuredOn: 1000,
    differing: 6,
    meanT: times.reduce((sum, { t, images: stopped }) => sum + t * stopped, 0) / 10000,
    times,
    accuracy: 91.6,
    loss: 0.13,
    lossCi95: [-0.1, 0.36],
    spikes: 900_000,
    sopStructural: 155e6,
    sopEffective: 150e6,
    full: { n: 1000, accuracy: 91.5, spikes: 7.1e6, sopStructural: 1220e6, sopEffective: 1210e6 },
    fittedOn: { data: "cifar10", split: "train", n: 2000, indicesSha256: "34".repeat(32) },
    tested: { n: 1500, differing: 8, upperShare: 0.0096, meanT: 42 },
  };
}

/** The conversion that goes with `exampleResults`. */
export function exampleConversion(depth = 20): ReportedConversion {
  const pass = (name: string, diff: number) => ({
    name,
    preserves: true,
    maxAbsDiff: diff,
    maxRelDiff: diff / 20,
    tolerance: 1e-4,
    images: 64,
  });
  return {
    snn: { sha256: "cd".repeat(32), bytes: 1_100_000 },
    model: {
      sha256: "ef".repeat(32),
      format: "pytorch (legacy)",
      arch: `resnet${depth}`,
      inputShape: [3, 32, 32],
      classes: 10,
    },
    preprocessing: {
      preset: "imagenet",
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      range: "0..1",
    },
    calibration: { data: "cifar10", split: "train", n: 2000, lambda: "p99.9", scope: "layer" },
    passes: [
      pass("fold-batch-norm", 7.6e-6),
      pass("expand-shortcuts", 0),
      pass("normalise-weights", 1.2e-5),
      { name: "choose-number-format", preserves: false, maxAbsDiff: 0.0031, maxRelDiff: 1.4e-4, images: 64 },
    ],
    layers: nameLayers(depth).map((name, i) => ({
      name,
      lambdaOut: [1.2 + 0.1 * i],
      kappa: 1,
      number: "int16",
    })),
    options: { preset: "default", lambda: "p99.9", shortcutNorm: "on", compensate: "off", v0: 0.5, T: 350 },
  };
}

/** A network of one layer, one snapshot, T = 1, evaluated with --no-ann. */
export function smallestResults(): EvaluationResult {
  const results = exampleResults();
  const step = results.snn.at[0];
  const layer = results.layers[0];
  if (!step || !layer) throw new Error("the example has a step and a layer");
  return {
    ...results,
    ann: null,
    snn: {
      T: 1,
      alphabet: "binary",
      at: [
        { ...step, t: 1, top5: null, loss: null, annOnly: null, snnOnly: null, lossCi95: null, spikes: 0 },
      ],
    },
    layers: [{ ...layer, correlation: null, meanAbsError: null }],
    cost: {
      ...results.cost,
      annMacsEffective: null,
      energy: results.cost.energy.map((estimate) => ({ ...estimate, annEffectiveUJ: null })),
    },
    run: { ...results.run, imagesPerSecond: null, kernels: {} },
  };
}

/** A certificate whose figures are derived from `scale`; with the passes named, or of a conversion that nobody watched. */
export function exampleCertificate(scale = 0.1, passes: readonly string[] | null = null): Certificate {
  const judged = {
    correct: 31,
    accuracy: 96.9 * scale,
    loss: scale,
    lossCi95: [-scale, scale],
    epsilon: scale === 0 ? null : 0.2 * scale,
    disagreement: 3 * scale,
  } as const;
  const figures = { preserves: "function", maxAbsDiff: 7.6e-6, maxRelDiff: 3.8e-7, images: 64 } as const;
  return {
    schema: "respike.certificate/1",
    passes: passes?.map((name) => ({ name, ...figures })) ?? null,
    images: { data: "<b>", split: "train", n: 32, indicesSha256: "0", seed: 0 },
    network: { correct: 32, accuracy: 100 * scale },
    limit: judged,
    atT: { T: 64, ...judged, disagreementMoved: 5 },
    steps: [{ t: 8, epsilon: judged.epsilon, disagreement: 3, disagreementMoved: 4 }],
    prediction: [
      { loss: 1, epsilon: 0.2, T: 40, disagreement: [3, 4] },
      { loss: 0.5, epsilon: 0.13, T: null, disagreement: null },
    ],
  };
}
