/**
 * The dense program of operators that compute each element from those at its place.
 *
 * Knows: batch norm, relu, add, affine, neuron, output and their kernels. May not know: graphs.
 */
import { refuseInput } from "../core/respike-error.js";
import type { Tensor } from "../core/tensor.js";
import { nodeProblem } from "../graph/node-rules.js";
import type { NodeOf } from "../graph/node-types.js";
import { interleaveChannels, spreadChannels, strides, toFloat32 } from "./dense-layout.js";
import type { DenseProgram } from "./dense-program.js";
import { type DenseValue, newValue } from "./dense-windows.js";

function firstOf(inputs: readonly DenseValue[]): DenseValue {
  const [input] = inputs;
  if (input === undefined) throw new RangeError("an operator lacks its input");
  return input;
}

/** y = scale·x + shift by channel. */
function planScaleShift(
  program: DenseProgram,
  input: DenseValue,
  scale: ArrayLike<number>,
  shift: ArrayLike<number>,
): DenseValue {
  const [channels] = input.shape;
  const y = newValue(program, input.shape);
  const scales = program.constant(spreadChannels(scale, channels));
  const shifts = program.constant(spreadChannels(shift, channels));
  const { pixel, size } = strides(input.shape);
  const x = input.buffer;
  program.call((kernels) =>
    kernels.scaleShift(x.address, scales.address, shifts.address, y.buffer.address, pixel, size),
  );
  return y;
}

/**
 * scale = gamma/√(variance + ε), shift = beta − mean·scale, in float64 and rounded once.
 *
 * @throws RespikeError (exit 3) where they are no finite numbers
 */
export function planBatchNorm(
  program: DenseProgram,
  node: NodeOf<"batch-norm">,
  inputs: readonly DenseValue[],
): DenseValue {
  const input = firstOf(inputs);
  const read = (name: string) => Float64Array.from(toFloat32(node.tensors[name] as Tensor));
  const [gamma, beta, mean, variance] = [read("gamma"), read("beta"), read("mean"), read("variance")];
  const scale = gamma.map((g, c) => g / Math.sqrt((variance[c] as number) + node.attributes.epsilon));
  const shift = beta.map((b, c) => b - (mean[c] as number) * (scale[c] as number));
  const wrong = scale.findIndex((s, c) => !Number.isFinite(Math.fround(s)) || !Number.isFinite(shift[c]));
  if (wrong >= 0) {
    const rule = "gamma/√(variance + epsilon) is a finite number";
    const value = `variance ${variance[wrong]} of channel ${wrong}, epsilon ${node.attributes.epsilon}`;
    throw refuseInput(nodeProblem(node, rule, value, "check the model file, or set --bn-eps"));
  }
  return planScaleShift(program, input, scale, shift);
}

export function planAffine(
  program: DenseProgram,
  node: NodeOf<"affine">,
  inputs: readonly DenseValue[],
): DenseValue {
  const { scale, shift } = node.tensors;
  if (scale === undefined) throw new RangeError(`${node.id} lacks its scale`);
  return planScaleShift(
    program,
    firstOf(inputs),
    toFloat32(scale),
    shift === undefined ? [0] : toFloat32(shift),
  );
}

export function planRelu(
  program: DenseProgram,
  node: NodeOf<"relu">,
  inputs: readonly DenseValue[],
): DenseValue {
  const input = firstOf(inputs);
  const y = newValue(program, input.shape);
  const { size } = strides(input.shape);
  const high = node.attributes.max ?? Number.POSITIVE_INFINITY;
  const x = input.buffer;
  program.call((kernels) => kernels.clampValues(x.address, y.buffer.address, size, 0, high));
  return y;
}

/** The first two inputs, then one more at a time. */
export function planAdd(program: DenseProgram, _: NodeOf<"add">, inputs: readonly DenseValue[]): DenseValue {
  const [first, second, ...others] = inputs;
  if (first === undefined || second === undefined) throw new RangeError("a sum lacks its inputs");
  const y = newValue(program, first.shape);
  const { size } = strides(first.shape);
  program.call((kernels) => {
    const to = y.buffer.address;
    kernels.addValues(first.buffer.address, second.buffer.address, to, size);
    for (const other of others) kernels.addValues(to, other.buffer.address, to, size);
  });
  return y;
}

/** clip((x + current)/divisor, low, high). */
function planRate(
  program: DenseProgram,
  input: DenseValue,
  current: Tensor | undefined,
  divisor: Tensor | undefined,
  range: readonly [low: number, high: number],
): DenseValue {
  const [channels] = input.shape;
  const y = newValue(program, input.shape);
  const { pixel, size } = strides(input.shape);
  const each = current !== undefined && current.shape.length === 3;
  const currents = program.constant(
    each
      ? interleaveChannels(toFloat32(current), input.shape)
      : spreadChannels(current === undefined ? [0] : toFloat32(current), channels),
  );
  const divisors = program.constant(
    spreadChannels(divisor === undefined ? [1] : toFloat32(divisor), channels, 1),
  );
  const step = each ? pixel : 0;
  const x = input.buffer;
  program.call((kernels) =>
    kernels.spikeRate(
      x.address,
      currents.address,
      step,
      divisors.address,
      y.buffer.address,
      pixel,
      size,
      range[0],
      range[1],
    ),
  );
  return y;
}

/** The rate for T → ∞. */
export function planNeuron(
  program: DenseProgram,
  node: NodeOf<"neuron">,
  inputs: readonly DenseValue[],
): DenseValue {
  const { current, threshold } = node.tensors;
  return planRate(program, firstOf(inputs), current, threshold, [0, node.attributes.hi]);
}

export function planOutput(
  program: DenseProgram,
  node: NodeOf<"output">,
  inputs: readonly DenseValue[],
): DenseValue {
  const { current, scale } = node.tensors;
  const everything = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
  return planRate(program, firstOf(inputs), current, scale, everything);
}
