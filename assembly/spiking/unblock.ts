/** 32-bit values of one block of 16 channels, [pixel][16], to channels, [16][pixel]. */

/** Bytes of one pixel's 16 channels. */
const pixelBytes: usize = 64;

/** Four pixels by four channels: rows of pixels become rows of channels. */
// @ts-ignore: decorator
@inline
function turnTile(from: usize, to: usize, rowBytes: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 64);
  const c = v128.load(from, 128);
  const d = v128.load(from, 192);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to + rowBytes, v128.shuffle<i64>(ab, cd, 1, 3));
  v128.store(to + 2 * rowBytes, v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
  v128.store(to + 3 * rowBytes, v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
}

/**
 * @param from [pixels][16]
 * @param to [16][pixels]
 */
export function unblock(from: usize, pixels: i32, to: usize): void {
  const rowBytes = <usize>pixels << 2;
  const whole = pixels & ~3;
  for (let pixel = 0; pixel < whole; pixel += 4) {
    const source = from + <usize>pixel * pixelBytes;
    const target = to + (<usize>pixel << 2);
    for (let lane: usize = 0; lane < 16; lane += 4) turnTile(source + (lane << 2), target + lane * rowBytes, rowBytes);
  }
  for (let pixel = whole; pixel < pixels; pixel++) {
    for (let lane: usize = 0; lane < 16; lane++) {
      const value = load<i32>(from + <usize>pixel * pixelBytes + (lane << 2));
      store<i32>(to + lane * rowBytes + (<usize>pixel << 2), value);
    }
  }
}
