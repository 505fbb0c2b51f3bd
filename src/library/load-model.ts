/**
 * A trained network from a file, an address or bytes.
 *
 * Knows: where bytes come from. May not know: model formats, conversion, the command line.
 */
import { type LoadModelOptions, type Model, readModel } from "../formats/read-model.js";
import { nameSource, readSource, type Source } from "./read-source.js";

export type { LoadModelOptions, Model };

/**
 * Reads a trained network: a PyTorch checkpoint (zip or legacy) or safetensors.
 *
 * @param source a path, a URL, or the file's bytes (read only, not kept)
 * @throws RespikeError (exit 3) with every problem of the file at once
 * @example
 * ```ts
 * import { loadModel } from "respike";
 *
 * const model = await loadModel("networks/mnist-resnet8.safetensors");
 * console.log(model.arch, model.preprocessing?.name); // resnet8, option P mnist
 * ```
 */
export async function loadModel(source: Source, options: LoadModelOptions = {}): Promise<Model> {
  const bytes = await readSource(source);
  return readModel(bytes, options.name ?? nameSource(source), options);
}
