/**
 * Whole model files for tests, written here: pickles of protocol 2, zip archives, random weights.
 *
 * Knows: what torch.save writes. May not know: the readers under test.
 */
import { zipSync } from "fflate";
import { randomNormal } from "#src/core/counter-random.js";
import { countElements, float32Tensor, type Tensor } from "#src/core/tensor.js";

export type Weights = ReadonlyMap<string, Tensor<"float32">>;

export interface NetworkKeys {
  readonly blocks: number;
  readonly shortcut: "A" | "B" | "P" | "plain";
  readonly channels?: number;
  readonly classes?: number;
  readonly prefix?: string;
  readonly projection?: string;
  readonly head?: string;
}

/** Random weights of a CIFAR network with the keys `conv1, bn1, layerS.I, linear`. */
export function makeWeights(keys: NetworkKeys): Map<string, Tensor<"float32">> {
  const { blocks, shortcut, channels = 3, classes = 10, prefix = "", projection = "shortcut" } = keys;
  const weights = new Map<string, Tensor<"float32">>();
  const add = (key: string, shape: readonly number[], scale = 0.1, shift = 0) => {
    const seed = weights.size;
    const data = Float32Array.from(
      { length: countElements(shape) },
      (_, at) => shift + scale * randomNormal(seed, at),
    );
    weights.set(prefix + key, float32Tensor(shape, data));
  };
  const norm = (key: string, width: number) => {
    add(`${key}.weight`, [width], 0.1, 1);
    add(`${key}.bias`, [width]);
    add(`${key}.running_mean`, [width]);
    add(`${key}.running_var`, [width], 0.01, 1);
  };
  add("conv1.weight", [16, channels, 3, 3]);
  norm("bn1", 16);
  let before = 16;
  [16, 32, 64].forEach((width, stage) => {
    for (let index = 0; index < blocks; index++) {
      const block = `layer${stage + 1}.${index}`;
      add(`${block}.conv1.weight`, [width, before, 3, 3]);
      norm(`${block}.bn1`, width);
      add(`${block}.conv2.weight`, [width, width, 3, 3]);
      norm(`${block}.bn2`, width);
      const first = index === 0 && (stage > 0 ? shortcut === "B" || shortcut === "P" : shortcut === "P");
      if (first) {
        add(`${block}.${projection}.0.weight`, [width, before, 1, 1]);
        norm(`${block}.${projection}.1`, width);
      }
      before = width;
    }
  });
  add(`${keys.head ?? "linear"}.weight`, [classes, 64]);
  add(`${keys.head ?? "linear"}.bias`, [classes]);
  return weights;
}

/** A pickle stream of protocol 2, opcode by opcode. */
export class PickleWriter {
  readonly #bytes: number[] = [0x80, 2];
  raw(...bytes: number[]): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }
  word(value: number): this {
    return this.raw(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255);
  }
  text(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.raw(0x58)
      .word(bytes.length)
      .raw(...bytes);
  }
  integer(value: number): this {
    return this.raw(0x4a).word(value);
  }
  tuple(items: readonly number[]): this {
    this.raw(0x28);
    for (const item of items) this.integer(item);
    return this.raw(0x74);
  }
  global(module: string, name: string): this {
    return this.raw(0x63, ...new TextEncoder().encode(`${module}\n${name}\n`));
  }
  stop(): Uint8Array {
    return Uint8Array.from([...this.#bytes, 0x2e]);
  }
  /** REDUCE of _rebuild_tensor_v2 over a float storage. */
  tensor(key: string, { shape, data }: Tensor, legacy: boolean): this {
    const strides = shape.map((_, axis) => countElements(shape.slice(axis + 1)));
    this.global("torch._utils", "_rebuild_tensor_v2").raw(0x28);
    this.raw(0x28).text("storage").global("torch", "FloatStorage").text(key).text("cpu").integer(data.length);
    if (legacy) this.raw(0x4e);
    this.raw(0x74, 0x51).integer(0).tuple(shape).tuple(strides).raw(0x89);
    return this.global("collections", "OrderedDict").raw(0x29, 0x52, 0x74, 0x52);
  }
}

function pickleWeights(weights: Weights, legacy: boolean): Uint8Array {
  const writer = new PickleWriter().raw(0x7d, 0x28);
  let index = 0;
  for (const [name, tensor] of weights) writer.text(name).tensor(String(index++), tensor, legacy);
  return writer.raw(0x75).stop();
}

const bytesOf = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();

/** `archive/data.pkl` and friends, stored. */
export function writeZipCheckpoint(weights: Weights, level: 0 | 6 = 0): Uint8Array {
  const files: Record<string, Uint8Array> = { "archive/data.pkl": pickleWeights(weights, false) };
  files["archive/byteorder"] = new TextEncoder().encode("little");
  [...weights.values()].forEach((tensor, index) => {
    files[`archive/data/${index}`] = bytesOf(tensor);
  });
  return zipSync(files, { level, mtime: new Date(1990, 1, 1) });
}

/** Magic number, protocol, system, object, keys, storages. */
export function writeLegacyCheckpoint(weights: Weights): Uint8Array {
  const magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  const keys = new PickleWriter().raw(0x5d, 0x28);
  [...weights.keys()].forEach((_, index) => {
    keys.text(String(index));
  });
  const storages = [...weights.values()].flatMap((tensor) => {
    const size = new Uint8Array(8);
    new DataView(size.buffer).setBigInt64(0, BigInt(tensor.data.length), true);
    return [size, bytesOf(tensor)];
  });
  return joinBytes([
    new PickleWriter().raw(...magic).stop(),
    new PickleWriter().integer(1001).stop(),
    new PickleWriter().raw(0x7d).text("little_endian").raw(0x88, 0x73).stop(),
    pickleWeights(weights, true),
    keys.raw(0x65).stop(),
    ...storages,
  ]);
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
