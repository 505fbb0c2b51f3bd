/**
 * Python's pickle virtual machine, protocols 0 to 5, over data only.
 *
 * Knows: opcodes, the stack, the memo. May not know: which globals exist (its host decides).
 *
 * Source: Python's Lib/pickletools.py, which documents each opcode. Work and memory are
 * linear in the stream: opcodes copy no more than their own bytes, longs are at most 1,024 digits, and
 * what calls and names of globals may copy of values read before is bounded by the bytes read.
 */
import { quote, refuseFile } from "../refuse-file.js";
import { PickleReader } from "./pickle-reader.js";
import { NumpyType, PickleDict, PickleGlobal, type PickleValue } from "./pickle-values.js";

/** What the stream's globals and persistent ids stand for. */
export interface PickleHost {
  /** `null` refuses the name; reading goes on, so that all refused names are found. */
  findGlobal(module: string, name: string): PickleValue | null;
  loadPersistent(id: PickleValue): PickleValue;
}

export interface Unpickled {
  readonly value: PickleValue;
  /** Offset after the STOP opcode. */
  readonly end: number;
}

/**
 * Reads one pickle that starts at `start`.
 *
 * @throws RespikeError (exit 3) for a damaged stream, and one problem for each global the host refuses
 */
export function unpickle(bytes: Uint8Array, start: number, host: PickleHost): Unpickled {
  return new PickleMachine(new PickleReader(bytes, start), host).run();
}

/** What calls may copy: so many bytes for each byte read, and these besides. A tensor of four axes costs 64 in its 100 bytes. */
const copiedPerByte = 16;
const copiedBesides = 1_000_000;

class PickleMachine {
  /** The stack above the last mark; the stacks below it. */
  #stack: PickleValue[] = [];
  readonly #below: PickleValue[][] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #refused = new Set<string>();
  readonly #start: number;
  /** Bytes that calls may have copied so far: of a text one a character, of a sequence eight an item. */
  #copied = 0;

  constructor(
    readonly reader: PickleReader,
    readonly host: PickleHost,
  ) {
    this.#start = reader.offset;
  }

  run(): Unpickled {
    for (;;) {
      const at = this.reader.offset;
      const opcode = this.reader.byte();
      if (opcode === 0x2e) return this.#stop();
      const step = steps[opcode];
      if (step === undefined) {
        throw this.#damaged("every opcode is known", `0x${opcode.toString(16)} at byte ${at}`);
      }
      step(this, this.reader);
    }
  }

  #stop(): Unpickled {
    if (this.#refused.size > 0) throw refuseGlobals([...this.#refused]);
    return { value: this.pop(), end: this.reader.offset };
  }

  #damaged(rule: string, value: string) {
    if (this.#refused.size > 0) return refuseGlobals([...this.#refused]);
    return refuseFile("pickle", rule, value);
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#damaged("the stack holds what an opcode takes", "it is empty");
    return value;
  }

  top(): PickleValue {
    const value = this.#stack[this.#stack.length - 1];
    if (value === undefined) throw this.#damaged("the stack holds what an opcode takes", "it is empty");
    return value;
  }

  /** Takes the last `n` values, in order of pushing. */
  take(n: number): PickleValue[] {
    if (this.#stack.length < n) throw this.#damaged("the stack holds what an opcode takes", "too little");
    return n === 0 ? [] : this.#stack.splice(-n);
  }

  mark(): void {
    this.#below.push(this.#stack);
    this.#stack = [];
  }

  /** Takes everything above the last mark. */
  popMark(): PickleValue[] {
    const items = this.#stack;
    const below = this.#below.pop();
    if (below === undefined) throw this.#damaged("an opcode's mark was set", "no mark");
    this.#stack = below;
    return items;
  }

  /** POP discards a value or, where the stack above the mark is empty, the mark. */
  discard(): void {
    if (this.#stack.length === 0 && this.#below.length > 0) this.popMark();
    else this.pop();
  }

  memoize(index: number = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined)
      throw this.#damaged("a memo entry is written before it is read", `entry ${index}`);
    this.push(value);
  }

  pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.#damaged("a global is named by two texts", typeof module);
    }
    this.#charge([module, name]);
    const found = this.host.findGlobal(module, name);
    if (found === null) this.#refused.add(`${module}.${name}`);
    this.push(found ?? new PickleGlobal(`${module}.${name}`, null));
  }

  pushPersistent(id: PickleValue): void {
    this.push(this.#refused.size > 0 ? null : this.host.loadPersistent(id));
  }

  call(callable: PickleValue, args: PickleValue): void {
    if (!(callable instanceof PickleGlobal) || !Array.isArray(args)) {
      throw this.#damaged("only globals are called, with a tuple", "something else is called");
    }
    this.#charge(args);
    // A refused global gives null, and nothing that follows is trusted: reading goes on for names only.
    this.push(this.#refused.size > 0 || callable.call === null ? null : callable.call(args));
  }

  /** A value read once can be an argument again and again, at two bytes each: what is copied of it is counted. */
  #charge(args: readonly PickleValue[]): void {
    for (const value of args) {
      if (typeof value === "string") this.#copied += value.length;
      else if (Array.isArray(value)) this.#copied += 8 * value.length;
    }
    const read = this.reader.offset - this.#start;
    if (this.#copied > copiedPerByte * read + copiedBesides) {
      throw this.#damaged(
        "calls copy little more than the stream holds",
        `${this.#copied} bytes after ${read}`,
      );
    }
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (Array.isArray(list)) for (const item of items) list.push(item);
    else if (this.#refused.size === 0) throw this.#damaged("items are appended to a list", "something else");
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (items.length % 2 !== 0) throw this.#damaged("items of a dict are pairs", `${items.length} values`);
    if (dict instanceof PickleDict) {
      for (let at = 0; at < items.length; at += 2) {
        dict.entries.set(items[at] as PickleValue, items[at + 1] as PickleValue);
      }
    } else if (this.#refused.size === 0) throw this.#damaged("items are set in a dict", "something else");
  }

  makeDict(items: readonly PickleValue[]): void {
    this.push(new PickleDict());
    this.setItems(items);
  }

  /** BUILD: attributes of dicts (`_metadata`) are dropped; a dtype's state is its byte order; others are refused. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof NumpyType) target.bigEndian = Array.isArray(state) && state[1] === ">";
    else if (!(target instanceof PickleDict) && this.#refused.size === 0) {
      throw this.#damaged("only dicts and dtypes have a state", "a state for something else");
    }
  }
}

function refuseGlobals(names: readonly string[]) {
  const shown = names.slice(0, 10).map(quote).join(", ");
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return refuseFile(
    "pickle",
    "the only globals are those that tensors are made of (torch._utils._rebuild_tensor, _rebuild_tensor_v2, _rebuild_parameter, torch.*Storage, collections.OrderedDict, numpy scalars)",
    `${shown}${more}`,
    "save the weights only: torch.save(model.state_dict(), path)",
  );
}

type Step = (machine: PickleMachine, reader: PickleReader) => void;

const ignore: Step = () => {};
const pushText =
  (size: (reader: PickleReader) => number): Step =>
  (m, r) =>
    m.push(r.text(size(r)));
const pushBytes =
  (size: (reader: PickleReader) => number): Step =>
  (m, r) =>
    m.push(r.bytes(size(r)));
/** Python 2's str: text here, Latin-1, as torch.load takes it. */
const pushString =
  (size: (reader: PickleReader) => number): Step =>
  (m, r) =>
    m.push(r.latin1(size(r)));
const u8 = (r: PickleReader) => r.byte();
const u32 = (r: PickleReader) => r.unsigned(4);
const u64 = (r: PickleReader) => r.unsigned(8);
const tupleOf =
  (n: number): Step =>
  (m) =>
    m.push(m.take(n));
const makeObject: Step = (m) => {
  const [callable = null, ...args] = m.popMark();
  m.call(callable, args);
};

/** The opcodes, by their byte. */
const steps: Readonly<Record<number, Step>> = {
  40: (m) => m.mark(), // ( MARK
  41: (m) => m.push([]), // ) EMPTY_TUPLE
  48: (m) => m.discard(), // 0 POP
  49: (m) => void m.popMark(), // 1 POP_MARK
  50: (m) => m.push(m.top()), // 2 DUP
  66: pushBytes(u32), // B BINBYTES
  67: pushBytes(u8), // C SHORT_BINBYTES
  70: (m, r) => m.push(r.decimalFloat()), // F FLOAT
  71: (m, r) => m.push(r.float64()), // G BINFLOAT
  73: (m, r) => m.push(r.decimalInteger()), // I INT
  74: (m, r) => m.push(r.signed32()), // J BININT
  75: (m, r) => m.push(r.byte()), // K BININT1
  76: (m, r) => m.push(r.decimalInteger()), // L LONG
  77: (m, r) => m.push(r.unsigned(2)), // M BININT2
  78: (m) => m.push(null), // N NONE
  80: (m, r) => m.pushPersistent(r.line()), // P PERSID
  81: (m) => m.pushPersistent(m.pop()), // Q BINPERSID
  82: (m) => {
    // R REDUCE
    const args = m.pop();
    m.call(m.pop(), args);
  },
  83: (m, r) => m.push(r.quotedLine()), // S STRING
  84: pushString(u32), // T BINSTRING
  85: pushString(u8), // U SHORT_BINSTRING
  86: (m, r) => m.push(r.escapedLine()), // V UNICODE
  88: pushText(u32), // X BINUNICODE
  93: (m) => m.push([]), // ] EMPTY_LIST
  97: (m) => m.append([m.pop()]), // a APPEND
  98: (m) => m.build(), // b BUILD
  99: (m, r) => m.pushGlobal(r.line(), r.line()), // c GLOBAL
  100: (m) => m.makeDict(m.popMark()), // d DICT
  101: (m) => m.append(m.popMark()), // e APPENDS
  103: (m, r) => m.recall(r.decimalIndex()), // g GET
  104: (m, r) => m.recall(r.byte()), // h BINGET
  105: (m, r) => {
    // i INST
    const args = m.popMark();
    m.pushGlobal(r.line(), r.line());
    m.call(m.pop(), args);
  },
  106: (m, r) => m.recall(r.unsigned(4)), // j LONG_BINGET
  108: (m) => m.push(m.popMark()), // l LIST
  111: makeObject, // o OBJ
  112: (m, r) => m.memoize(r.decimalIndex()), // p PUT
  113: (m, r) => m.memoize(r.byte()), // q BINPUT
  114: (m, r) => m.memoize(r.unsigned(4)), // r LONG_BINPUT
  115: (m) => m.setItems(m.take(2)), // s SETITEM
  116: (m) => m.push(m.popMark()), // t TUPLE
  117: (m) => m.setItems(m.popMark()), // u SETITEMS
  125: (m) => m.push(new PickleDict()), // } EMPTY_DICT
  128: (_, r) => r.protocol(), // PROTO
  129: (m) => {
    // NEWOBJ
    const args = m.pop();
    m.call(m.pop(), args);
  },
  133: tupleOf(1), // TUPLE1
  134: tupleOf(2), // TUPLE2
  135: tupleOf(3), // TUPLE3
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  138: (m, r) => m.push(r.long(r.byte())), // LONG1
  139: (m, r) => m.push(r.long(r.unsigned(4))), // LONG4
  140: pushText(u8), // SHORT_BINUNICODE
  141: pushText(u64), // BINUNICODE8
  142: pushBytes(u64), // BINBYTES8
  143: (m) => m.push([]), // EMPTY_SET
  144: (m) => m.append(m.popMark()), // ADDITEMS
  145: (m) => m.push(m.popMark()), // FROZENSET
  147: (m) => {
    // STACK_GLOBAL
    const name = m.pop();
    m.pushGlobal(m.pop(), name);
  },
  148: (m) => m.memoize(), // MEMOIZE
  149: (_, r) => void r.unsigned(8), // FRAME
  150: pushBytes(u64), // BYTEARRAY8
  152: ignore, // READONLY_BUFFER
};
