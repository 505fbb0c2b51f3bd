/** How often each kernel ran, so that tests can tell that it did: 0 tables16, 1 tables32, 2 tables float, 3 list, 4 gate, 5 rows16. */
const calls = memory.data(32, 16);

// @ts-ignore: decorator
@inline
export function noteCall(kernel: usize): void {
  store<i32>(calls + (kernel << 2), load<i32>(calls + (kernel << 2)) + 1);
}

export function countCalls(kernel: usize): i32 {
  return load<i32>(calls + (kernel << 2));
}
