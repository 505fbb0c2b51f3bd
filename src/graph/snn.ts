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
 *
 * ## Refinement
 * Where all layers and the output have `refine` = {quantum q₀, shift r, halvings H}, spikes are changes of a value instead of counts of a
 * rate; one of step t is worth q_t = q₀/2^h of λ, h = min(r·(t − 1), H). V and N are in units of the present quantum:
 *   where h grows by r: V ← 2^r·V, N ← 2^r·N;  V ← V + synapses, and in step 1 alone the constant current too, the image's included;
 *   s = clip(⌊V/θ + ½⌋, −min(g, N), g), g = hi = −lo;  V ← V − θ·s;  N ← N + s.
 * So J = V + θ·N is what the layer's inputs say so far, N is what it told of max(J, 0), and activation ≈ λ·q_t·N. Constant
 * currents and the image's weights are therefore in units of the first quantum. Logits of step t, all in units of its
 * quantum: S ← 2^r·S where h grows, S ← S + Σ w·s (+ constant current in step 1); logits = S/(scale·2^h), scale that of the first quantum.
 */
import type { Graph } from "./graph.js";
import type { Preprocessing } from "./preprocessing.js";

export interface SnnLayer {
  /** The neuron node's id, which is the layer's name. */
  readonly name: string;
  /** The node of `network` whose value the rate stands for (a relu, pool or the output). */
  readonly activation: string;
  /** λ of the layer: one number, or one a channel; activation ≈ λ·N/T, with `refine` λ·q_T·N. */
  readonly lambda: readonly number[];
  /** Factor of layer-wise compensation already in the weights; 1 without. */
  readonly kappa: number;
  /** What calibration added to the constant current of a step, one a channel, in units of λ; absent without. */
  readonly bias?: readonly number[] | undefined;
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
