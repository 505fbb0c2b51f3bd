/**
 * Where caches lie.
 *
 * Knows: --cache-dir, RESPIKE_CACHE, the platforms' customs. May not know: what is cached.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The process's own by default. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
}

/**
 * The flag, else `RESPIKE_CACHE`, else the platform's: `$XDG_CACHE_HOME/respike` or `~/.cache/respike`;
 * `~/Library/Caches/respike` on macOS; `%LOCALAPPDATA%\respike\Cache` on Windows.
 */
export function resolveCacheFolder(
  flag?: string,
  { env = process.env, platform = process.platform, home = homedir() }: Surroundings = {},
): string {
  const chosen = flag || env.RESPIKE_CACHE;
  if (chosen) return resolve(chosen);
  if (platform === "win32")
    return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), "respike", "Cache");
  if (platform === "darwin") return join(home, "Library", "Caches", "respike");
  return join(env.XDG_CACHE_HOME || join(home, ".cache"), "respike");
}
