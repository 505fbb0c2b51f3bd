/**
 * What the outputs would gain if one layer made no errors of its own: it sends a constant real rate, all later layers
 * are simulated again.
 *
 * Knows: switches of a cause, RMS of outputs. May not know: why these layers were chosen, people.
 */
import type { LongCallOptions } from "../../core/progress.js";
import type { TaskRunner } from "../../core/task-runner.js";
import { countElements } from "../../core/tensor.js";
import { refinementOfGraph } from "../../graph/check-refinement.js";
import type { Readout } from "../../graph/node-types.js";
import type { Snn } from "../../graph/snn.js";
import { besideSpiking } from "../../inference/dense-kernels.js";
import { type BackendName, networkBackend } from "../backend-list.js";
import { simulateImages } from "../simulate-images.js";
import { jackknifeError } from "./beyond-chance.js";
import { sumSquares } from "./output-error.js";
import { type ReplacedLayer, replaceLayer } from "./replace-layer.js";
import type { CleanRates } from "./split-error.js";

export interface LayerEffect {
  readonly layer: string;
  /** Fall of the outputs' RMS error, percent of it, if the layer spiked evenly (sent y₁). */
  readonly evenness: number;
  /** The same if it made no errors of its own (sent y₄). */
  readonly allLocal: number;
  /** Standard error of `allLocal` over the images (jackknife); null of a single image. */
  readonly allLocalError: number | null;
}

export interface WhatIfInput {
  readonly snn: Snn;
  /** Preprocessed [n,C,H,W]. */
  readonly images: Float32Array;
  /** The network's outputs and the spiking network's at T, [n,classes], in the same units. */
  readonly logits: ArrayLike<number>;
  readonly outputs: ArrayLike<number>;
  readonly rates: ReadonlyMap<string, CleanRates>;
  readonly steps: number;
  readonly readout: Readout;
  readonly delay: number;
  /** Of a spiking output in the network's units. */
  readonly scale: number;
}

/** Which simulator, and where it lies. */
interface SimulatorChoice {
  /** `wasm` by default. */
  readonly backend?: BackendName | undefined;
  readonly wasmUrl?: URL | undefined;
}

/** Effects of the layers that have rates, in their order. */
export async function measureEffects(
  input: WhatIfInput,
  runner: TaskRunner,
  { onProgress, ...options }: LongCallOptions & SimulatorChoice,
): Promise<readonly LayerEffect[]> {
  const effects: LayerEffect[] = [];
  const total = input.rates.size;
  for (const [layer, { even, clean }] of input.rates) {
    onProgress?.({ phase: "what if", done: effects.length, total, unit: "layers" });
    const replaced = replaceLayer(input.snn, layer);
    const images = joinImages(input, replaced, [even, clean]);
    const outputs = await runReplaced(input, replaced, images, runner, options);
    const half = outputs.length / 2;
    const [evenness, own] = [outputs.subarray(0, half), outputs.subarray(half)].map((each) =>
      measureFall(input, each),
    ) as [Fall, Fall];
    effects.push({ layer, evenness: evenness.value, allLocal: own.value, allLocalError: own.error });
  }
  onProgress?.({ phase: "what if", done: total, total, unit: "layers" });
  return effects;
}

interface Fall {
  readonly value: number;
  readonly error: number | null;
}

/**
 * Fall of the RMS error in percent, 100·(1 − √(Σq/Σb)) with an image's squares q and, without the switch, b; and its standard
 * error from the n values that leave one image out.
 *
 * @param outputs with the switch, in units of the spiking outputs
 */
function measureFall(
  { images, snn, logits, outputs: base, scale }: WhatIfInput,
  outputs: Float64Array,
): Fall {
  const n = images.length / countElements(snn.graph.input.attributes.shape);
  const scaled = outputs.map((value) => value * scale);
  const [before, after] = [sumSquares(logits, base, n), sumSquares(logits, scaled, n)];
  const [all, left] = [before, after].map((sums) => sums.reduce((sum, value) => sum + value, 0)) as [
    number,
    number,
  ];
  const fall = (q: number, b: number) => (b > 0 ? 100 * (1 - Math.sqrt(Math.max(0, q) / b)) : 0);
  const without = after.map((q, image) => fall(left - q, all - (before[image] as number)));
  return { value: fall(left, all), error: jackknifeError(without) };
}

/** All images with the rates of the first switch, then with those of the second. */
function joinImages(
  { snn, images }: WhatIfInput,
  replaced: ReplacedLayer,
  switches: readonly Float32Array[],
): Float32Array {
  const size = countElements(snn.graph.input.attributes.shape);
  const n = images.length / size;
  const joinedSize = countElements(replaced.snn.graph.input.attributes.shape);
  const joined = new Float32Array(switches.length * n * joinedSize);
  // Constant currents of a network that refines are in units of the first quantum.
  const quantum = refinementOfGraph(snn.graph)?.quantum ?? 1;
  for (const [which, rates] of switches.entries()) {
    const neurons = rates.length / n;
    for (let image = 0; image < n; image++) {
      const own = replaced.joinImage(
        images.subarray(image * size, (image + 1) * size),
        rates.subarray(image * neurons, (image + 1) * neurons).map((rate) => rate / quantum),
      );
      joined.set(own, (which * n + image) * joinedSize);
    }
  }
  return joined;
}

async function runReplaced(
  { steps, readout, delay }: WhatIfInput,
  { snn, hasNeurons }: ReplacedLayer,
  images: Float32Array,
  runner: TaskRunner,
  options: Pick<LongCallOptions, "signal"> & SimulatorChoice,
): Promise<Float64Array> {
  if (hasNeurons) {
    const { outputs } = await simulateImages(snn, images, runner, { steps, readout, delay, ...options });
    return outputs;
  }
  const network = await networkBackend.prepare(snn.graph, besideSpiking(options.wasmUrl));
  const n = images.length / countElements(snn.graph.input.attributes.shape);
  const { id } = snn.graph.output;
  const values = network.run(images, n, [id]).get(id) ?? new Float32Array(0);
  network.free();
  return Float64Array.from(values);
}
