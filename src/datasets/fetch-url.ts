/**
 * A file behind an http or https address, resumed where it was interrupted.
 *
 * Knows: ranges, redirects, certificates and proxies of the user's npm settings.
 * May not know: what the file holds.
 *
 * Resuming: the part that is there lies in `PATH.partial`, the server's validator (ETag or
 * Last-Modified) in `PATH.partial.json`; the rest is asked for with Range and If-Range, so
 * that a changed file comes whole. Whoever decodes checks the content's hash anyway.
 */
import { createWriteStream } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { pipeline } from "node:stream/promises";
import { downloadError, hideCredentials } from "./download-error.js";
import { type FetchOptions, fetchPackage } from "./fetch-package.js";
import { type NpmSettings, readNpmSettings } from "./read-npm-settings.js";
import { overrunCode, watchProgress } from "./watch-progress.js";

const mostRedirects = 5;

/**
 * @param path written whole, by renaming; a part stays in `PATH.partial` for the next attempt
 * @returns whether a part of an earlier attempt was used
 * @throws RespikeError (exit 5) without network or file, or where nothing comes for a minute
 */
export async function fetchUrl(url: string, path: string, options: FetchOptions): Promise<boolean> {
  const settings = await readNpmSettings();
  if (needsProxy(url, settings)) {
    await fetchPackage(url, path, options);
    return false;
  }
  const where = hideCredentials(url);
  const partial = `${path}.partial`;
  const watch = watchProgress(`download ${where}`, options);
  try {
    const have = await readPartial(partial);
    const headers: Record<string, string> = have.bytes > 0 ? { range: `bytes=${have.bytes}-` } : {};
    if (have.bytes > 0 && have.validator !== undefined) headers["if-range"] = have.validator;
    const response = await watch.guard(open(new URL(url), headers, settings, watch.signal));
    const start = resumesAt(response, have.bytes);
    await writeFile(`${partial}.json`, JSON.stringify({ validator: readValidator(response) ?? null }));
    watch.restart(start);
    const file = createWriteStream(partial, { flags: start > 0 ? "a" : "w" });
    await pipeline(response, watch.count(), file, { signal: watch.signal });
    await checkLength(partial, start, response);
    await rename(partial, path);
    await dropPartial(path);
    return start > 0;
  } catch (cause) {
    options.signal?.throwIfAborted();
    if ((cause as { code?: unknown }).code === overrunCode) await dropPartial(path);
    throw downloadError(where, watch.explain(cause));
  } finally {
    watch.stop();
  }
}

/** Forgets what an earlier attempt left. */
export async function dropPartial(path: string): Promise<void> {
  await rm(`${path}.partial`, { force: true });
  await rm(`${path}.partial.json`, { force: true });
}

/** Proxies are npm's business: it knows its settings, the environment's and what needs none. */
function needsProxy(url: string, { proxy, httpsProxy }: NpmSettings): boolean {
  const { hostname } = new URL(url);
  if (hostname === "127.0.0.1" || hostname === "localhost" || hostname === "[::1]") return false;
  const fromEnvironment = Object.entries(process.env).some(
    ([name, value]) => /^(https?_)?proxy$/i.test(name) && value !== "",
  );
  return Boolean(proxy) || Boolean(httpsProxy) || fromEnvironment;
}

async function readPartial(partial: string): Promise<{ bytes: number; validator: string | undefined }> {
  const info = await stat(partial).catch(() => undefined);
  const note = await readFile(`${partial}.json`, "utf8").catch(() => "{}");
  try {
    const { validator } = JSON.parse(note) as { validator?: unknown };
    return { bytes: info?.size ?? 0, validator: typeof validator === "string" ? validator : undefined };
  } catch {
    return { bytes: 0, validator: undefined };
  }
}

/** A strong ETag, else the date: what If-Range accepts. */
function readValidator({ headers }: IncomingMessage): string | undefined {
  const { etag } = headers;
  return etag !== undefined && !etag.startsWith("W/") ? etag : headers["last-modified"];
}

/** Where the body begins: at what we have for a fitting 206, at 0 for 200. */
function resumesAt(response: IncomingMessage, have: number): number {
  if (response.statusCode === 200) return 0;
  const begins = Number(/^bytes (\d+)-/.exec(response.headers["content-range"] ?? "")?.[1]);
  if (response.statusCode === 206 && begins === have) return have;
  throw new Error(`HTTP ${response.statusCode} ${response.statusMessage}`);
}

async function checkLength(partial: string, start: number, response: IncomingMessage): Promise<void> {
  const length = Number(response.headers["content-length"]);
  const { size } = await stat(partial);
  if (Number.isFinite(length) && size !== start + length) {
    throw new Error(`${size} of ${start + length} bytes came`);
  }
}

/** The response whose body is the file: redirects followed; 416 (our part is no prefix) asked anew, whole. */
async function open(
  url: URL,
  headers: Readonly<Record<string, string>>,
  settings: NpmSettings,
  signal: AbortSignal,
  redirects = 0,
): Promise<IncomingMessage> {
  const response = await ask(url, headers, settings, signal);
  const status = response.statusCode ?? 0;
  const { location } = response.headers;
  if (status >= 300 && status < 400 && location !== undefined) {
    response.resume();
    if (redirects >= mostRedirects) throw new Error(`more than ${mostRedirects} redirects`);
    const next = new URL(location, url);
    if (url.protocol === "https:" && next.protocol !== "https:") {
      throw new Error(`a redirect from https to ${next.protocol}`);
    }
    return open(next, headers, settings, signal, redirects + 1);
  }
  if (status === 416 && headers.range !== undefined) {
    response.resume();
    return open(url, {}, settings, signal, redirects);
  }
  if (status !== 200 && status !== 206) {
    response.resume();
    const error = new Error(`HTTP ${status} ${response.statusMessage ?? ""}`.trim());
    throw Object.assign(error, { status });
  }
  return response;
}

function ask(
  url: URL,
  headers: Readonly<Record<string, string>>,
  settings: NpmSettings,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const common = { headers: { ...headers, "user-agent": "respike" }, signal };
    const { ca, strictSSL } = settings;
    const sent =
      url.protocol === "https:"
        ? requestHttps(url, {
            ...common,
            ...(ca ? { ca: [...(typeof ca === "string" ? [ca] : ca)] } : {}),
            rejectUnauthorized: strictSSL !== false,
          })
        : requestHttp(url, common);
    sent.on("response", resolve).on("error", reject).end();
  });
}
