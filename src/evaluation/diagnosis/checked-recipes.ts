/**
 * For which conversions the rule that reads a loss off ε was checked on test images (docs/diagnosis.md).
 *
 * Knows: options of conversions. May not know: the rule, what it was measured on.
 */

/** Options that decide how spikes err. */
const deciding = ["lambda", "lambdaScope", "spikes", "adjust", "reset", "output"] as const;
type Recipe = Readonly<Record<(typeof deciding)[number], unknown>>;

/** What an SNN's options leave out; the first of the presets. */
const plain = { lambda: "p99.9", lambdaScope: "layer", spikes: "binary", adjust: "off" } as const;
const usual: Recipe = { ...plain, reset: "subtract", output: "current" };
const fitted: Recipe = { ...usual, lambda: "mmse", lambdaScope: "channel", adjust: "bias+potential" };

const checked: Readonly<Record<string, Recipe>> = {
  default: usual,
  binary: fitted,
  signed: { ...fitted, spikes: "signed" },
};

/** Presets of which predictions stand beside true T. */
export const checkedPresets: readonly string[] = Object.keys(checked);

/** Whether a conversion is by one of these presets, in all that decides how its spikes err. */
export function isRuleChecked(options: Readonly<Record<string, unknown>>): boolean {
  return Object.values(checked).some((recipe) =>
    deciding.every((option) => (options[option] ?? usual[option]) === recipe[option]),
  );
}
