/**
 * Operators that compute each element from the elements at its place, by their definitions.
 *
 * Knows: batch norm, relu, add, affine, neuron, output. May not know: speed.
 */
import type { Tensor } from "../core/tensor.js";
import type { NodeOf } from "../graph/node-types.js";
import { type PlainValue, readElement, readSpread, zeroValue } from "./plain-values.js";

/** f(element, its index, its channel) of every element. */
function mapElements(
  input: PlainValue | undefined,
  f: (value: number, index: number, channel: number) => number,
): PlainValue {
  if (input === undefined) throw new RangeError("an operator lacks its input");
  const area = input.shape[1] * input.shape[2];
  const result = zeroValue(input.shape);
  for (let at = 0; at < result.data.length; at++) {
    result.data[at] = f(input.data[at] as number, at, Math.floor(at / area));
  }
  return result;
}

function tensorOf(tensors: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new RangeError(`a node lacks its tensor '${name}'`);
  return tensor;
}

/** y = gamma·(x − mean)/√(variance + epsilon) + beta. */
export function evaluateBatchNorm(
  { tensors, attributes }: NodeOf<"batch-norm">,
  [input]: readonly PlainValue[],
): PlainValue {
  const [gamma, beta] = [tensorOf(tensors, "gamma"), tensorOf(tensors, "beta")];
  const [mean, variance] = [tensorOf(tensors, "mean"), tensorOf(tensors, "variance")];
  return mapElements(input, (x, _, c) => {
    const deviation = Math.sqrt(readElement(variance, c) + attributes.epsilon);
    return (readElement(gamma, c) * (x - readElement(mean, c))) / deviation + readElement(beta, c);
  });
}

/** y = min(max(x, 0), max). */
export function evaluateRelu(node: NodeOf<"relu">, [input]: readonly PlainValue[]): PlainValue {
  const max = node.attributes.max ?? Number.POSITIVE_INFINITY;
  return mapElements(input, (x) => Math.min(Math.max(x, 0), max));
}

/** Sum of all inputs, the first first. */
export function evaluateAdd(_: NodeOf<"add">, inputs: readonly PlainValue[]): PlainValue {
  return mapElements(inputs[0], (__, at) => inputs.reduce((sum, { data }) => sum + (data[at] as number), 0));
}

/** y = scale·x + shift. */
export function evaluateAffine({ tensors }: NodeOf<"affine">, [input]: readonly PlainValue[]): PlainValue {
  const scale = tensorOf(tensors, "scale");
  const { shift } = tensors;
  return mapElements(
    input,
    (x, _, c) => readElement(scale, c) * x + (shift === undefined ? 0 : readElement(shift, c)),
  );
}

/** The rate for T → ∞: clip((x + current)/threshold, 0, hi). */
export function evaluateNeuron(
  { tensors, attributes }: NodeOf<"neuron">,
  [input]: readonly PlainValue[],
): PlainValue {
  const [threshold, current] = [tensorOf(tensors, "threshold"), tensorOf(tensors, "current")];
  const area = (input?.shape[1] ?? 1) * (input?.shape[2] ?? 1);
  const elements = input?.data.length ?? 0;
  return mapElements(input, (x, at) => {
    const driven = x + readSpread(current, at, area, elements);
    return Math.min(Math.max(driven / readSpread(threshold, at, area, elements), 0), attributes.hi);
  });
}

/** (x + current)/scale; current 0 and scale 1 where the node has none. */
export function evaluateOutput({ tensors }: NodeOf<"output">, [input]: readonly PlainValue[]): PlainValue {
  const { scale, current } = tensors;
  return mapElements(input, (x, _, c) => {
    const driven = x + (current === undefined ? 0 : readElement(current, c));
    return driven / (scale === undefined ? 1 : readElement(scale, c));
  });
}
