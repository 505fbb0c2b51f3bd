/**
 * Bytes behind a URL, in Node (file:) and in the browser (http:, data:) alike.
 *
 * Knows: that Node hands out its modules at run time, so that nothing of it is imported.
 * May not know: what the bytes are.
 */
import { exitCodes, RespikeError } from "./respike-error.js";

interface NodeFiles {
  readFile(url: URL): Promise<Uint8Array>;
}
interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

/** @throws RespikeError (exit 5) where nothing can be read there */
export async function fetchBytes(url: URL): Promise<Uint8Array> {
  try {
    if (url.protocol === "file:") {
      const { process } = globalThis as { process?: NodeProcess };
      const files = process?.getBuiltinModule?.("node:fs/promises") as NodeFiles | undefined;
      if (files !== undefined) return await files.readFile(url);
    }
    const response = await fetch(url);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new RespikeError(
      exitCodes.environment,
      {
        code: "file-missing",
        where: url.href,
        rule: "the package's own files are readable",
        value: cause instanceof Error ? cause.message : String(cause),
        next: "run npm run build, or install the package again",
      },
      { cause },
    );
  }
}
