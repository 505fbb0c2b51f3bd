/**
 * Histograms of many nodes as few bytes, and back.
 *
 * Knows: bins that are not empty, numbers of variable length. May not know: where the bytes are kept, what was counted.
 *
 * For each node its largest values, [C] float32; for each histogram n, how many bins, and for each bin its distance from the
 * one before and its count. A number is 7 bits a byte, the lowest first; the eighth bit says that more follow.
 */
import { type ActivationHistogram, binCount } from "./activation-histogram.js";
import type { NodeHistograms } from "./activation-statistics.js";

export function packHistograms(nodes: readonly NodeHistograms[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { histograms, channelMax } of nodes) {
    for (const max of channelMax) writer.float(max);
    for (const histogram of histograms) packHistogram(histogram, writer);
  }
  return writer.finish();
}

function packHistogram(histogram: ActivationHistogram, writer: ByteWriter): void {
  const { n, max, bins, counts } = histogram.toSparse();
  writer.whole(n);
  writer.float(max);
  writer.whole(bins.length);
  let before = 0;
  for (let at = 0; at < bins.length; at++) {
    const bin = bins[at] as number;
    writer.whole(bin - before);
    writer.whole(counts[at] as number);
    before = bin;
  }
}

/**
 * Fills histograms that are empty.
 *
 * @param nodes of the same nodes and scopes as those that were packed
 * @returns false where the bytes are not theirs; the histograms are then of no use
 */
export function unpackHistograms(bytes: Uint8Array, nodes: readonly NodeHistograms[]): boolean {
  const reader = new ByteReader(bytes);
  for (const { histograms, channelMax } of nodes) {
    for (let c = 0; c < channelMax.length; c++) channelMax[c] = reader.float();
    for (const histogram of histograms) {
      const [n, max, length] = [reader.whole(), reader.float(), reader.whole()];
      if (length > reader.left) return false;
      const [bins, counts] = [new Uint32Array(length), new Float64Array(length)];
      let bin = 0;
      for (let at = 0; at < length; at++) {
        bin += reader.whole();
        if (bin >= binCount) return false;
        bins[at] = bin;
        counts[at] = reader.whole();
      }
      histogram.merge({ n, max, bins, counts });
    }
  }
  return reader.left === 0;
}

class ByteWriter {
  #bytes = new Uint8Array(2 ** 16);
  #length = 0;

  whole(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  float(value: number): void {
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Past the end all numbers are 0, and `left` is below 0. */
class ByteReader {
  readonly #view: DataView;
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.#at;
  }

  whole(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.bytes[this.#at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  float(): number {
    this.#at += 4;
    return this.left < 0 ? 0 : this.#view.getFloat32(this.#at - 4, true);
  }
}
