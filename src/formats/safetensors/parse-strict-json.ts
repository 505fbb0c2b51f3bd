/**
 * JSON as the specification has it, with duplicate keys refused and nesting bounded.
 *
 * Knows: RFC 8259. May not know: what the JSON says. (JSON.parse keeps the last of two equal keys,
 * so two readers of one file could see different tensors.)
 */
import { quote, refuseFile } from "../refuse-file.js";

/** Objects are Maps, so that no key (`__proto__`) means anything. */
export type StrictJson = null | boolean | number | string | StrictJson[] | Map<string, StrictJson>;

const maxDepth = 64;
/** Punctuation, numbers and words; texts are scanned by hand, which takes linear time and no stack. */
const token = /[{}[\]:,]|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y;

/** @throws RespikeError (exit 3) for malformed text, trailing characters (but spaces) or a repeated key */
export function parseStrictJson(text: string, where: string): StrictJson {
  const reader = new JsonReader(text, where);
  const value = reader.value(reader.next(), 0);
  reader.end();
  return value;
}

class JsonReader {
  #at = 0;

  constructor(
    readonly text: string,
    readonly where: string,
  ) {}

  refuse(rule: string, value: string) {
    return refuseFile(this.where, rule, value);
  }

  next(): string {
    while (" \t\n\r".includes(this.text.charAt(this.#at)) && this.#at < this.text.length) this.#at++;
    const start = this.#at;
    if (this.text.charAt(start) === '"') this.#at = this.#endOfText(start);
    else {
      token.lastIndex = start;
      const found = token.exec(this.text);
      if (found === null) throw this.refuse("it is JSON", `not at character ${start}`);
      this.#at = token.lastIndex;
    }
    return this.text.slice(start, this.#at);
  }

  #endOfText(start: number): number {
    for (let at = start + 1; at < this.text.length; at++) {
      const character = this.text.charAt(at);
      if (character === '"') return at + 1;
      if (character === "\\") at++;
    }
    throw this.refuse("a text ends with a quote", `none after character ${start}`);
  }

  /** A text, number or word by the platform's own parser, which checks escapes and control characters. */
  plain(part: string): string | number | boolean | null {
    try {
      return JSON.parse(part) as string | number | boolean | null;
    } catch {
      throw this.refuse("it is JSON", quote(part));
    }
  }

  /** Only white space (safetensors pads with spaces) may follow. */
  end(): void {
    const rest = this.text.slice(this.#at);
    if (/[^ \t\n\r]/.test(rest)) throw this.refuse("nothing follows the JSON", quote(rest.slice(0, 20)));
  }

  value(first: string, depth: number): StrictJson {
    if (depth > maxDepth) throw this.refuse(`JSON nests at most ${maxDepth} deep`, "deeper");
    if (first === "{") return this.object(depth);
    if (first === "[") return this.array(depth);
    if (/^[}\]:,]/.test(first)) throw this.refuse("it is JSON", `'${first}' where a value stands`);
    return this.plain(first);
  }

  object(depth: number): Map<string, StrictJson> {
    const map = new Map<string, StrictJson>();
    for (let key = this.next(); key !== "}" || map.size > 0; key = this.next()) {
      if (!key.startsWith('"')) throw this.refuse("keys are texts", quote(key));
      const name = String(this.plain(key));
      if (map.has(name)) throw this.refuse("keys are unique", quote(name));
      if (this.next() !== ":") throw this.refuse("a colon follows a key", quote(name));
      map.set(name, this.value(this.next(), depth + 1));
      const after = this.next();
      if (after === "}") return map;
      if (after !== ",") throw this.refuse("a comma or } follows a value", quote(after));
    }
    return map;
  }

  array(depth: number): StrictJson[] {
    const items: StrictJson[] = [];
    for (let first = this.next(); first !== "]" || items.length > 0; first = this.next()) {
      items.push(this.value(first, depth + 1));
      const after = this.next();
      if (after === "]") return items;
      if (after !== ",") throw this.refuse("a comma or ] follows a value", quote(after));
    }
    return items;
  }
}
