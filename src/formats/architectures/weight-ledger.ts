/**
 * Hands out the tensors an architecture expects and keeps account of what does not fit.
 *
 * Knows: expected keys and shapes. May not know: what the tensors are for.
 */
import type { Problem } from "../../core/respike-error.js";
import { countElements, float32Tensor, type Tensor } from "../../core/tensor.js";
import { quote } from "../refuse-file.js";

const show = (shape: readonly number[]) => `[${shape.join(",")}]`;
const reexport = "give the right --arch and --shortcut, or export the weights again";

export class WeightLedger {
  readonly #taken = new Set<string>();
  readonly problems: Problem[] = [];

  /** @param prefix that was stripped, for messages to name the file's keys */
  constructor(
    readonly entries: ReadonlyMap<string, Tensor>,
    readonly prefix: string,
  ) {}

  has(key: string): boolean {
    return this.entries.has(key);
  }

  /** The tensor of that key and shape; where it does not fit, the reason is noted and a placeholder given. */
  take(key: string, shape: readonly number[]): Tensor<"float32"> {
    this.#taken.add(key);
    const tensor = this.entries.get(key);
    if (tensor === undefined) this.#complain("missing-key", key, shape, "it is missing");
    else if (show(tensor.shape) !== show(shape)) {
      this.#complain("wrong-shape", key, shape, `shape ${show(tensor.shape)}`);
    } else if (tensor.dtype !== "float32") {
      this.#complain("wrong-type", key, shape, `elements of type ${tensor.dtype}`);
    } else return tensor as Tensor<"float32">;
    return float32Tensor(shape, new Float32Array(countElements(shape)));
  }

  /** Variances of a batch norm, each above −epsilon, so that its root is a number. */
  takeVariance(key: string, channels: number, epsilon: number): Tensor<"float32"> {
    const tensor = this.take(key, [channels]);
    const wrong = tensor.data.findIndex((value) => !(value + epsilon > 0));
    if (wrong >= 0 && this.entries.get(key) === tensor) {
      const rule = "a variance plus batch norm's epsilon is above 0";
      const value = `${tensor.data[wrong]} + ${epsilon} in channel ${wrong}`;
      const next = "give the right --bn-eps, or weights of a network that was trained to the end";
      this.problems.push({ code: "wrong-value", where: this.prefix + key, rule, value, next });
    }
    return tensor;
  }

  /** What a ReLU was trained to clip at, above 0. */
  takeCeiling(key: string): Tensor<"float32"> {
    const tensor = this.take(key, [1]);
    const [value = 0] = tensor.data;
    if (value > 0 && value < Number.POSITIVE_INFINITY) return tensor;
    if (this.entries.get(key) === tensor) {
      const rule = "a trained ceiling is a number above 0";
      const next = "give weights of a network that was trained to the end";
      this.problems.push({ code: "wrong-value", where: this.prefix + key, rule, value: `${value}`, next });
    }
    return float32Tensor([1], [1]);
  }

  #complain(code: string, key: string, shape: readonly number[], value: string): void {
    const rule = `expected float32 ${show(shape)}`;
    this.problems.push({ code, where: this.prefix + key, rule, value, next: reexport });
  }

  /** Notes every key that nobody took; gives those that are no weights (counters of batches). */
  closeAccount(): string[] {
    const ignored: string[] = [];
    for (const [key, tensor] of this.entries) {
      if (this.#taken.has(key)) continue;
      if (/(^|\.)num_batches_tracked$/.test(key)) ignored.push(this.prefix + key);
      else {
        this.problems.push({
          code: "surplus-key",
          where: quote(this.prefix + key),
          rule: "every weight of the file has a place in the architecture",
          value: `surplus, shape ${show(tensor.shape)}`,
          next: reexport,
        });
      }
    }
    return ignored;
  }
}
