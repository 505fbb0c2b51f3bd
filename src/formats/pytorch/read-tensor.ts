/**
 * From where a tensor's elements lie to the elements: row-major, float32 or integers.
 *
 * Knows: storage types, strides, byte order. May not know: names of weights.
 *
 * Element [i₀,i₁,…] is storage[offset + Σ iₐ·strideₐ]. Double, half and bfloat16 become float32.
 */
import { decodeBfloat16, decodeFloat16 } from "../../core/float16.js";
import { refuseInput } from "../../core/respike-error.js";
import { countElements, makeTensor, type Tensor } from "../../core/tensor.js";
import { fileProblem, quote } from "../refuse-file.js";
import type { TensorRecord } from "./pickle-values.js";
import { storageElementBytes } from "./torch-globals.js";

/** The bytes of the file's storages. */
export interface Storages {
  /** Bytes of a root storage; undefined where the file has none of that key. */
  find(key: string, elementBytes: number): Uint8Array | undefined;
  readonly littleEndian: boolean;
  /** How many elements all tensors together may still have: bounds memory whatever the strides say. */
  budget: number;
}

/**
 * @returns a tensor that owns its data; null for element types that are not numbers here (complex, quantised, raw)
 * @throws RespikeError (exit 3) where the elements do not lie within the storage
 */
export function readTensor(name: string, record: TensorRecord, storages: Storages): Tensor | null {
  const { storage, shape, strides, offset } = record;
  const elementBytes = storageElementBytes(storage.type);
  if (elementBytes === null) return null;
  const where = `tensor ${quote(name)}`;
  const bytes = storages.find(storage.key, elementBytes);
  if (bytes === undefined) {
    throw refuseInput(fileProblem(where, "its storage is in the file", `no storage ${quote(storage.key)}`));
  }
  const count = countElements(shape);
  const last =
    count === 0 ? 0 : offset + shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), 0);
  const available = Math.min(storage.elements, Math.floor(bytes.length / elementBytes) - storage.offset);
  if (count > 0 && !(last < available)) {
    throw refuseInput(
      fileProblem(
        where,
        "its elements lie within its storage",
        `element ${last} of ${Math.max(0, available)}`,
      ),
    );
  }
  storages.budget -= count;
  if (!(storages.budget >= 0)) {
    throw refuseInput(
      fileProblem(
        where,
        "tensors hold no more elements than the file",
        `[${shape}] with strides [${strides}]`,
      ),
    );
  }
  const first = (storage.offset + offset) * elementBytes;
  return gatherElements(storage.type.name, shape, strides, bytes, first, storages.littleEndian);
}

type ReadElement = (view: DataView, at: number, little: boolean) => number;

const floatReaders: Readonly<Record<string, ReadElement>> = {
  DoubleStorage: (view, at, little) => view.getFloat64(at, little),
  FloatStorage: (view, at, little) => view.getFloat32(at, little),
  HalfStorage: (view, at, little) => decodeFloat16(view.getUint16(at, little)),
  BFloat16Storage: (view, at, little) => decodeBfloat16(view.getUint16(at, little)),
};

const integerReaders: Readonly<Record<string, ReadElement>> = {
  IntStorage: (view, at, little) => view.getInt32(at, little),
  ShortStorage: (view, at, little) => view.getInt16(at, little),
  CharStorage: (view, at) => view.getInt8(at),
  ByteStorage: (view, at) => view.getUint8(at),
  BoolStorage: (view, at) => view.getUint8(at),
};

function gatherElements(
  type: string,
  shape: readonly number[],
  strides: readonly number[],
  bytes: Uint8Array,
  first: number,
  little: boolean,
): Tensor | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = countElements(shape);
  const width = storageElementBytes({ name: type }) ?? 0;
  const fill = <D extends Float32Array | Int32Array | BigInt64Array>(
    data: D,
    read: (at: number) => D[number],
  ): D => {
    let to = 0;
    walkStrides(shape, strides, (element) => {
      data[to++] = read(first + element * width);
    });
    return data;
  };
  const readFloat = floatReaders[type];
  if (readFloat !== undefined) {
    const data = fill(new Float32Array(count), (at) => readFloat(view, at, little));
    return makeTensor("float32", shape, data);
  }
  const readInteger = integerReaders[type];
  if (readInteger !== undefined) {
    const data = fill(new Int32Array(count), (at) => readInteger(view, at, little));
    return makeTensor("int32", shape, data);
  }
  if (type !== "LongStorage") return null;
  const data = fill(new BigInt64Array(count), (at) => view.getBigInt64(at, little));
  return makeTensor("int64", shape, data);
}

/** Calls `visit` with the storage index of each element, relative to the first, last axis fastest. */
function walkStrides(
  shape: readonly number[],
  strides: readonly number[],
  visit: (element: number) => void,
): void {
  const count = countElements(shape);
  const index = new Array<number>(shape.length).fill(0);
  let element = 0;
  for (let done = 0; done < count; done++) {
    visit(element);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      element += stride;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      element -= stride * next;
      index[axis] = 0;
    }
  }
}
