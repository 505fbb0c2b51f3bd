/**
 * What a pickle stream can hold here: plain data and a few named constructors.
 *
 * Knows: shapes of values. May not know: opcodes, files, networks.
 *
 * Nothing of a pickle is ever run: a global is only a name with a function of ours behind it.
 */

/** A Python dict (also an OrderedDict): insertion order kept. */
export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** A Python list, tuple or set. */
export type PickleSequence = PickleValue[];

/** A named constructor of the allow-list, or one that was refused (then it has no `call`). */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly call: ((args: readonly PickleValue[]) => PickleValue) | null,
  ) {}
}

/** A storage type such as `torch.FloatStorage`. */
export class StorageType {
  /** @param name without module, as `FloatStorage` */
  constructor(readonly name: string) {}
}

/** A range of a storage's elements; its bytes stand elsewhere in the file. */
export interface StorageView {
  readonly type: StorageType;
  readonly key: string;
  /** First element of the view in the storage `key`. */
  readonly offset: number;
  readonly elements: number;
}

export class StorageReference {
  constructor(readonly view: StorageView) {}
}

/** A tensor as pickled: where its elements lie, not the elements. */
export class TensorRecord {
  constructor(
    readonly storage: StorageView,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** A numpy dtype; `code` like `f8`, byte order set by its state. */
export class NumpyType {
  bigEndian = false;
  constructor(readonly code: string) {}
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleSequence
  | PickleDict
  | PickleGlobal
  | StorageType
  | StorageReference
  | TensorRecord
  | NumpyType;

/** A value for a message: plain ones as they are, others by their kind. */
export function printValue(value: PickleValue | undefined): string {
  if (typeof value === "string") return value.length > 80 ? `'${value.slice(0, 80)}…'` : `'${value}'`;
  if (value === null || value === undefined || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "a sequence" : `a ${value.constructor.name}`;
}
