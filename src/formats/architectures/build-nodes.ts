/**
 * The nodes of a CIFAR network, built from an architecture's description and a file's weights.
 *
 * Knows: the layout of stem, blocks, shortcuts and head, and the ids of their nodes.
 * May not know: files, how the architecture was recognised.
 *
 * Ids are the file's keys without `.weight`; a relu after X is `X.relu`, after a block's sum
 * `<block>.relu`, with a ceiling where the file has `<relu>.ceiling`; a sum is `<block>.add`; a shortcut without weights `<block>.shortcut`.
 */
import type { GraphNode, Pair, Shape } from "../../graph/node-types.js";
import type { Recognised } from "./recognise-architecture.js";
import type { WeightLedger } from "./weight-ledger.js";

export interface NetworkFacts {
  readonly inputShape: Shape;
  readonly classes: number;
  readonly bnEpsilon: number;
}

/** All nodes in topological order; what does not fit stands in the ledger afterwards. */
export function buildNodes(recognised: Recognised, facts: NetworkFacts, ledger: WeightLedger): GraphNode[] {
  return new NetworkBuilder(recognised, facts, ledger).build();
}

class NetworkBuilder {
  readonly #nodes: GraphNode[] = [];
  /** Whether the file's 3×3 convolutions have biases: all or none. */
  readonly #biases: boolean;
  readonly #projectionBiases: boolean;
  /** Whether every ReLU has a trained ceiling `<layer>.relu.ceiling`: all or none. */
  readonly #ceilings: boolean;

  constructor(
    readonly recognised: Recognised,
    readonly facts: NetworkFacts,
    readonly ledger: WeightLedger,
  ) {
    const [projection] = recognised.projection;
    const keys = [...ledger.entries.keys()];
    this.#biases = keys.some((key) => /(^|\.)conv\d\.bias$/.test(key));
    this.#projectionBiases = keys.some((key) => key.endsWith(`.${projection}.bias`));
    this.#ceilings = keys.some((key) => key.endsWith(".relu.ceiling"));
  }

  build(): GraphNode[] {
    const { architecture, dialect, head } = this.recognised;
    const { inputShape, classes } = this.facts;
    const input = this.#push({
      id: "input",
      op: "input",
      inputs: [],
      attributes: { shape: inputShape },
      tensors: {},
    });
    let channels = architecture.widths[0] as number;
    const stem = this.#conv(dialect.stemConv, input, inputShape[0], channels, 3, 1, this.#biases);
    let at = this.#relu(this.#norm(dialect.stemNorm, stem, channels), dialect.stemConv);
    let size: Pair = [inputShape[1], inputShape[2]];
    architecture.widths.forEach((width, stage) => {
      for (let index = 0; index < architecture.blocksPerStage; index++) {
        const block = dialect.block(stage + 1, index, stage * architecture.blocksPerStage + index);
        const stride = stage > 0 && index === 0 ? 2 : 1;
        at = this.#block(block, at, channels, width, stride, stage === 0 && index === 0);
        channels = width;
        size = [Math.ceil(size[0] / stride), Math.ceil(size[1] / stride)];
      }
    });
    const pooled = this.#push({
      id: "avgpool",
      op: "pool",
      inputs: [at],
      attributes: { kind: "average", kernel: size, stride: size, padding: [0, 0, 0, 0] },
      tensors: {},
    });
    const weight = this.ledger.take(`${head}.weight`, [classes, channels]);
    const bias = this.ledger.take(`${head}.bias`, [classes]);
    this.#push({ id: head, op: "linear", inputs: [pooled], attributes: {}, tensors: { weight, bias } });
    return this.#nodes;
  }

  #push(node: GraphNode): string {
    this.#nodes.push(node);
    return node.id;
  }

  #block(
    block: string,
    from: string,
    channels: number,
    width: number,
    stride: number,
    first: boolean,
  ): string {
    const inner = `${block}.conv1`;
    const last = `${block}.conv2`;
    const conv1 = this.#conv(inner, from, channels, width, 3, stride, this.#biases);
    const relu1 = this.#relu(this.#norm(`${block}.bn1`, conv1, width), inner);
    const conv2 = this.#conv(last, relu1, width, width, 3, 1, this.#biases);
    const norm2 = this.#norm(`${block}.bn2`, conv2, width);
    if (this.recognised.shortcut === null) return this.#relu(norm2, last);
    const shortcut = this.#shortcut(block, from, channels, width, stride, first);
    const inputs = [norm2, shortcut];
    const sum = this.#push({ id: `${block}.add`, op: "add", inputs, attributes: {}, tensors: {} });
    return this.#relu(sum, block);
  }

  #shortcut(
    block: string,
    from: string,
    channels: number,
    width: number,
    stride: number,
    first: boolean,
  ): string {
    const { shortcut, projection } = this.recognised;
    const changes = stride !== 1 || channels !== width;
    if (!changes && !(shortcut === "P" && first)) return from;
    if (shortcut === "A" || shortcut === "avg") {
      const attributes = { kind: shortcut, channels: width };
      return this.#push({ id: `${block}.shortcut`, op: "shortcut", inputs: [from], attributes, tensors: {} });
    }
    const [convName, normName] = projection;
    const conv = this.#conv(`${block}.${convName}`, from, channels, width, 1, stride, this.#projectionBiases);
    return this.#norm(`${block}.${normName}`, conv, width);
  }

  #conv(
    id: string,
    from: string,
    channels: number,
    width: number,
    kernel: 1 | 3,
    stride: number,
    hasBias: boolean,
  ): string {
    const side = (kernel - 1) / 2;
    const weight = this.ledger.take(`${id}.weight`, [width, channels, kernel, kernel]);
    const bias = hasBias ? { bias: this.ledger.take(`${id}.bias`, [width]) } : {};
    return this.#push({
      id,
      op: "conv",
      inputs: [from],
      attributes: {
        stride: [stride, stride],
        padding: [side, side, side, side],
        dilation: [1, 1],
        groups: 1,
      },
      tensors: { weight, ...bias },
    });
  }

  #norm(id: string, from: string, width: number): string {
    const take = (name: string) => this.ledger.take(`${id}.${name}`, [width]);
    return this.#push({
      id,
      op: "batch-norm",
      inputs: [from],
      attributes: { epsilon: this.facts.bnEpsilon },
      tensors: {
        gamma: take("weight"),
        beta: take("bias"),
        mean: take("running_mean"),
        variance: this.ledger.takeVariance(`${id}.running_var`, width, this.facts.bnEpsilon),
      },
    });
  }

  #relu(from: string, layer: string): string {
    const id = `${layer}.relu`;
    const ceiling = this.#ceilings ? this.ledger.takeCeiling(`${id}.ceiling`) : undefined;
    const attributes = { layer, max: ceiling?.data[0] ?? null };
    const tensors = ceiling === undefined ? {} : { ceiling };
    return this.#push({ id, op: "relu", inputs: [from], attributes, tensors });
  }
}
