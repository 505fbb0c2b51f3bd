/**
 * Errors of downloads, all of one form.
 *
 * Knows: exit code 5 and what a user can do without a network. May not know: protocols.
 */
import { exitCodes, RespikeError } from "../core/respike-error.js";

/** Never prints the user and password that a URL may carry, nor its query. */
export function hideCredentials(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.username = "";
    parsed.password = "";
    if (parsed.search !== "") parsed.search = "?…";
    return parsed.href;
  } catch {
    return url;
  }
}

/** @param where the package or address, without credentials */
export function downloadError(where: string, cause: unknown): RespikeError {
  const code = (cause as { code?: unknown } | undefined)?.code;
  const message = (cause instanceof Error ? cause.message : String(cause)).replace(
    /[a-z][a-z0-9+.-]*:\/\/\S+/gi,
    hideCredentials,
  );
  return new RespikeError(
    exitCodes.environment,
    {
      code: "download-failed",
      where,
      rule: "the data set is downloaded once, then cached",
      value: typeof code === "string" && !message.includes(code) ? `${code}: ${message}` : message,
      next: "check the network, proxy and registry (npm config list) and try again, or give a local copy with --from",
    },
    { cause },
  );
}

/** `--offline` and nothing cached. */
export function offlineError(where: string, name: string): RespikeError {
  return new RespikeError(exitCodes.environment, {
    code: "offline",
    where,
    rule: "--offline never uses the network",
    value: `${name} is not in the cache`,
    next: `run respike data get ${name} once with a network, or give a local copy with --from`,
  });
}
