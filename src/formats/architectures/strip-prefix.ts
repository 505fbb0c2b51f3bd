/**
 * Removes what all keys begin with: `module.` of DataParallel, `model.` of a wrapper.
 *
 * Knows: keys as dotted names. May not know: architectures.
 */
export interface Stripped<T> {
  readonly entries: ReadonlyMap<string, T>;
  /** `module.` or empty. */
  readonly prefix: string;
}

/** Removes the longest run of leading dotted parts that every key shares and none consists of. */
export function stripCommonPrefix<T>(entries: ReadonlyMap<string, T>): Stripped<T> {
  const keys = [...entries.keys()];
  const [first] = keys;
  if (first === undefined) return { entries, prefix: "" };
  let length = 0;
  for (let dot = first.indexOf("."); dot >= 0; dot = first.indexOf(".", dot + 1)) {
    const prefix = first.slice(0, dot + 1);
    if (!keys.every((key) => key.startsWith(prefix) && key.length > prefix.length)) break;
    length = prefix.length;
  }
  const stripped = new Map([...entries].map(([key, value]) => [key.slice(length), value] as const));
  return { entries: stripped, prefix: first.slice(0, length) };
}
