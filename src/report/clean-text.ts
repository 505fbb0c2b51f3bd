/**
 * Text of unknown origin (file, class and layer names) made fit for a terminal, XML and HTML.
 *
 * Knows: Unicode. May not know: what the text means.
 */

const unsafe = /[^\P{Cc}\n\t]|\p{Cs}|[\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/** Control characters (escape sequences too), lone surrogates and direction overrides become U+FFFD. */
export function cleanText(text: string): string {
  return text.replace(unsafe, "\ufffd");
}

/** The text, cleaned, on one line. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/[\n\t]+/g, " ");
}

/** The text, cleaned, on one line, at most `length` characters (…). */
export function cleanLabel(text: string, length: number): string {
  const line = cleanText(text).replace(/\s+/g, " ");
  return line.length <= length ? line : `${cleanText(line.slice(0, Math.max(0, length - 1)))}…`;
}
