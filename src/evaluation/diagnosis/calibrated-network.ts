/**
 * The float network as a calibrated conversion means it: calibrated biases put where they act.
 *
 * Knows: a layer's calibrated bias. May not know: how it was found.
 */
import type { Graph } from "../../graph/graph.js";
import type { Snn } from "../../graph/snn.js";

/** The network whose layers the spiking layers are compared with. */
export function calibratedNetwork({ network }: Snn): Graph {
  return network;
}
