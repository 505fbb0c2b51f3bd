/**
 * How often an activation took which value: streaming, exact counts, constant memory.
 *
 * Knows: bins cut from the float32's own bits. May not know: layers, images.
 *
 * A positive float32 falls into the bin of its exponent and its first 9 mantissa bits; a bin is
 * 2⁻⁹ wide relative to its lower edge and is represented by its middle, so that the relative
 * error is at most 2⁻¹⁰ < 0.1 %. Zeros (and negative values, which count as zero) have a counter
 * of their own, the largest value is exact. Counts are integers below 2⁵³: any order and any split
 * of the values gives the same histogram.
 */
const mantissaBits = 9;
const shift = 23 - mantissaBits;
const binsPerPage = 2 ** mantissaBits;

const word = new DataView(new ArrayBuffer(4));

/** The middle of a bin. */
function binMiddle(bin: number): number {
  word.setUint32(0, (bin << shift) + (1 << (shift - 1)));
  return word.getFloat32(0);
}

/** A histogram as it travels between threads: only bins that are not empty. */
export interface SparseHistogram {
  readonly n: number;
  readonly max: number;
  /** Ascending. */
  readonly bins: Uint32Array;
  readonly counts: Uint32Array | Float64Array;
}

/** Exponents of a positive float32. */
const pageCount = 256;

export const binCount = pageCount * binsPerPage;

export class ActivationHistogram {
  /** By exponent: counts of its bins. */
  readonly #pages: (Float64Array | undefined)[] = Array.from({ length: pageCount }, () => undefined);
  #n = 0;
  #max = 0;

  /** Values counted, zeros included. */
  get n(): number {
    return this.#n;
  }
  /** Largest value; 0 where none is positive. */
  get max(): number {
    return this.#max;
  }

  /** Counts `values[from…to−1]`. */
  add(values: Float32Array, from = 0, to = values.length): void {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let at = from; at < to; at++) {
      const value = values[at] as number;
      if (!(value > 0)) continue;
      if (value > this.#max) this.#max = value;
      this.#count((bits[at] as number) >>> shift, 1);
    }
    this.#n += to - from;
  }

  merge({ n, max, bins, counts }: SparseHistogram): void {
    for (let at = 0; at < bins.length; at++) {
      this.#count(bins[at] as number, counts[at] as number);
    }
    this.#n += n;
    this.#max = Math.max(this.#max, max);
  }

  toSparse(): SparseHistogram {
    const { bins, counts } = this.#ascending();
    return { n: this.#n, max: this.#max, bins, counts };
  }

  /** Forgets all values; its memory serves the next ones. */
  clear(): void {
    for (const page of this.#pages) page?.fill(0);
    [this.#n, this.#max] = [0, 0];
  }

  /**
   * sorted[⌊p·n⌋ − 1] of all values, the index at least 0; p = numerator/denominator.
   *
   * @returns 0, or a value within 0.1 % of that element and at most `max`
   */
  percentile({ numerator, denominator }: Fraction): number {
    const index = Math.max(0, Math.floor((this.#n * numerator) / denominator) - 1);
    if (this.#n > 0 && index === this.#n - 1) return this.#max;
    const { bins, counts } = this.#ascending();
    let below = this.#n - sumOf(counts);
    if (index < below) return 0;
    for (let at = 0; at < bins.length; at++) {
      below += counts[at] as number;
      if (index < below) return Math.min(binMiddle(bins[at] as number), this.#max);
    }
    return this.#max;
  }

  /** The middles of all bins that are not empty, ascending, and how many values each stands for; zeros are left out. */
  weighted(): { readonly values: Float64Array; readonly counts: Float64Array } {
    const { bins, counts } = this.#ascending();
    const values = new Float64Array(bins.length);
    for (let at = 0; at < bins.length; at++) values[at] = Math.min(binMiddle(bins[at] as number), this.#max);
    return { values, counts: Float64Array.from(counts) };
  }

  /**
   * Mean of min(a, limit)/limit over all values a; 0 where there are none.
   *
   * @param limit above 0
   */
  meanShare(limit: number): number {
    const { bins, counts } = this.#ascending();
    let sum = 0;
    for (let at = 0; at < bins.length; at++)
      sum += (counts[at] as number) * Math.min(binMiddle(bins[at] as number), limit);
    // Rounding may lift a mean of ones above 1.
    return this.#n === 0 ? 0 : Math.min(1, sum / limit / this.#n);
  }

  #count(bin: number, times: number): void {
    const exponent = bin >>> mantissaBits;
    let page = this.#pages[exponent];
    if (page === undefined) {
      page = new Float64Array(binsPerPage);
      this.#pages[exponent] = page;
    }
    const at = bin & (binsPerPage - 1);
    page[at] = (page[at] as number) + times;
  }

  /** The bins that are not empty. */
  #ascending(): Pick<SparseHistogram, "bins" | "counts"> {
    let length = 0;
    for (const page of this.#pages)
      if (page !== undefined) for (let at = 0; at < binsPerPage; at++) length += Number(page[at] !== 0);
    const bins = new Uint32Array(length);
    // half the bytes where they suffice
    const counts = this.#n < 2 ** 32 ? new Uint32Array(length) : new Float64Array(length);
    let next = 0;
    for (let exponent = 0; exponent < pageCount; exponent++) {
      const page = this.#pages[exponent];
      for (let at = 0; page !== undefined && at < binsPerPage; at++) {
        const count = page[at] as number;
        if (count === 0) continue;
        bins[next] = exponent * binsPerPage + at;
        counts[next++] = count;
      }
    }
    return { bins, counts };
  }
}

function sumOf(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at] as number;
  return sum;
}

/** A share as integers, so that ⌊p·n⌋ is exact. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

/** 999/1000 of `p99.9`; the text has passed the check of the options. */
export function percentileFraction(lambda: string): Fraction {
  const [whole = "0", decimals = ""] = lambda.slice(1).split(".");
  return { numerator: Number(whole + decimals), denominator: 100 * 10 ** decimals.length };
}
