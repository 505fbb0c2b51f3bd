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
  readonly bins: Uint32Array;
  readonly counts: Float64Array;
}

export class ActivationHistogram {
  /** Exponent → counts of its bins. */
  readonly #pages = new Map<number, Float64Array>();
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
      const bin = (bits[at] as number) >>> shift;
      const page = this.#page(bin);
      page[bin % binsPerPage] = (page[bin % binsPerPage] as number) + 1;
    }
    this.#n += to - from;
  }

  merge({ n, max, bins, counts }: SparseHistogram): void {
    for (let at = 0; at < bins.length; at++) {
      const bin = bins[at] as number;
      const page = this.#page(bin);
      page[bin % binsPerPage] = (page[bin % binsPerPage] as number) + (counts[at] as number);
    }
    this.#n += n;
    this.#max = Math.max(this.#max, max);
  }

  toSparse(): SparseHistogram {
    const pairs = this.#ascending();
    return {
      n: this.#n,
      max: this.#max,
      bins: Uint32Array.from(pairs, ([bin]) => bin),
      counts: Float64Array.from(pairs, ([, count]) => count),
    };
  }

  /**
   * sorted[⌊p·n⌋ − 1] of all values, the index at least 0; p = numerator/denominator.
   *
   * @returns 0, or a value within 0.1 % of that element and at most `max`
   */
  percentile({ numerator, denominator }: Fraction): number {
    const index = Math.max(0, Math.floor((this.#n * numerator) / denominator) - 1);
    if (this.#n > 0 && index === this.#n - 1) return this.#max;
    const pairs = this.#ascending();
    let below = this.#n - pairs.reduce((sum, [, count]) => sum + count, 0);
    if (index < below) return 0;
    for (const [bin, count] of pairs) {
      below += count;
      if (index < below) return Math.min(binMiddle(bin), this.#max);
    }
    return this.#max;
  }

  /** The middles of all bins that are not empty, ascending, and how many values each stands for; zeros are left out. */
  weighted(): { readonly values: Float64Array; readonly counts: Float64Array } {
    const pairs = this.#ascending();
    return {
      values: Float64Array.from(pairs, ([bin]) => Math.min(binMiddle(bin), this.#max)),
      counts: Float64Array.from(pairs, ([, count]) => count),
    };
  }

  /**
   * Mean of min(a, limit)/limit over all values a; 0 where there are none.
   *
   * @param limit above 0
   */
  meanShare(limit: number): number {
    const sum = this.#ascending().reduce(
      (all, [bin, count]) => all + count * Math.min(binMiddle(bin), limit),
      0,
    );
    // Rounding may lift a mean of ones above 1.
    return this.#n === 0 ? 0 : Math.min(1, sum / limit / this.#n);
  }

  #page(bin: number): Float64Array {
    const exponent = bin >>> mantissaBits;
    let page = this.#pages.get(exponent);
    if (page === undefined) {
      page = new Float64Array(binsPerPage);
      this.#pages.set(exponent, page);
    }
    return page;
  }

  #ascending(): [bin: number, count: number][] {
    const pairs: [number, number][] = [];
    for (const exponent of [...this.#pages.keys()].sort((a, b) => a - b)) {
      for (const [at, count] of (this.#pages.get(exponent) as Float64Array).entries()) {
        if (count > 0) pairs.push([exponent * binsPerPage + at, count]);
      }
    }
    return pairs;
  }
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
