/**
 * The dense backend: float32 SIMD kernels in WebAssembly, the default evaluator of networks.
 *
 * Knows: which function plans which operator, how images go in and values come out.
 * May not know: spikes, files, threads.
 *
 * A graph becomes a list of kernel calls once; images go through it one by one, so memory is
 * that of the weights and of the values alive at once for one image, whatever the batch, and a
 * result cannot depend on the batch. Every sum has one fixed order: bytes are the same on every
 * machine and in every browser.
 */
import type { Graph } from "../graph/graph.js";
import type { NodeOf, Op, Shape } from "../graph/node-types.js";
import { checkRun, needsOf, splitImages } from "./check-run.js";
import { planConcat, planFlatten, planPad, planShortcut, planSlice } from "./dense-arrangement.js";
import { planAdd, planAffine, planBatchNorm, planNeuron, planOutput, planRelu } from "./dense-elements.js";
import { type DenseKernels, loadDenseKernels } from "./dense-kernels.js";
import { strides } from "./dense-layout.js";
import { type DenseBuffer, DenseProgram, type DenseStep } from "./dense-program.js";
import { type DenseValue, newValue, planConv, planLinear, planPool } from "./dense-windows.js";
import type { FloatBackend, FloatNetwork } from "./float-network.js";

type Plan<O extends Op> = (
  program: DenseProgram,
  node: NodeOf<O>,
  inputs: readonly DenseValue[],
  shape: Shape,
) => DenseValue;

const operators: { readonly [O in Exclude<Op, "input">]: Plan<O> } = {
  conv: planConv,
  linear: planLinear,
  pool: planPool,
  "batch-norm": planBatchNorm,
  relu: planRelu,
  add: planAdd,
  affine: planAffine,
  neuron: planNeuron,
  output: planOutput,
  concat: planConcat,
  pad: planPad,
  slice: planSlice,
  flatten: planFlatten,
  shortcut: planShortcut,
};

/** Room in which an image [C,H,W] comes in and values [C,H,W] go out. */
interface Staging {
  readonly buffer: DenseBuffer;
}

function planGraph(graph: Graph): {
  program: DenseProgram;
  values: Map<string, DenseValue>;
  staging: Staging;
} {
  const program = new DenseProgram();
  const values = new Map<string, DenseValue>();
  const sizes = graph.nodes.map(({ id }) => strides(graph.shape(id)).size);
  program.beginStep("");
  const staging = { buffer: program.buffer(Math.max(...sizes)) };
  for (const node of graph.nodes) {
    program.beginStep(node.id);
    const shape = graph.shape(node.id);
    const inputs = node.inputs.map((id) => values.get(id) as DenseValue);
    for (const { buffer } of inputs) program.read(buffer);
    if (node.op === "input") values.set(node.id, planInput(program, staging, shape));
    else values.set(node.id, (operators[node.op] as Plan<Op>)(program, node as NodeOf<Op>, inputs, shape));
  }
  program.read(staging.buffer);
  return { program, values, staging };
}

/** From the staging room's [C,H,W] to the dense layout. */
function planInput(program: DenseProgram, { buffer }: Staging, shape: Shape): DenseValue {
  const [channels, height, width] = shape;
  const y = newValue(program, shape);
  const to = strides(shape);
  program.call((kernels) => {
    const address = y.buffer.address;
    kernels.fillZero(address, to.size);
    kernels.copyBlock(
      buffer.address,
      4 * width,
      4,
      4 * width * height,
      address,
      to.row,
      to.pixel,
      4,
      height,
      width,
      channels,
    );
  });
  return y;
}

class DenseNetwork implements FloatNetwork {
  #kernels: DenseKernels | null;
  readonly #steps: readonly DenseStep[];
  readonly #values: ReadonlyMap<string, DenseValue>;
  readonly #staging: Staging;

  constructor(
    readonly graph: Graph,
    kernels: DenseKernels,
  ) {
    const { program, values, staging } = planGraph(graph);
    this.#steps = program.layOut(kernels);
    this.#kernels = kernels;
    this.#values = values;
    this.#staging = staging;
  }

  run(
    images: Float32Array,
    n: number,
    keep: readonly string[],
    replaced: ReadonlyMap<string, Float32Array> = new Map(),
  ): Map<string, Float32Array> {
    const kernels = this.#kernels;
    if (kernels === null) throw new RangeError("the network was freed");
    const results = checkRun(this.graph, images, n, keep, replaced);
    const needed = needsOf(this.graph, keep);
    const steps = this.#steps.filter(({ id }) => needed.has(id));
    const memory = new Float32Array(kernels.memory.buffer);
    splitImages(this.graph, images, n).forEach((image, index) => {
      memory.set(image, this.#staging.buffer.address / 4);
      for (const step of steps) {
        step.run();
        const result = results.get(step.id);
        if (result !== undefined) this.#copyOut(kernels, memory, step.id, result, index);
        const given = replaced.get(step.id);
        if (given !== undefined) this.#copyIn(kernels, memory, step.id, given, index);
      }
    });
    return results;
  }

  /** From the dense layout to image `index` of a result [N,C,H,W], through the staging room. */
  #copyOut(
    kernels: DenseKernels,
    memory: Float32Array,
    id: string,
    result: Float32Array,
    index: number,
  ): void {
    const value = this.#values.get(id) as DenseValue;
    const [channels, height, width] = value.shape;
    const { row, pixel } = strides(value.shape);
    const to = this.#staging.buffer.address;
    const area = height * width;
    kernels.copyBlock(
      value.buffer.address,
      row,
      pixel,
      4,
      to,
      4 * width,
      4,
      4 * area,
      height,
      width,
      channels,
    );
    result.set(memory.subarray(to / 4, to / 4 + channels * area), index * channels * area);
  }

  /** From image `index` of values [N,C,H,W] to the place of a node's value, surplus lanes untouched. */
  #copyIn(kernels: DenseKernels, memory: Float32Array, id: string, given: Float32Array, index: number): void {
    const value = this.#values.get(id) as DenseValue;
    const [channels, height, width] = value.shape;
    const { row, pixel } = strides(value.shape);
    const from = this.#staging.buffer.address;
    const area = height * width;
    const size = channels * area;
    memory.set(given.subarray(index * size, (index + 1) * size), from / 4);
    kernels.copyBlock(
      from,
      4 * width,
      4,
      4 * area,
      value.buffer.address,
      row,
      pixel,
      4,
      height,
      width,
      channels,
    );
  }

  free(): void {
    this.#kernels = null;
  }
}

export const denseBackend: FloatBackend = {
  name: "dense",
  async prepare(graph, options = {}) {
    return new DenseNetwork(graph, await loadDenseKernels(options.wasmUrl));
  },
};
