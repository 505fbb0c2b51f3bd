/**
 * How a layer of neurons is run: what the choice of kernels says to everyone who works by it.
 *
 * Knows: the fields. May not know: how they are chosen, memory.
 */
import type { KernelCandidate } from "../../backend.js";
import type { CurrentBounds } from "../../plan/bound-currents.js";
import type { NeuronStage, SynapseGroup } from "../../plan/snn-plan.js";
import type { WindowSynapses } from "../../plan/window-synapses.js";

/** Number type of a layer's sums in memory. */
export type Lanes = "int16" | "int32" | "float32";

/** How one neuron layer is run. */
export interface LayerKernel {
  readonly stage: NeuronStage;
  readonly form: "tables" | "list";
  readonly lanes: Lanes;
  /** Groups whose sources send spikes. */
  readonly spiking: readonly SynapseGroup[];
  /** Their windows where `form` is tables. */
  readonly windows: readonly WindowSynapses[];
  /** The window of `windows` that a rows kernel runs, if any. */
  readonly rows: WindowSynapses | undefined;
  /** Windows of `windows` that the event list runs, or scatter does. */
  readonly events: readonly WindowSynapses[];
  readonly scatters: boolean;
  /** Windows of `windows` of one weight a channel that none of these run: from bytes, where their source's spikes lie as such. */
  readonly diagonals: readonly WindowSynapses[];
  /** Whether blocks of 16 output channels are run together, up to four. */
  readonly together: boolean;
  /** Groups of the image as a constant current. */
  readonly constant: readonly SynapseGroup[];
  /** Currents of a step without the image's constant part. */
  readonly bounds: CurrentBounds;
  readonly name: string;
  /** Bits a neuron and step that its largest source is reckoned to send; null where none sends spikes. */
  readonly rate: number | null;
  /** Of an image and step by the cost model, and of what else could run it; none where there is no choice. */
  readonly modelledMicroseconds: number;
  readonly candidates: readonly KernelCandidate[];
}
