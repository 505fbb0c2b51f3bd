/**
 * Compiles a network into one ONNX graph that does a whole training step: forward pass
 * with batch statistics, softmax cross-entropy, backward pass, update (emit-update.ts).
 *
 * Knows: the order of forward and backward passes, the loss.
 * May not know: an operator's gradient (rules/), the optimiser, the engine that runs the graph, data.
 *
 *   loss = −1/N Σₙ Σ_k t[n,k]·log softmax(z[n])_k, targets summing to 1: ∂z = (softmax(z) − t)/N
 *
 * Inputs:  `images` [N,C,H,W], `targets` [N,classes], `rate` [], and for each tensor of the
 *          state its name, for trained ones also `<name>/velocity`.
 * Outputs: `loss` [], `logits` [N,classes], and each of the state's inputs with `/next`.
 */
import { type Problem, RespikeError, refuseInput } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import type { GraphNode } from "../graph/node-types.js";
import { encodeOnnxModel, makeValueInfo, type OnnxValueInfo } from "../inference/onnx-model.js";
import { blockedDomain } from "./blocked/block-layout.js";
import { emitUpdates, nameNext, nameVelocity, type UpdateOptions } from "./emit-update.js";
import { listState, nameTensor, type StateTensor } from "./network-state.js";
import { OnnxBuilder } from "./onnx-builder.js";
import type { LoweredNode, LoweringContext, ScaledGradient } from "./rules/gradient-rule.js";
import { findRule, type GradientRules, gradientRules } from "./rules/rule-table.js";

export interface StepOptions extends UpdateOptions {
  /** N */
  readonly batch: number;
}

export interface CompiledGraph {
  /** An ONNX model of documented operators, opset 17. */
  readonly model: Uint8Array<ArrayBuffer>;
  readonly batch: number;
  readonly classes: number;
  readonly state: readonly StateTensor[];
}

/** The blocked domain is named only where it is used: other engines refuse a domain that they lack. */
function listOpsets({ nodes }: OnnxBuilder) {
  const standard = { domain: "", version: 17 };
  const isBlocked = nodes.some(({ domain }) => domain === blockedDomain);
  return isBlocked ? [standard, { domain: blockedDomain, version: 1 }] : [standard];
}

/**
 * @param rules the plain ones, or those on blocked values (blocked/blocked-rules.ts); the graph's
 *   inputs and outputs are the same
 * @throws RespikeError (exit 3) that names every node whose operator cannot be trained
 */
export function lowerToTrainingGraph(
  graph: Graph,
  options: StepOptions,
  rules: GradientRules = gradientRules,
): CompiledGraph {
  const lowering = new Lowering(graph, options.batch, true, rules);
  const { builder } = lowering;
  const classes = graph.shape(graph.output.id)[0];
  const logits = lowering.runForward();
  lowering.runBackward(emitLoss(builder, logits, options.batch, classes));
  const state = listState(graph);
  const find = ({ name, kind }: StateTensor) =>
    kind === "trained" ? lowering.gradient(name) : lowering.tracked(name);
  emitUpdates(builder, state, find, options);
  const outputs = [
    makeValueInfo("loss", "float32", []),
    makeValueInfo("logits", "float32", [options.batch, classes]),
    ...stateInfos(state, nameNext),
  ];
  return {
    model: encodeOnnxModel({
      nodes: builder.listNodesFor(outputs),
      initializers: builder.initializers,
      inputs: [
        ...dataInputs(graph, options.batch),
        makeValueInfo("targets", "float32", [options.batch, classes]),
        makeValueInfo("rate", "float32", []),
        ...stateInfos(state, (name) => name),
      ],
      outputs,
      opsets: listOpsets(lowering.builder),
    }),
    batch: options.batch,
    classes,
    state,
  };
}

/**
 * The same network with running statistics and without a backward pass: `images` and the state
 * in, `logits` out.
 *
 * @throws RespikeError (exit 3) as above
 */
export function lowerToEvaluationGraph(
  graph: Graph,
  batch: number,
  rules: GradientRules = gradientRules,
): CompiledGraph {
  const lowering = new Lowering(graph, batch, false, rules);
  const classes = graph.shape(graph.output.id)[0];
  lowering.builder.emitAs("logits", "Reshape", [
    lowering.runForward(),
    lowering.builder.ints([batch, classes]),
  ]);
  const state = listState(graph);
  const outputs = [makeValueInfo("logits", "float32", [batch, classes])];
  return {
    model: encodeOnnxModel({
      nodes: lowering.builder.listNodesFor(outputs),
      initializers: lowering.builder.initializers,
      inputs: [
        ...dataInputs(graph, batch),
        ...state.map(({ name, shape }) => makeValueInfo(name, "float32", shape)),
      ],
      outputs,
      opsets: listOpsets(lowering.builder),
    }),
    batch,
    classes,
    state,
  };
}

/** Every node's value, by its id, in a training forward pass without a loss; `images` and the state go in. */
export function lowerNodes(graph: Graph, batch: number, rules: GradientRules = gradientRules) {
  const lowering = new Lowering(graph, batch, true, rules);
  const values: ReadonlyMap<string, string> = lowering.emitForward();
  const { builder } = lowering;
  return { builder, values, opsets: listOpsets(builder) };
}

function dataInputs(graph: Graph, batch: number): OnnxValueInfo[] {
  return [makeValueInfo("images", "float32", [batch, ...graph.input.attributes.shape])];
}

function stateInfos(state: readonly StateTensor[], rename: (name: string) => string): OnnxValueInfo[] {
  return state.flatMap(({ name, kind, shape }) =>
    (kind === "trained" ? [name, nameVelocity(name)] : [name]).map((each) =>
      makeValueInfo(rename(each), "float32", shape),
    ),
  );
}

/** Emits `loss` and `logits` and gives the gradient of the network's output. */
function emitLoss(b: OnnxBuilder, output: string, batch: number, classes: number): string {
  b.emitAs("logits", "Reshape", [output, b.ints([batch, classes])]);
  const log = b.emit("LogSoftmax", ["logits"], { axis: { int: 1 } });
  const total = b.emit("ReduceSum", [b.emit("Mul", [log, "targets"])], { keepdims: { int: 0 } });
  b.emitAs("loss", "Mul", [total, b.scalar(-1 / batch)]);
  const difference = b.emit("Sub", [b.emit("Exp", [log]), "targets"]);
  return b.reshape(b.emit("Mul", [difference, b.scalar(1 / batch)]), [batch, classes, 1, 1]);
}

/** One compilation in progress: values of the nodes, then their gradients, by the nodes' ids. */
class Lowering {
  readonly builder = new OnnxBuilder();
  readonly #lowered = new Map<string, LoweredNode>();
  readonly #gradients = new Map<string, string>();
  readonly #tracked = new Map<string, string>();
  readonly #context: LoweringContext;

  constructor(
    readonly graph: Graph,
    batch: number,
    training: boolean,
    readonly rules: GradientRules,
  ) {
    const scaled = new Map<string, ScaledGradient>();
    this.#context = {
      builder: this.builder,
      batch,
      training,
      shape: (id) => graph.shape(id),
      tensor: nameTensor,
      giveGradient: (node, name, gradient) => this.#gradients.set(nameTensor(node, name), gradient),
      noteScaled: (gradient, parts) => scaled.set(gradient, parts),
      findScaled: (gradient) => scaled.get(gradient) ?? { value: gradient, factor: null },
      giveTracked: (node, name, next) => this.#tracked.set(nameTensor(node, name), next),
    };
  }

  gradient(name: string): string {
    return expectName(this.#gradients, name);
  }

  tracked(name: string): string {
    return expectName(this.#tracked, name);
  }

  /** Emits every node's value and gives the last one's. */
  runForward(): string {
    return expectName(this.emitForward(), this.graph.output.id);
  }

  /** Emits every node's value. @throws RespikeError (exit 3) that names all nodes that cannot be trained */
  emitForward(): Map<string, string> {
    const values = new Map<string, string>();
    const problems: Problem[] = [];
    for (const node of this.graph.nodes) {
      try {
        values.set(node.id, node.op === "input" ? "images" : this.#emitNode(node, values));
      } catch (error) {
        if (!(error instanceof RespikeError)) throw error;
        problems.push(...error.problems);
        values.set(node.id, node.id);
      }
    }
    if (problems.length > 0) throw refuseInput(problems);
    return values;
  }

  #emitNode(node: GraphNode, values: ReadonlyMap<string, string>): string {
    const inputs = node.inputs.map((id) => expectName(values, id));
    const lowered = findRule(node, this.rules).lower(node, inputs, this.#context);
    this.#lowered.set(node.id, lowered);
    return lowered.value;
  }

  /** Emits every gradient, from the last node to the first; a value read twice gets the sum of both. */
  runBackward(outputGradient: string): void {
    const wanted = this.#findTrained();
    const gradients = new Map([[this.graph.output.id, outputGradient]]);
    for (const node of [...this.graph.nodes].reverse()) {
      const gradient = gradients.get(node.id);
      const lowered = this.#lowered.get(node.id);
      if (gradient === undefined || lowered === undefined) continue;
      const given = lowered.backward(
        gradient,
        node.inputs.map((id) => wanted.has(id)),
      );
      for (const [at, id] of node.inputs.entries()) {
        const part = given[at];
        if (part === undefined || part === null) continue;
        const sum = gradients.get(id);
        gradients.set(id, sum === undefined ? part : this.#sumGradients(sum, part));
      }
    }
  }

  #sumGradients(a: string, b: string): string {
    return this.rules.sumGradients?.(a, b, this.#context) ?? this.builder.emit("Add", [a, b]);
  }

  /** The nodes whose value depends on a trained tensor. */
  #findTrained(): Set<string> {
    const found = new Set<string>();
    for (const node of this.graph.nodes) {
      if (node.op === "input") continue;
      const has = findRule(node, this.rules).trained.some((name) => node.tensors[name] !== undefined);
      if (has || node.inputs.some((id) => found.has(id))) found.add(node.id);
    }
    return found;
  }
}

function expectName(names: ReadonlyMap<string, string>, id: string): string {
  const name = names.get(id);
  if (name === undefined) throw new RangeError(`nothing was emitted for '${id}'`);
  return name;
}
