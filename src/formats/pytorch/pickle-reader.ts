/**
 * The operands of pickle opcodes, read in bounds.
 *
 * Knows: how numbers and texts stand in a pickle stream. May not know: what opcodes do.
 */
import { quote, refuseFile } from "../refuse-file.js";

const maxLongBytes = 1024;
const maxLineBytes = 100_000;

export class PickleReader {
  readonly #view: DataView;
  #offset: number;

  constructor(
    readonly source: Uint8Array,
    start: number,
  ) {
    this.#view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    this.#offset = start;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Steps over `n` bytes and gives where they start. */
  #advance(n: number): number {
    const start = this.#offset;
    if (!(n <= this.source.length - start)) {
      throw refuseFile(
        "pickle",
        "the stream ends with its STOP opcode",
        `${n} bytes wanted at ${start}, the file has ${this.source.length}: cut off or damaged`,
      );
    }
    this.#offset = start + n;
    return start;
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  /** Unsigned little-endian integer of 2, 4 or 8 bytes; beyond 2⁵³ it is refused by the bounds anyway. */
  unsigned(bytes: 2 | 4 | 8): number {
    const at = this.#advance(bytes);
    if (bytes === 2) return this.#view.getUint16(at, true);
    if (bytes === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  signed32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  /** Two's complement, little endian; a number where that is exact, else a bigint. */
  long(bytes: number): number | bigint {
    if (bytes > maxLongBytes) {
      throw refuseFile("pickle", `an integer has at most ${maxLongBytes} bytes`, String(bytes));
    }
    const digits = this.bytes(bytes);
    let value = 0n;
    for (let at = bytes - 1; at >= 0; at--) value = (value << 8n) | BigInt(digits[at] as number);
    return narrow(BigInt.asIntN(bytes * 8, value));
  }

  /** A copy. */
  bytes(n: number): Uint8Array {
    const at = this.#advance(n);
    return Uint8Array.from(this.source.subarray(at, at + n));
  }

  text(n: number): string {
    const at = this.#advance(n);
    return new TextDecoder().decode(this.source.subarray(at, at + n));
  }

  latin1(n: number): string {
    const at = this.#advance(n);
    return decodeLatin1(this.source.subarray(at, at + n));
  }

  /** Bytes up to a newline, which is eaten. */
  line(): string {
    const end = this.source.indexOf(10, this.#offset);
    const length = (end < 0 ? this.source.length : end) - this.#offset;
    if (end < 0 || length > maxLineBytes) {
      throw refuseFile("pickle", `a line ends within ${maxLineBytes} bytes`, `none at byte ${this.#offset}`);
    }
    const text = this.latin1(length);
    this.#advance(1);
    return text;
  }

  decimalInteger(): number | bigint | boolean {
    const line = this.line();
    if (line === "00" || line === "01") return line === "01";
    const digits = line.replace(/L$/, "");
    if (!/^[-+]?\d{1,1024}$/.test(digits)) throw refuseFile("pickle", "an integer is digits", quote(line));
    return narrow(BigInt(digits));
  }

  decimalIndex(): number {
    const line = this.line();
    if (!/^\d{1,9}$/.test(line)) throw refuseFile("pickle", "a memo index is digits", quote(line));
    return Number(line);
  }

  decimalFloat(): number {
    const line = this.line().trim();
    if (/^[-+]?(inf|nan)$/i.test(line)) {
      if (/nan/i.test(line)) return Number.NaN;
      return line.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(line)) {
      throw refuseFile("pickle", "a float is a decimal number", quote(line));
    }
    return Number(line);
  }

  /** A Python string literal in one line: quotes, `\\`, `\'`, `\n`, `\xhh`. */
  quotedLine(): string {
    const line = this.line();
    const quoted = /^(['"])([\s\S]*)\1$/.exec(line);
    if (quoted === null) throw refuseFile("pickle", "a string stands in quotes", quote(line));
    return (quoted[2] as string).replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, code: string) => {
      if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
      return code === "n" ? "\n" : code === "t" ? "\t" : code === "r" ? "\r" : code;
    });
  }

  /** Python's raw-unicode-escape: Latin-1 with `\uhhhh` and `\Uhhhhhhhh`. */
  escapedLine(): string {
    return this.line().replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g, (all, short, long) => {
      const point = Number.parseInt(short ?? long, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : all;
    });
  }

  /** PROTO's operand. */
  protocol(): void {
    const version = this.byte();
    if (version > 5) throw refuseFile("pickle", "protocol 0 to 5", String(version));
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Bytes as characters of the same number; TextDecoder's "latin1" is windows-1252 and will not do. */
export function decodeLatin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  }
  return parts.join("");
}
