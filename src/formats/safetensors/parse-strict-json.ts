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
const token =
  /[ \t\n\r]*([{}[\]:,]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)/y;

/** @throws RespikeError (exit 3) for malformed text, trailing characters (but spaces) or a repeated key */
export function parseStrictJson(text: string, where: string): StrictJson {
  const reader = new JsonReader(text, where);
  const value = reader.value(reader.next(), 0);
  reader.end();
  return value;
}

class JsonReader {
  readonly #tokens: RegExp;

  constructor(
    readonly text: string,
    readonly where: string,
  ) {
    this.#tokens = new RegExp(token.source, "y");
  }

  refuse(rule: string, value: string) {
    return refuseFile(this.where, rule, value);
  }

  next(): string {
    const at = this.#tokens.lastIndex;
    const found = this.#tokens.exec(this.text);
    if (found === null) throw this.refuse("it is JSON", `not at character ${at}`);
    return found[1] as string;
  }

  /** Only white space (safetensors pads with spaces) may follow. */
  end(): void {
    const rest = this.text.slice(this.#tokens.lastIndex);
    if (/[^ \t\n\r]/.test(rest)) throw this.refuse("nothing follows the JSON", quote(rest.slice(0, 20)));
  }

  value(first: string, depth: number): StrictJson {
    if (depth > maxDepth) throw this.refuse(`JSON nests at most ${maxDepth} deep`, "deeper");
    if (first === "{") return this.object(depth);
    if (first === "[") return this.array(depth);
    if (/^[}\]:,]/.test(first)) throw this.refuse("it is JSON", `'${first}' where a value stands`);
    return JSON.parse(first) as StrictJson;
  }

  object(depth: number): Map<string, StrictJson> {
    const map = new Map<string, StrictJson>();
    for (let key = this.next(); key !== "}" || map.size > 0; key = this.next()) {
      if (!key.startsWith('"')) throw this.refuse("keys are texts", quote(key));
      const name = JSON.parse(key) as string;
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
