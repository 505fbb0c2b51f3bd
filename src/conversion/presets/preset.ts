/**
 * A preset: a documented, citable recipe as options, not code.
 *
 * Knows: names of options. May not know: passes.
 */
import type { Readout } from "../../graph/node-types.js";

export interface Preset {
  readonly name: string;
  /** One sentence for help and reports. */
  readonly summary: string;
  readonly citation: string;
  /** What a neuron may send in a step: `binary`, `signed`, or a `multi-level` alphabet, which is more than one bit. */
  readonly alphabet: "binary" | "signed" | "multi-level";
  /** T of a network with so many layers of neurons; the common default where missing. */
  readonly stepsFor?: (layers: number) => number;
  /** Steps that the readout leaves out at the beginning, of T; 0 where missing. */
  readonly delayAt?: (T: number) => number;
  readonly options: {
    readonly lambda?: string;
    readonly lambdaScope?: "layer" | "channel";
    readonly adjust?: "off" | "bias" | "bias+potential";
    readonly adjustScope?: "channel" | "neuron";
    readonly adjustN?: number;
    readonly lambdaFactor?: number;
    readonly T?: number;
    readonly spikes?: string;
    readonly shrink?: number;
    readonly calibrateN?: number | "all";
    readonly compensate?: "off" | "shared" | "layer";
    readonly v0?: number;
    readonly avgpool?: "current" | "neuron";
    readonly output?: "current" | "neuron";
    readonly readout?: Readout;
  };
}
