/**
 * Collects the nodes and constants of an ONNX graph under construction.
 *
 * Knows: fresh names, constants shared by value.
 * May not know: networks, gradients.
 */
import { float32Tensor } from "../core/tensor.js";
import {
  int64Vector,
  makeNode,
  makeTensor,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
} from "../inference/onnx-model.js";

export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, OnnxTensor>();
  #count = 0;

  get initializers(): readonly OnnxTensor[] {
    return [...this.#constants.values()];
  }

  /** The nodes that some outputs of the graph depend on, in order. */
  listNodesFor(outputs: readonly { readonly name: string }[]): OnnxNode[] {
    const needed = new Set(outputs.map(({ name }) => name));
    const kept = [...this.nodes].reverse().filter((node) => {
      const isNeeded = node.outputs.some((name) => needed.has(name));
      if (isNeeded) for (const name of node.inputs) needed.add(name);
      return isNeeded;
    });
    return kept.reverse();
  }

  /** Appends a node and gives the name of its only output. */
  emit(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain = "",
  ): string {
    const output = `${opType.toLowerCase()}_${this.#count++}`;
    this.nodes.push(makeNode(opType, inputs, [output], attributes, domain));
    return output;
  }

  /** Appends a node whose outputs have given names, as outputs of the graph do. */
  emitAs(
    output: string | readonly string[],
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void {
    this.nodes.push(makeNode(opType, inputs, typeof output === "string" ? [output] : output, attributes));
  }

  /** Values behind each other along the first axis. */
  concat(values: readonly string[]): string {
    const [first] = values;
    if (first !== undefined && values.length === 1) return first;
    return this.emit("Concat", values, { axis: { int: 0 } });
  }

  /** A float32 scalar, shape []. */
  scalar(value: number): string {
    return this.constant([], [value]);
  }

  /** A float32 constant; equal ones share a name. */
  constant(shape: readonly number[], values: readonly number[]): string {
    return this.#share(`float[${shape}]:${values}`, (name) => makeTensor(name, float32Tensor(shape, values)));
  }

  /** An int64 vector. */
  ints(values: readonly number[]): string {
    return this.#share(`ints:${values}`, (name) => int64Vector(name, values));
  }

  #share(key: string, make: (name: string) => OnnxTensor): string {
    const found = this.#constants.get(key) ?? make(`constant_${this.#constants.size}`);
    this.#constants.set(key, found);
    return found.name;
  }

  reshape(value: string, shape: readonly number[]): string {
    return this.emit("Reshape", [value, this.ints(shape)]);
  }

  /** Σ over some axes. */
  sum(value: string, axes: readonly number[], keep: boolean): string {
    return this.emit("ReduceSum", [value, this.ints(axes)], { keepdims: { int: keep ? 1 : 0 } });
  }
}
