/** Convolutions in groups. Tables as in convolve.ts, one segment a tap. */

/**
 * One input and one output channel a group: y[p, c] = bias[c] + Σ_s x[pixels[p] + segments[s], c] · w[s][c].
 *
 * @param channels bytes of a pixel, a multiple of 16
 */
export function convolveDepthwise(
  x: usize, pixels: usize, pixelCount: usize, segments: usize, segmentCount: usize,
  w: usize, bias: usize, y: usize, channels: usize,
): void {
  const segmentsEnd = segments + 4 * segmentCount;
  const end = pixels + 4 * pixelCount;
  for (let p = pixels; p < end; p += 4) {
    const window = x + load<u32>(p);
    for (let c: usize = 0; c < channels; c += 16) {
      let sum = v128.load(bias + c);
      let weight = w + c;
      for (let s = segments; s < segmentsEnd; s += 4) {
        sum = f32x4.add(sum, f32x4.mul(v128.load(window + load<u32>(s) + c), v128.load(weight)));
        weight += channels;
      }
      v128.store(y + c, sum);
    }
    y += channels;
  }
}

/**
 * Any groups, one output at a time: w is [group][output of the group][segment][input of the group].
 *
 * @param inputs bytes of a group's inputs @param outputs outputs of a group
 * @param yStride bytes of an output pixel
 */
export function convolveGroups(
  x: usize, pixels: usize, pixelCount: usize, segments: usize, segmentCount: usize, groups: usize,
  inputs: usize, w: usize, bias: usize, y: usize, yStride: usize, outputs: usize,
): void {
  const segmentsEnd = segments + 4 * segmentCount;
  const end = pixels + 4 * pixelCount;
  for (let p = pixels; p < end; p += 4) {
    let group = x + load<u32>(p);
    let weight = w;
    let to = y;
    let b = bias;
    for (let g: usize = 0; g < groups; g++) {
      for (let o: usize = 0; o < outputs; o++) {
        let sum = load<f32>(b);
        for (let s = segments; s < segmentsEnd; s += 4) {
          const from = group + load<u32>(s);
          for (let i: usize = 0; i < inputs; i += 4) {
            sum += load<f32>(from + i) * load<f32>(weight);
            weight += 4;
          }
        }
        store<f32>(to, sum);
        to += 4;
        b += 4;
      }
      group += inputs;
    }
    y += yStride;
  }
}
