/**
 * Plain data in shared memory, so that posting it to a worker copies none of its numbers.
 *
 * Knows: what structured cloning keeps: plain objects, arrays, maps, typed arrays. May not know: what they mean.
 */

type NumberArray = ArrayBufferView & { readonly length: number; set(from: ArrayLike<unknown>): void };
type NumberArrayClass = new (buffer: ArrayBufferLike, offset: number, length: number) => NumberArray;

/** Every piece begins at a multiple of the largest element. */
const alignment = 8;

const isShared = (view: ArrayBufferView) =>
  typeof SharedArrayBuffer !== "undefined" && view.buffer instanceof SharedArrayBuffer;
const isNumberArray = (value: unknown): value is NumberArray =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

/** Node's Buffer is a Uint8Array, and becomes one. */
const classOf = (array: NumberArray) =>
  (array instanceof Uint8Array ? Uint8Array : array.constructor) as NumberArrayClass;

/** Whether memory can be shared here: always in Node, in a browser on pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  const { crossOriginIsolated = true } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer !== "undefined" && crossOriginIsolated;
}

/**
 * The same data with all its typed arrays in one SharedArrayBuffer; arrays that already lie in one stay where they
 * are, and an array that occurs twice lies there once. Where memory cannot be shared: the data itself.
 *
 * @param data plain data without cycles; not changed
 */
export function shareMemory<T>(data: T): T {
  if (!canShareMemory()) return data;
  const places = new Map<NumberArray, number>();
  let bytes = 0;
  mapArrays(data, (array) => {
    if (!places.has(array)) {
      places.set(array, bytes);
      bytes += Math.ceil(array.byteLength / alignment) * alignment;
    }
    return array;
  });
  if (bytes === 0) return data;
  const buffer = new SharedArrayBuffer(bytes);
  const copies = new Map<NumberArray, NumberArray>();
  for (const [array, offset] of places) {
    const copy = new (classOf(array))(buffer, offset, array.length);
    copy.set(array as unknown as ArrayLike<unknown>);
    copies.set(array, copy);
  }
  return mapArrays(data, (array) => copies.get(array) ?? array) as T;
}

/**
 * `array[from…to−1]` to be posted: a view where the array lies in shared memory; else a copy, for whoever posts a view posts
 * all that lies around it.
 */
export function cutForPosting<A extends Float32Array | Uint16Array>(array: A, from: number, to: number): A {
  return (isShared(array) ? array.subarray(from, to) : array.slice(from, to)) as A;
}

/** A copy of plain data with each typed array outside shared memory replaced; what occurs twice is one thing there too. */
function mapArrays(
  value: unknown,
  replace: (array: NumberArray) => NumberArray,
  made: Map<object, unknown> = new Map(),
): unknown {
  if (isNumberArray(value)) return isShared(value) ? value : replace(value);
  if (typeof value !== "object" || value === null) return value;
  const before = made.get(value);
  if (before !== undefined) return before;
  const map = (item: unknown) => mapArrays(item, replace, made);
  const copy = Array.isArray(value)
    ? value.map(map)
    : value instanceof Map
      ? new Map([...value].map(([key, item]) => [key, map(item)] as const))
      : isPlainObject(value)
        ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, map(item)]))
        : value;
  made.set(value, copy);
  return copy;
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
