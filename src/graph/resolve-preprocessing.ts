/**
 * Which preprocessing a model gets: flags, else its file, else an error; never an assumption.
 *
 * Knows: the named presets and the file's own. May not know: pixels.
 */
import { type Problem, refuseInput, refuseUsage } from "../core/respike-error.js";
import { type Preprocessing, preprocessingPresets } from "./preprocessing.js";

/** The flags that decide it, as of `--preprocess`, `--mean`, `--std`, `--range`. */
export interface PreprocessingOptions {
  readonly preprocess?: string | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  readonly range?: "0..1" | "0..255" | undefined;
}

/**
 * @param fromFile what the model file says, null where it says nothing
 * @param channels of the network's input
 * @returns null where neither file nor options say anything (inspect shows that; convert refuses it)
 * @throws RespikeError for flags that contradict each other (exit 2) or the model's channels (exit 3)
 */
export function resolvePreprocessing(
  fromFile: Preprocessing | null,
  options: PreprocessingOptions,
  channels: number,
): Preprocessing | null {
  const { preprocess, mean, std, range } = options;
  const byNumbers = mean !== undefined || std !== undefined || range !== undefined;
  if (preprocess !== undefined && byNumbers) {
    throw refuseUsage(
      preprocessingProblem("--preprocess", "a preset or numbers, not both", preprocess, "drop one of them"),
    );
  }
  const chosen =
    preprocess !== undefined ? findPreset(preprocess) : byNumbers ? fromNumbers(options) : fromFile;
  if (chosen !== null) checkChannels(chosen, channels);
  return chosen;
}

/** @throws RespikeError (exit 3) where the preprocessing is unknown */
export function requirePreprocessing(preprocessing: Preprocessing | null, where: string): Preprocessing {
  if (preprocessing !== null) return preprocessing;
  throw refuseInput({
    code: "preprocessing-unknown",
    where,
    rule: "the preprocessing is part of the model: in its file, or said",
    value: "neither the file nor a flag says how pixels were prepared",
    next: `give --preprocess ${Object.keys(preprocessingPresets).join("|")}, or --mean, --std and --range as in training`,
  });
}

function findPreset(name: string): Preprocessing {
  const preset = Object.hasOwn(preprocessingPresets, name) ? preprocessingPresets[name] : undefined;
  if (preset !== undefined) return preset;
  const names = Object.keys(preprocessingPresets).join(", ");
  throw refuseUsage(
    preprocessingProblem("--preprocess", `one of ${names}`, `'${name}'`, "choose one of them"),
  );
}

function fromNumbers({ mean, std, range = "0..1" }: PreprocessingOptions): Preprocessing {
  if (mean === undefined || std === undefined) {
    const missing = mean === undefined ? "--mean" : "--std";
    throw refuseUsage(
      preprocessingProblem(missing, "--mean and --std go together", "missing", `give ${missing} too`),
    );
  }
  const bad = std.find((value) => !(value > 0));
  if (bad !== undefined) {
    throw refuseUsage(
      preprocessingProblem("--std", "every deviation is above 0", String(bad), "give positive numbers"),
    );
  }
  return { name: "flags", range, mean, std };
}

function checkChannels({ name, mean, std }: Preprocessing, channels: number): void {
  const problems: Problem[] = Object.entries({ mean, std })
    .filter(([, values]) => values.length !== 1 && values.length !== channels)
    .map(([key, values]) =>
      preprocessingProblem(
        `preprocessing '${name}'`,
        `${key} has one number, or one for each of the network's ${channels} channels`,
        `${values.length} numbers`,
        "choose the preprocessing that the network was trained with",
      ),
    );
  if (problems.length > 0) throw refuseInput(problems);
}

function preprocessingProblem(where: string, rule: string, value: string, next: string): Problem {
  return { code: "preprocessing", where, rule, value, next };
}
