/**
 * The end of a training step: every tensor's next value.
 *
 *   trained:  g = ∂loss/∂w + d·w,  v ← μ·v + g,  w ← w − rate·v      (PyTorch's SGD, no dampening)
 *   tracked:  r ← 0.9·r + 0.1·newest                                 (PyTorch's running statistics)
 *
 * Knows: the optimiser, the names of a tensor's input and output.
 * May not know: where gradients and newest values come from.
 *
 * Vectors (of batch norm, biases) are many and short, and a node costs more than its work: those that are treated
 * alike are updated as one.
 */
import { countElements } from "../core/tensor.js";
import type { StateTensor } from "./network-state.js";
import type { OnnxBuilder } from "./onnx-builder.js";

export interface UpdateOptions {
  /** μ */
  readonly momentum: number;
  /** d, for every trained tensor but ceilings. */
  readonly weightDecay: number;
  /** d of the activations' ceilings; `weightDecay` by default. */
  readonly ceilingDecay?: number | undefined;
}

/** The weight of the newest batch in the running statistics. */
const runningMomentum = 0.1;

/** The name of a trained tensor's momentum. */
export function nameVelocity(name: string): string {
  return `${name}/velocity`;
}

/** The name of a state input's next value. */
export function nameNext(name: string): string {
  return `${name}/next`;
}

/** @param find the gradient of a trained tensor, the newest value of a tracked one */
export function emitUpdates(
  b: OnnxBuilder,
  state: readonly StateTensor[],
  find: (entry: StateTensor) => string,
  options: UpdateOptions,
): void {
  const { weightDecay, ceilingDecay = weightDecay } = options;
  const groups = new Map<string, StateTensor[]>();
  for (const entry of state) {
    const treatment = entry.kind === "tracked" ? "tracked" : entry.name.endsWith(".ceiling");
    const key = entry.shape.length === 1 ? String(treatment) : entry.name;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  for (const group of groups.values()) {
    const names = group.map(({ name }) => name);
    const newest = b.concat(group.map(find));
    if (group[0]?.kind === "tracked") emitTracked(b, group, newest);
    else {
      const decay = names[0]?.endsWith(".ceiling") === true ? ceilingDecay : weightDecay;
      emitTrained(b, group, newest, decay, options.momentum);
    }
  }
}

function emitTracked(b: OnnxBuilder, group: readonly StateTensor[], newest: string): void {
  const names = group.map(({ name }) => name);
  const kept = b.emit("Mul", [b.concat(names), b.scalar(1 - runningMomentum)]);
  const added = b.emit("Mul", [newest, b.scalar(runningMomentum)]);
  give(b, group, names.map(nameNext), "Add", [kept, added]);
}

function emitTrained(
  b: OnnxBuilder,
  group: readonly StateTensor[],
  gradient: string,
  decay: number,
  momentum: number,
): void {
  const names = group.map(({ name }) => name);
  const weight = b.concat(names);
  const decayed =
    decay === 0 ? gradient : b.emit("Add", [gradient, b.emit("Mul", [weight, b.scalar(decay)])]);
  const kept = b.emit("Mul", [b.concat(names.map(nameVelocity)), b.scalar(momentum)]);
  const velocity = give(b, group, names.map(nameVelocity).map(nameNext), "Add", [kept, decayed]);
  give(b, group, names.map(nameNext), "Sub", [weight, b.emit("Mul", [velocity, "rate"])]);
}

/** Emits an operator's result, and each tensor's part of it as an output. */
function give(
  b: OnnxBuilder,
  group: readonly StateTensor[],
  outputs: readonly string[],
  opType: string,
  inputs: readonly string[],
): string {
  const [only] = outputs;
  if (only !== undefined && outputs.length === 1) {
    b.emitAs(only, opType, inputs);
    return only;
  }
  const joined = b.emit(opType, inputs);
  b.emitAs(outputs, "Split", [joined, b.ints(group.map(({ shape }) => countElements(shape)))]);
  return joined;
}
