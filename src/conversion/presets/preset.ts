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
  readonly options: {
    readonly lambda?: string;
    readonly calibrateN?: number | "all";
    readonly compensate?: "off" | "shared" | "layer";
    readonly v0?: number;
    readonly avgpool?: "current" | "neuron";
    readonly output?: "current" | "neuron";
    readonly readout?: Readout;
  };
}
