/**
 * The provenance that a conversion saves: everything that decides the result, and nothing that does not.
 *
 * Knows: its fields. May not know: paths, threads, times.
 */
import { version } from "../core/version.js";
import type { ConvertOptions } from "./convert-options.js";

export interface Origin {
  readonly model: {
    readonly name: string;
    readonly sha256: string;
    readonly format: string;
    readonly arch: string;
  };
  readonly calibration: { readonly data: string; readonly n: number; readonly indicesSha256: string };
  /** The verb and the options that decide the result; `convert NAME` where left out. */
  readonly command?: readonly string[] | undefined;
}

export function describeOrigin(
  { model, calibration, command }: Origin,
  { lambda, lambdaScope }: ConvertOptions,
): Readonly<Record<string, unknown>> {
  const { data, n, indicesSha256 } = calibration;
  return {
    respike: version,
    model: model.name,
    modelSha256: model.sha256,
    format: model.format,
    arch: model.arch,
    command: command ?? ["convert", model.name],
    calibration: { data, split: "train", n, indicesSha256, lambda, scope: lambdaScope },
  };
}
