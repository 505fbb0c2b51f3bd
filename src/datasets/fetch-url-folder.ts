/**
 * A data set whose files lie one by one behind an address that ends in `/`, gzipped or not.
 *
 * Knows: names of files, which of them are there already. May not know: what the files hold.
 */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RespikeError, refuseInput } from "../core/respike-error.js";
import { hideCredentials } from "./download-error.js";
import type { FetchOptions } from "./fetch-package.js";
import { fetchUrl } from "./fetch-url.js";
import { makeFolder } from "./make-folder.js";
import type { SourceLayout } from "./source-layout.js";

/**
 * Fetches all files of the first layout whose first file is there.
 *
 * @param folder made where it is absent; files that are in it already are not fetched again
 * @returns whether a part of an earlier attempt was used
 * @throws RespikeError (exit 5) without network; (exit 3) where the address holds none of the layouts
 */
export async function fetchUrlFolder(
  base: string,
  folder: string,
  layouts: readonly SourceLayout[],
  options: FetchOptions,
): Promise<boolean> {
  await makeFolder(folder);
  let resumed = false;
  const get = async (name: string): Promise<boolean> => {
    for (const file of [`${name}.gz`, name]) {
      const path = join(folder, file);
      if ((await stat(path).catch(() => undefined)) !== undefined) {
        resumed = true;
        return true;
      }
      try {
        if (await fetchUrl(`${base}${file}`, path, options)) resumed = true;
        return true;
      } catch (cause) {
        if (!isMissing(cause)) throw cause;
      }
    }
    return false;
  };
  for (const layout of layouts) {
    if (!(await get(layout.files[0] as string))) continue;
    for (const name of layout.files.slice(1)) await requireFile(base, name, get);
    return resumed;
  }
  throw missingFile(base, layouts.map(({ files }) => files[0]).join(", "));
}

async function requireFile(
  base: string,
  name: string,
  get: (name: string) => Promise<boolean>,
): Promise<void> {
  if (!(await get(name))) throw missingFile(base, name);
}

/** By the status of the answer, which npm's downloader (behind a proxy) calls `statusCode`. */
function isMissing(cause: unknown): boolean {
  const answer = (cause as RespikeError).cause as { status?: unknown; statusCode?: unknown } | undefined;
  const status = answer?.status ?? answer?.statusCode;
  return cause instanceof RespikeError && (status === 404 || status === 403 || status === 410);
}

function missingFile(base: string, name: string): RespikeError {
  return refuseInput({
    code: "missing-files",
    where: hideCredentials(base),
    rule: "the files of the data set lie there, each as NAME or NAME.gz",
    value: `lacks ${name}`,
    next: "check the address given with --from, or leave --from out",
  });
}
