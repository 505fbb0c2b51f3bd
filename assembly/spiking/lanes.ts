/** Vector operations by the type of a layer's lanes. */

// @ts-ignore: decorator
@inline
export function addLanes<T>(a: v128, b: v128): v128 {
  if (isFloat<T>()) return f32x4.add(a, b);
  return sizeof<T>() == 2 ? i16x8.add(a, b) : i32x4.add(a, b);
}

/** a ± b·2^shift; for float32 the factor is exact. */
// @ts-ignore: decorator
@inline
export function addScaled<T>(a: v128, b: v128, shift: i32, negative: bool): v128 {
  if (isFloat<T>()) {
    const scale = f32x4.splat(<f32>(1 << shift));
    return negative ? f32x4.sub(a, f32x4.mul(b, scale)) : f32x4.add(a, f32x4.mul(b, scale));
  }
  if (sizeof<T>() == 2) {
    return negative ? i16x8.sub(a, i16x8.shl(b, shift)) : i16x8.add(a, i16x8.shl(b, shift));
  }
  return negative ? i32x4.sub(a, i32x4.shl(b, shift)) : i32x4.add(a, i32x4.shl(b, shift));
}
