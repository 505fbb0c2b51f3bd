/**
 * Bytes of any model file to a graph.
 *
 * Knows: the list of formats. May not know: any one of them, paths, preprocessing flags.
 */
import { describeForeignFile } from "./describe-foreign-file.js";
import type { ModelOptions, ParsedModel } from "./format.js";
import { formats } from "./format-list.js";
import { plainBytes } from "./plain-bytes.js";
import { readNamedFile, refuseFile } from "./refuse-file.js";

/**
 * Parses a trained network.
 *
 * @param bytes the whole file; read only, not kept (weights are copied)
 * @returns the float network with its batch norms, shapes [C,H,W], float32 weights; the last node's value are the logits
 * @throws RespikeError (exit 3) with every problem of the file; for a file of another kind, what it looks like
 * @example
 * ```ts
 * const { graph, arch, evidence } = parseModel(await readFile("resnet20.th"), { fileName: "resnet20.th" });
 * ```
 */
export function parseModel(bytes: Uint8Array, options: ModelOptions = {}): ParsedModel {
  const plain = plainBytes(bytes);
  const where = options.fileName ?? "model";
  const format = formats.find((one) => one.matches(plain));
  if (format !== undefined) return readNamedFile(where, () => format.parse(plain, options));
  const foreign = describeForeignFile(plain);
  throw refuseFile(
    where,
    `a model file is one of: ${formats.map(({ name }) => name).join(", ")}`,
    `it looks like ${foreign.kind}`,
    foreign.next,
  );
}
