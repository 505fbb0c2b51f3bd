/** Stands for `node:assert/strict` in a page: the assertions that the parity suite uses, as strict as Node's. */

function fail(message: string | undefined, plain: string): never {
  throw new Error(message ?? plain);
}

const show = (value: unknown): string => {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 200);
  } catch {
    return String(value);
  }
};

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (ArrayBuffer.isView(a) || Array.isArray(a)) {
    const [x, y] = [a as unknown as ArrayLike<unknown>, b as ArrayLike<unknown>];
    return x.length === y.length && Array.from(x).every((value, at) => isSame(value, y[at]));
  }
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((value) => b.has(value));
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && isSame(value, b.get(key)));
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(x);
  return (
    keys.length === Object.keys(y).length &&
    keys.every((key) => Object.hasOwn(y, key) && isSame(x[key], y[key]))
  );
}

type Expected = RegExp | Readonly<Record<string, unknown>> | ((error: unknown) => unknown);

function checkError(error: unknown, expected: Expected | undefined): void {
  if (expected === undefined) return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(undefined, `${String(error)} does not match ${expected}`);
  } else if (typeof expected === "function") {
    const isClass = expected.prototype !== undefined;
    const fits = isClass ? error instanceof (expected as unknown as typeof Error) : expected(error) === true;
    if (!fits) fail(undefined, `another error: ${String(error)}`);
  } else {
    for (const [key, value] of Object.entries(expected)) {
      const actual = (error as Record<string, unknown>)[key];
      const fits = value instanceof RegExp ? value.test(String(actual)) : isSame(actual, value);
      if (!fits) fail(undefined, `error.${key} is ${show(actual)}, not ${show(value)}`);
    }
  }
}

function ok(value: unknown, message?: string): void {
  if (!value) fail(message, `${show(value)} is not true`);
}

const assert = Object.assign(ok, {
  ok,
  equal(actual: unknown, expected: unknown, message?: string): void {
    if (!Object.is(actual, expected)) fail(message, `${show(actual)}, not ${show(expected)}`);
  },
  notEqual(actual: unknown, expected: unknown, message?: string): void {
    if (Object.is(actual, expected)) fail(message, `both are ${show(actual)}`);
  },
  deepEqual(actual: unknown, expected: unknown, message?: string): void {
    if (!isSame(actual, expected)) fail(message, `${show(actual)}, not ${show(expected)}`);
  },
  notDeepEqual(actual: unknown, expected: unknown, message?: string): void {
    if (isSame(actual, expected)) fail(message, `both are ${show(actual)}`);
  },
  match(text: string, pattern: RegExp, message?: string): void {
    if (!pattern.test(text)) fail(message, `${text} does not match ${pattern}`);
  },
  throws(body: () => unknown, expected?: Expected): void {
    try {
      body();
    } catch (error) {
      checkError(error, expected);
      return;
    }
    fail(undefined, "nothing was thrown");
  },
  async rejects(work: Promise<unknown> | (() => Promise<unknown>), expected?: Expected): Promise<void> {
    try {
      await (typeof work === "function" ? work() : work);
    } catch (error) {
      checkError(error, expected);
      return;
    }
    fail(undefined, "nothing was thrown");
  },
});

export default assert;
