/**
 * The user's own npm settings: registry, credentials, proxy, certificates, offline.
 *
 * Knows: that npm reads them from its environment variables and from .npmrc of project,
 * user and machine, and its own reader of them. May not know: packages.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { exitCodes, RespikeError } from "../core/respike-error.js";

/** The settings this room looks at itself; the rest is passed on untouched. Never print or store it: it holds credentials. */
export interface NpmSettings {
  readonly registry?: string;
  readonly offline?: boolean;
  readonly proxy?: string | false | null;
  readonly httpsProxy?: string | false | null;
  readonly ca?: string | readonly string[] | null;
  readonly strictSSL?: boolean;
  readonly [name: string]: unknown;
}

interface NpmDefinitions {
  readonly definitions: object;
  readonly shorthands: object;
  readonly flatten: unknown;
  readonly nerfDarts?: readonly string[];
}

interface NpmConfig {
  load(): Promise<void>;
  readonly flat: NpmSettings;
}

/**
 * Reads the settings as `npm install` in the current folder would.
 *
 * @throws RespikeError (exit 5) where a settings file is broken
 */
export async function readNpmSettings(
  env: NodeJS.ProcessEnv = process.env,
  cwd: string = process.cwd(),
): Promise<NpmSettings> {
  const require = createRequire(import.meta.url);
  const { default: Config } = (await import("@npmcli/config")) as unknown as {
    default: new (options: object) => NpmConfig;
  };
  const table = require("@npmcli/config/lib/definitions") as NpmDefinitions;
  try {
    const config = new Config({
      ...table,
      npmPath: findNpm(env),
      argv: [process.execPath, "npm"],
      env: { ...env },
      cwd,
    });
    await config.load();
    return config.flat;
  } catch (cause) {
    throw new RespikeError(
      exitCodes.environment,
      {
        code: "npm-settings",
        where: ".npmrc",
        rule: "npm's own settings are readable",
        value: cause instanceof Error ? cause.message : String(cause),
        next: "see what `npm config list` says, or give a local source with --from",
      },
      { cause },
    );
  }
}

/** npm's own folder, where a machine's builtin `npmrc` lies. */
function findNpm(env: NodeJS.ProcessEnv): string {
  const started = env.npm_execpath;
  if (started !== undefined) return dirname(dirname(started));
  return join(dirname(dirname(process.execPath)), "lib", "node_modules", "npm");
}
