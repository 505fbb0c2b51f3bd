/**
 * Convolution (and linear maps, which have one pixel) as register-blocked implicit GEMM.
 *
 * y[p, o] = bias[o] + Σ_s Σ_k x[pixels[p] + segments[s] + 4k] · weight[o/8][s][k][o mod 8]
 *
 * A pixel's window is a list of segments, runs of the (padded) input that lie one after
 * the other in memory; the sum goes through them in order, starting from the bias.
 * Weights are packed in blocks of 8 outputs, the last of 4 where outputs mod 8 = 4.
 */

/** One pixel × 8 outputs; also the tail of the 4-pixel tiles, with the same order of summation. */
function tile1x8(x: usize, segments: usize, segmentsEnd: usize, length: usize, w: usize, bias: usize, y: usize): void {
  let a0 = v128.load(bias);
  let a1 = v128.load(bias, 16);
  for (let s = segments; s < segmentsEnd; s += 4) {
    let p = x + load<u32>(s);
    const end = p + length;
    while (p < end) {
      const v = v128.load32_splat(p);
      a0 = f32x4.add(a0, f32x4.mul(v, v128.load(w)));
      a1 = f32x4.add(a1, f32x4.mul(v, v128.load(w, 16)));
      p += 4;
      w += 32;
    }
  }
  v128.store(y, a0);
  v128.store(y, a1, 16);
}

/** One pixel × 4 outputs. */
function tile1x4(x: usize, segments: usize, segmentsEnd: usize, length: usize, w: usize, bias: usize, y: usize): void {
  let a0 = v128.load(bias);
  for (let s = segments; s < segmentsEnd; s += 4) {
    let p = x + load<u32>(s);
    const end = p + length;
    while (p < end) {
      a0 = f32x4.add(a0, f32x4.mul(v128.load32_splat(p), v128.load(w)));
      p += 4;
      w += 16;
    }
  }
  v128.store(y, a0);
}

/** Four pixels × 4 outputs. */
function tile4x4(
  x0: usize, x1: usize, x2: usize, x3: usize,
  segments: usize, segmentsEnd: usize, length: usize, w: usize, bias: usize, y: usize, yStride: usize,
): void {
  const b0 = v128.load(bias);
  let a0 = b0, a1 = b0, a2 = b0, a3 = b0;
  for (let s = segments; s < segmentsEnd; s += 4) {
    const offset = load<u32>(s);
    let p0 = x0 + offset, p1 = x1 + offset, p2 = x2 + offset, p3 = x3 + offset;
    const end = p0 + length;
    while (p0 < end) {
      const w0 = v128.load(w);
      a0 = f32x4.add(a0, f32x4.mul(v128.load32_splat(p0), w0));
      a1 = f32x4.add(a1, f32x4.mul(v128.load32_splat(p1), w0));
      a2 = f32x4.add(a2, f32x4.mul(v128.load32_splat(p2), w0));
      a3 = f32x4.add(a3, f32x4.mul(v128.load32_splat(p3), w0));
      p0 += 4;
      p1 += 4;
      p2 += 4;
      p3 += 4;
      w += 16;
    }
  }
  v128.store(y, a0);
  v128.store(y + yStride, a1);
  v128.store(y + 2 * yStride, a2);
  v128.store(y + 3 * yStride, a3);
}

/**
 * Four pixels × 8 outputs: 8 sums, 2 weights and 4 broadcasts stay in the 15 registers that V8 has
 * on x86. The loop is not unrolled on purpose: V8 moves all loads of a loop's body to its front,
 * so that two rounds of this one spill and take a third longer (measured: 21 against 15 GMAC/s).
 */
function tile4x8(
  x0: usize, x1: usize, x2: usize, x3: usize,
  segments: usize, segmentsEnd: usize, length: usize, w: usize, bias: usize, y: usize, yStride: usize,
): void {
  let a00 = v128.load(bias), a01 = v128.load(bias, 16);
  let a10 = a00, a11 = a01, a20 = a00, a21 = a01, a30 = a00, a31 = a01;
  for (let s = segments; s < segmentsEnd; s += 4) {
    const offset = load<u32>(s);
    let p0 = x0 + offset, p1 = x1 + offset, p2 = x2 + offset, p3 = x3 + offset;
    const end = p0 + length;
    do {
      const w0 = v128.load(w), w1 = v128.load(w, 16);
      const v0 = v128.load32_splat(p0);
      a00 = f32x4.add(a00, f32x4.mul(v0, w0));
      a01 = f32x4.add(a01, f32x4.mul(v0, w1));
      const v1 = v128.load32_splat(p1);
      a10 = f32x4.add(a10, f32x4.mul(v1, w0));
      a11 = f32x4.add(a11, f32x4.mul(v1, w1));
      const v2 = v128.load32_splat(p2);
      a20 = f32x4.add(a20, f32x4.mul(v2, w0));
      a21 = f32x4.add(a21, f32x4.mul(v2, w1));
      const v3 = v128.load32_splat(p3);
      a30 = f32x4.add(a30, f32x4.mul(v3, w0));
      a31 = f32x4.add(a31, f32x4.mul(v3, w1));
      p0 += 4;
      p1 += 4;
      p2 += 4;
      p3 += 4;
      w += 32;
    } while (p0 < end);
  }
  v128.store(y, a00);
  v128.store(y, a01, 16);
  v128.store(y + yStride, a10);
  v128.store(y + yStride, a11, 16);
  v128.store(y + 2 * yStride, a20);
  v128.store(y + 2 * yStride, a21, 16);
  v128.store(y + 3 * yStride, a30);
  v128.store(y + 3 * yStride, a31, 16);
}

/**
 * @param x the padded input
 * @param pixels u32 [pixelCount], offset of each output pixel's window in x
 * @param segments u32 [segmentCount], offset of each segment in a window
 * @param length bytes of a segment, more than 0
 * @param w packed weights; @param bias f32 [outputs]
 * @param y first output of the first pixel; @param yStride from pixel to pixel
 * @param outputs a multiple of 4
 */
export function convolve(
  x: usize, pixels: usize, pixelCount: usize, segments: usize, segmentCount: usize, length: usize,
  w: usize, bias: usize, y: usize, yStride: usize, outputs: usize,
): void {
  const segmentsEnd = segments + 4 * segmentCount;
  const fours = pixels + 4 * (pixelCount & ~3);
  const end = pixels + 4 * pixelCount;
  const products = segmentCount * length;
  while (outputs >= 8) {
    let to = y;
    let p = pixels;
    for (; p < fours; p += 16) {
      tile4x8(
        x + load<u32>(p), x + load<u32>(p, 4), x + load<u32>(p, 8), x + load<u32>(p, 12),
        segments, segmentsEnd, length, w, bias, to, yStride,
      );
      to += 4 * yStride;
    }
    for (; p < end; p += 4) {
      tile1x8(x + load<u32>(p), segments, segmentsEnd, length, w, bias, to);
      to += yStride;
    }
    outputs -= 8;
    y += 32;
    bias += 32;
    w += 8 * products;
  }
  if (outputs == 0) return;
  let p = pixels;
  for (; p < fours; p += 16) {
    tile4x4(
      x + load<u32>(p), x + load<u32>(p, 4), x + load<u32>(p, 8), x + load<u32>(p, 12),
      segments, segmentsEnd, length, w, bias, y, yStride,
    );
    y += 4 * yStride;
  }
  for (; p < end; p += 4) {
    tile1x4(x + load<u32>(p), segments, segmentsEnd, length, w, bias, y);
    y += yStride;
  }
}
