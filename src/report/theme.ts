/**
 * The colours of plots and page, light and dark.
 *
 * Knows: names of paints and their two values. May not know: plots, pages.
 * Series colours differ also for red-green (ΔE ≥ 15) and blue-yellow blindness (≥ 11) and have a
 * contrast ≥ 4.8 (light) and ≥ 7.1 (dark) to the card; no plot tells anything by colour alone.
 */
export const paints = {
  ink: { light: "#1b1f24", dark: "#e6e8eb" },
  muted: { light: "#59626c", dark: "#a3adb8" },
  grid: { light: "#dfe3e8", dark: "#343b43" },
  card: { light: "#ffffff", dark: "#1a1e23" },
  page: { light: "#f4f6f8", dark: "#101317" },
  s1: { light: "#0072b2", dark: "#56b4e9" },
  s2: { light: "#b34700", dark: "#ff8c42" },
  s3: { light: "#00785a", dark: "#2bc79b" },
  s4: { light: "#9c4f7f", dark: "#e39cc4" },
} as const;

export type PaintName = keyof typeof paints;
export type Theme = "light" | "dark";

/** A paint as CSS: follows the theme of the page it stands in. */
export function paint(name: PaintName): string {
  return `var(--${name})`;
}

export const paintNames = Object.keys(paints) as PaintName[];

/** The custom properties of one theme, for a rule's body. */
export function declarePaints(theme: Theme): string {
  return paintNames.map((name) => `--${name}:${paints[name][theme]}`).join(";");
}

/** System fonts, Chinese ones included; no font is loaded. */
export const fontFamily =
  "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif";
