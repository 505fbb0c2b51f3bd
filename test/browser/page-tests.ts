/** Stands for `node:test` in a page: collects tests and runs them one after the other. */

type Body = (context: { skip(): void; diagnostic(): void }) => unknown;

const tests: { readonly name: string; readonly body: Body }[] = [];

export function test(name: string, body: Body): void {
  tests.push({ name, body });
}

export interface PageTestResult {
  readonly name: string;
  readonly error: string | null;
}

export async function runTests(): Promise<PageTestResult[]> {
  const results: PageTestResult[] = [];
  for (const { name, body } of tests) {
    try {
      await body({ skip() {}, diagnostic() {} });
      results.push({ name, error: null });
    } catch (error) {
      results.push({ name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  return results;
}
