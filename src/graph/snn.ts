/**
 * A spiking network as data: what conversion makes, files hold and simulators run.
 *
 * Knows: the spiking graph's canonical form. May not know: kernels, files, accuracy.
 *
 * ## Canonical form
 * Nodes: one `input`; `neuron` layers; gates (`pool` of kind max whose input is a
 * neuron or gate); one `output`, the last. Between a source (input, neuron, gate)
 * and the neuron or output it drives stands a *synapse path*:
 *
 *   routing*  →  exactly one weighted node  →  routing*  →  [add]  →  [pool max]  →  neuron | output
 *
 * routing = `slice`, `pad`, `concat`, `flatten`; weighted = `conv`, `linear`, `affine`
 * (scale only: the synapse of an identity or option-A shortcut). Weighted nodes carry
 * no bias: constant currents are the `current` tensor of the neuron or output. The
 * optional `pool max` directly before a neuron is `--maxpool before`: it pools
 * *cumulative* currents and sends their increments. An `output` after a neuron
 * (`--output neuron`) has no synapses; it reads that neuron's counts.
 *
 * ## Units
 * `float32`: threshold 1, weights W̃, currents b̃, float32. `int16`/`int32`: threshold
 * θ_c = k_c (int32 tensor [C]), weights round(k_c·W̃) (int16 or int32 tensors), currents and v0
 * int32, every sum exact. Synapses of the image in an integer format: pixels in fixed
 * point p = round(x̂·2¹⁶), current = ⌊(Σ w·p + 2¹⁵)/2¹⁶⌋, an exact integer, each step.
 * `output`: logits of a step = (Σ w·s + current)/scale.
 *
 * ## Dynamics, for t = 1…T, nodes in topological order within the step
 *   V ← V + I(t);  s = clip(⌊V/θ⌋, lo, hi), for lo < 0 lo is −min(−lo, Σ s so far);
 *   V ← V − θ·s (`subtract`) or V ← 0 where s ≠ 0 (`zero`); V(0) = v0.
 * A gate sends M(t) − M(t−1), M the largest cumulative count in its window.
 */
import type { Graph } from "./graph.js";
import type { Preprocessing } from "./preprocessing.js";

export interface SnnLayer {
  /** The neuron node's id, which is the layer's name. */
  readonly name: string;
  /** The node of `network` whose value the rate stands for (a relu, pool or the output). */
  readonly activation: string;
  /** λ of the layer: one number, or one a channel; activation ≈ λ·N/T. */
  readonly lambda: readonly number[];
  /** Factor of layer-wise compensation already in the weights; 1 without. */
  readonly kappa: number;
}

export interface Snn {
  /** Canonical spiking graph. */
  readonly graph: Graph;
  /** The network it came from: folded, float32, normalised by nothing. */
  readonly network: Graph;
  /** Layers with neurons, in topological order. */
  readonly layers: readonly SnnLayer[];
  readonly preprocessing: Preprocessing;
  /** The options that decided the result, flags' names in camelCase (T, readout, delay, data, preset, …). */
  readonly options: Readonly<Record<string, unknown>>;
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly certificate?: unknown;
}
