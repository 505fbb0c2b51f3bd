/** Average and maximum over windows; pixels outside of the image count for nothing. */

/**
 * y[oy, ox] = max or mean of x over the window's pixels in the image, row by row; 0 where there is none.
 *
 * @param channels bytes of a pixel @param maximum 1 for the maximum, 0 for the average
 */
export function poolWindows(
  x: usize, height: i32, width: i32, channels: usize, y: usize, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, top: i32, left: i32, maximum: i32,
): void {
  const row = <usize>width * channels;
  for (let oy = 0; oy < outHeight; oy++) {
    const y0 = max(oy * strideY - top, 0);
    const y1 = min(oy * strideY - top + kernelHeight, height);
    for (let ox = 0; ox < outWidth; ox++) {
      const x0 = max(ox * strideX - left, 0);
      const x1 = min(ox * strideX - left + kernelWidth, width);
      if (y1 <= y0 || x1 <= x0) {
        memory.fill(y, 0, channels);
        y += channels;
        continue;
      }
      const count = f32x4.splat(<f32>((y1 - y0) * (x1 - x0)));
      for (let c: usize = 0; c < channels; c += 16) {
        let sum = f32x4.splat(maximum != 0 ? -f32.MAX_VALUE : 0);
        if (maximum != 0) sum = v128.load(x + <usize>y0 * row + <usize>x0 * channels + c);
        for (let iy = y0; iy < y1; iy++) {
          let from = x + <usize>iy * row + <usize>x0 * channels + c;
          const end = x + <usize>iy * row + <usize>x1 * channels + c;
          if (maximum != 0) {
            for (; from < end; from += channels) sum = f32x4.max(sum, v128.load(from));
          } else {
            for (; from < end; from += channels) sum = f32x4.add(sum, v128.load(from));
          }
        }
        v128.store(y + c, maximum != 0 ? sum : f32x4.div(sum, count));
      }
      y += channels;
    }
  }
}
