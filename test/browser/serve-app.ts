/** A web application around the built package: bundles in memory, kernels from dist, a server with or without isolation. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const here = fileURLToPath(new URL("./", import.meta.url));
const shim = (name: string) => fileURLToPath(new URL(`./${name}`, import.meta.url));

/**
 * Bundles one script for a page or worker; Node's test runner and assertions are replaced by small ones of our own.
 *
 * @param contents imports this folder's compiled files, `#src/…` and packages, as a test does
 */
export async function bundleScript(contents: string, loader: "js" | "ts" = "js"): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here, loader },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    define: { "process.env.RESPIKE_TEST_SEED": JSON.stringify(process.env.RESPIKE_TEST_SEED ?? null) },
    alias: {
      "respike/browser": `${root}dist/browser/index.js`,
      "node:test": shim("page-tests.js"),
      "node:assert/strict": shim("page-assert.js"),
    },
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

export interface App {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `/` (an empty page with the script `/app/browser/page.js`), the files, and dist/kernels as any `kernels/`.
 *
 * @param isolated whether the page may share memory (COOP, COEP)
 */
export async function serveApp(
  files: Readonly<Record<string, string | Uint8Array>>,
  isolated: boolean,
): Promise<App> {
  const page = `<!doctype html><title>respike</title><link rel="icon" href="data:,"><script type="module" src="/app/browser/page.js"></script>`;
  const isolation = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
  };
  const find = (path: string): [body: string | Uint8Array, type: string] | undefined => {
    if (path === "/") return [page, "text/html"];
    if (path.endsWith(".html")) return [files[path] ?? "", "text/html"];
    const kernel = /\/kernels\/([a-z]+\.wasm)$/.exec(path)?.[1];
    if (kernel !== undefined) return [readFileSync(`${root}dist/kernels/${kernel}`), "application/wasm"];
    const file = files[path];
    if (file === undefined) return undefined;
    return [file, path.endsWith(".js") ? "text/javascript" : "application/octet-stream"];
  };
  const server = createServer((request, response) => {
    const found = find(new URL(request.url ?? "/", "http://localhost").pathname);
    const type = { "Content-Type": found?.[1] ?? "text/plain" };
    response.writeHead(found === undefined ? 404 : 200, isolated ? { ...type, ...isolation } : type);
    response.end(found?.[0]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
