/** How often each kernel ran, so that tests can tell that it did; numbers in src/simulator/wasm/memory/kernel-numbers.ts. */
const calls = memory.data(256, 16);

// @ts-ignore: decorator
@inline
export function noteCall(kernel: usize): void {
  store<i32>(calls + (kernel << 2), load<i32>(calls + (kernel << 2)) + 1);
}

export function countCalls(kernel: usize): i32 {
  return load<i32>(calls + (kernel << 2));
}
