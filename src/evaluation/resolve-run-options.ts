/**
 * T, readout and delay of a spiking network that is run: what was asked for, else what it was saved with, else what fits it.
 *
 * Knows: an SNN's options, number formats, its output. May not know: images, what is measured.
 */
import { type Problem, refuseUsage } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import { isOp, type Readout } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import { readsNeurons } from "../graph/spike-sources.js";
import { stepLimits } from "../graph/step-limits.js";

/** What a caller may ask for; named as the flags. */
export interface RunOptions {
  readonly T?: number | undefined;
  readonly readout?: Readout | undefined;
  readonly delay?: number | undefined;
}

export interface ResolvedRunOptions {
  readonly T: number;
  readonly readout: Readout;
  readonly delay: number;
}

/** @throws RespikeError (exit 2) for a T that a number format does not allow, or a delay that leaves no step to read */
export function resolveRunOptions(snn: Snn, options: RunOptions): ResolvedRunOptions {
  const problems: Problem[] = [];
  const resolved = collectRunOptions(snn, options, problems);
  if (problems.length > 0) throw refuseUsage(problems);
  return resolved;
}

/** The same where refusals are collected: those go to `problems`, and the first step stands for a T that is refused. */
export function collectRunOptions(snn: Snn, options: RunOptions, problems: Problem[]): ResolvedRunOptions {
  const T = resolveSteps(snn.graph, options.T ?? snn.options.T, problems);
  checkDelay(options.delay, T, problems);
  return {
    T,
    readout: options.readout ?? (snn.options.readout as Readout | undefined) ?? defaultReadout(snn),
    delay: options.delay ?? (snn.options.delay as number | undefined) ?? 0,
  };
}

function resolveSteps({ nodes }: Graph, T: unknown, problems: Problem[]): number {
  const formats = nodes.flatMap((node) =>
    isOp(node, "neuron") || isOp(node, "output") ? node.attributes.number : [],
  );
  const most = Math.min(...formats.map((format) => stepLimits[format]));
  if (typeof T === "number" && Number.isInteger(T) && T >= 1 && T <= most) return T;
  const layers = formats.find((format) => stepLimits[format] === most);
  const rule = `a whole number from 1 to ${most} (${layers} layers)`;
  problems.push({ code: "bad-option", where: "-T", rule, value: String(T), next: "give another -T" });
  return 1;
}

/** One that was asked for; the SNN's own may leave no step at a smaller T: all are read then, and a warning says so. */
function checkDelay(delay: number | undefined, T: number, problems: Problem[]): void {
  if (delay === undefined || delay < T) return;
  const rule = `less than T = ${T}`;
  const next = "leave out fewer steps";
  problems.push({ code: "bad-option", where: "--delay", rule, value: String(delay), next });
}

/** Final values where layers refine, counts where the output has neurons, else the mean current. */
function defaultReadout({ graph }: Snn): Readout {
  if (isOp(graph.output, "output") && graph.output.attributes.refine !== undefined) return "final";
  return readsNeurons(graph) ? "count" : "mean";
}
