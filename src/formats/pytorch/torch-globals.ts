/**
 * The allow-list: the only globals of a PyTorch pickle that mean anything here.
 *
 * Knows: what PyTorch's tensors and numpy's scalars are pickled as. May not know: opcodes, networks.
 *
 * Source: torch/_utils.py (`_rebuild_tensor`, `_rebuild_tensor_v2`, `_rebuild_parameter`),
 * torch/serialization.py (`persistent_id`), numpy's `multiarray.scalar`.
 */
import { quote, refuseFile } from "../refuse-file.js";
import {
  NumpyType,
  PickleDict,
  PickleGlobal,
  type PickleValue,
  StorageReference,
  StorageType,
  TensorRecord,
} from "./pickle-values.js";

type Constructor = (args: readonly PickleValue[]) => PickleValue;

const constructors: Readonly<Record<string, Constructor>> = {
  "collections.OrderedDict": makeOrderedDict,
  "torch._utils._rebuild_tensor": rebuildTensor,
  "torch._utils._rebuild_tensor_v2": rebuildTensor,
  "torch._utils._rebuild_parameter": ([data = null]) => data,
  "numpy.dtype": makeNumpyType,
  "numpy.core.multiarray.scalar": makeNumpyScalar,
  "numpy._core.multiarray.scalar": makeNumpyScalar,
  // How protocol 2 writes the bytes of a numpy scalar: text that stands for Latin-1 bytes.
  "_codecs.encode": encodeLatin1,
};

/** @returns null for a global that is not on the list */
export function findTorchGlobal(module: string, name: string): PickleValue | null {
  const full = `${module}.${name}`;
  if (/^torch(\.cuda)?\.[A-Za-z0-9]+Storage$/.test(full) || full === "torch.storage.UntypedStorage") {
    return new StorageType(name);
  }
  const call = Object.hasOwn(constructors, full) ? constructors[full] : undefined;
  return call === undefined ? null : new PickleGlobal(full, call);
}

/** Bytes of an element by storage type; null where elements cannot be read as numbers. */
export function storageElementBytes({ name }: StorageType): number | null {
  const sizes: Readonly<Record<string, number>> = {
    DoubleStorage: 8,
    FloatStorage: 4,
    HalfStorage: 2,
    BFloat16Storage: 2,
    LongStorage: 8,
    IntStorage: 4,
    ShortStorage: 2,
    CharStorage: 1,
    ByteStorage: 1,
    BoolStorage: 1,
    UntypedStorage: 1,
    ComplexFloatStorage: 8,
    ComplexDoubleStorage: 16,
    QInt8Storage: 1,
    QUInt8Storage: 1,
    QInt32Storage: 4,
  };
  return Object.hasOwn(sizes, name) ? (sizes[name] ?? null) : null;
}

function makeOrderedDict([items]: readonly PickleValue[]): PickleValue {
  const dict = new PickleDict();
  if (items === undefined) return dict;
  if (!Array.isArray(items)) throw refuseFile("pickle", "an OrderedDict is made of pairs", "something else");
  for (const pair of items) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw refuseFile("pickle", "an OrderedDict is made of pairs", "something else");
    }
    dict.entries.set(pair[0] as PickleValue, pair[1] as PickleValue);
  }
  return dict;
}

/** A copy, checked: the pickle can go on changing its own lists. Null where they are no sizes. */
function copySizes(value: PickleValue | undefined): number[] | null {
  if (!Array.isArray(value) || value.length > 32) return null;
  const isSize = (size: PickleValue): size is number => Number.isSafeInteger(size) && Number(size) >= 0;
  const copy = [...value];
  return copy.every(isSize) ? copy : null;
}

const isSize = (value: PickleValue | undefined): value is number => copySizes([value ?? null]) !== null;

/** `(storage, storage_offset, size, stride, …)` */
function rebuildTensor([storage, offset, ...layout]: readonly PickleValue[]): PickleValue {
  if (!(storage instanceof StorageReference)) {
    throw refuseFile("pickle", "a tensor is made of a storage", "something else");
  }
  const shape = copySizes(layout[0]);
  const strides = copySizes(layout[1]);
  if (!isSize(offset) || shape === null || strides === null || shape.length !== strides.length) {
    throw refuseFile(
      "pickle",
      "a tensor's offset, shape and strides are whole numbers ≥ 0, as many strides as axes",
      `storage ${quote(storage.view.key)}: something else`,
    );
  }
  return new TensorRecord(storage.view, offset, shape, strides);
}

function makeNumpyType([code]: readonly PickleValue[]): PickleValue {
  if (typeof code !== "string")
    throw refuseFile("pickle", "a numpy dtype is named by a text", "something else");
  return new NumpyType(code);
}

/** A numpy scalar as a number; null for types without one (text, dates). */
function makeNumpyScalar([type, bytes]: readonly PickleValue[]): PickleValue {
  if (!(type instanceof NumpyType) || !(bytes instanceof Uint8Array)) {
    throw refuseFile("pickle", "a numpy scalar is made of a dtype and bytes", "something else");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !type.bigEndian;
  const readers: Readonly<Record<string, () => PickleValue>> = {
    f8: () => view.getFloat64(0, little),
    f4: () => view.getFloat32(0, little),
    i8: () => view.getBigInt64(0, little),
    i4: () => view.getInt32(0, little),
    i2: () => view.getInt16(0, little),
    i1: () => view.getInt8(0),
    u8: () => view.getBigUint64(0, little),
    u4: () => view.getUint32(0, little),
    u2: () => view.getUint16(0, little),
    u1: () => view.getUint8(0),
    b1: () => view.getUint8(0) !== 0,
  };
  const read = Object.hasOwn(readers, type.code) ? readers[type.code] : undefined;
  if (read === undefined) return null;
  if (bytes.length !== Number(type.code.slice(1))) {
    throw refuseFile("pickle", `a numpy ${quote(type.code)} has its own bytes`, `${bytes.length} bytes`);
  }
  return read();
}

function encodeLatin1([text, encoding]: readonly PickleValue[]): PickleValue {
  if (typeof text !== "string" || encoding !== "latin1") {
    throw refuseFile("pickle", "_codecs.encode stands only for Latin-1 bytes", "another encoding");
  }
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 255) throw refuseFile("pickle", "Latin-1 characters are below 256", String(code));
    bytes[at] = code;
  }
  return bytes;
}

/**
 * `('storage', type, key, location, elements[, view])` with view `(key, offset, elements)`.
 * The key of a view is that of its root storage, so views share the root's bytes.
 */
export function loadStorage(id: PickleValue): PickleValue {
  const [tag, type, key, , elements, view = null] = Array.isArray(id) ? id : [];
  const rule = "persistent ids are ('storage', type, key, location, elements[, view])";
  if (tag !== "storage") {
    throw refuseFile("pickle", rule, typeof tag === "string" ? quote(tag) : "something else");
  }
  if (!(type instanceof StorageType) || typeof key !== "string" || !isSize(elements)) {
    throw refuseFile("pickle", rule, "its parts are of other types");
  }
  if (view === null) return new StorageReference({ type, key, offset: 0, elements });
  const [, offset, length] = Array.isArray(view) ? view : [];
  if (!Array.isArray(view) || view.length !== 3 || !isSize(offset) || !isSize(length)) {
    throw refuseFile("pickle", "a storage's view is (key, offset, elements)", `storage ${quote(key)}`);
  }
  return new StorageReference({ type, key, offset, elements: length });
}
