/**
 * Puts a network that `respike train` made where the repository keeps its own, with its whole provenance.
 *
 *   node dist-dev/scripts/ship-network.js FILE.safetensors RUN_FOLDER --commit HASH [--to FOLDER] [--as NAME]
 *     [--device TEXT] [--processor TEXT]
 *
 * FILE.provenance.json stands beside the file, RUN_FOLDER is the `--out` of the run. What `train` cannot know is added:
 * the commit that was run, which the run does not record and the notes say so, threads, the processor (this machine's); and the device,
 * where the run moved from one to another. Refused are a run that is not finished, a file that is not the run's, and an
 * accuracy of fewer than 10,000 test images. NAME.safetensors and
 * NAME.provenance.json in FOLDER (networks/, FILE's own name) are written anew.
 * Then: npx biome check --write networks
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { hashBytes } from "#src/core/sha256.js";
import { wilsonInterval } from "#src/evaluation/wilson-interval.js";
import { parseModel } from "#src/formats/parse-model.js";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    commit: { type: "string" },
    to: { type: "string", default: "networks" },
    as: { type: "string" },
    processor: { type: "string" },
    device: { type: "string" },
  },
});
const [file, run] = positionals;
const { commit } = flags;
assert.ok(
  file !== undefined && run !== undefined,
  "ship-network.js FILE.safetensors RUN_FOLDER --commit HASH",
);
assert.match(commit ?? "", /^[0-9a-f]{40}$/, "--commit HASH: the commit that was run, all 40 digits");

type Facts = Readonly<Record<string, unknown>>;
const readFacts = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Facts;
const results = readFacts(join(run, "results.json")) as {
  readonly model: { readonly sha256: string };
  readonly test: { readonly correct: number; readonly n: number };
};
const config = readFacts(join(run, "config.json")) as { readonly flags: Facts };
const {
  file: _,
  sha256,
  testAccuracy,
  testAccuracyCi95: __,
  testImages,
  trainedValues,
  ...rest
} = readFacts(file.replace(/\.safetensors$/, ".provenance.json"));

const bytes = new Uint8Array(readFileSync(file));
assert.equal(hashBytes(bytes), sha256, "the file is the one of its provenance");
assert.equal(results.model.sha256, sha256, "the file is the one of its run");
const { correct, n } = results.test;
assert.equal(n, 10_000, "accuracy is that of all 10,000 test images");
assert.deepEqual([testAccuracy, testImages], [correct / n, n]);

const name = flags.as ?? basename(file, ".safetensors");
const model = parseModel(bytes, { fileName: `${name}.safetensors` });
const provenance = {
  file: `${name}.safetensors`,
  sha256,
  testAccuracy,
  testAccuracyCi95: wilsonInterval(correct, n),
  testImages,
  model: model.arch,
  trainedValues,
  ...rest,
  ...(flags.device === undefined ? {} : { device: flags.device }),
  threads: config.flags.threads ?? null,
  processor: flags.processor ?? cpus()[0]?.model ?? null,
  commit,
  notes: { commit: "not recorded by the run; given when the network was put here" },
};
mkdirSync(flags.to, { recursive: true });
writeFileSync(join(flags.to, `${name}.safetensors`), bytes);
const { curve, ...first } = provenance as Facts;
const text = `${JSON.stringify({ ...first, curve }, null, 2)}\n`;
writeFileSync(join(flags.to, `${name}.provenance.json`), text);
const [low, high] = provenance.testAccuracyCi95.map((share) => (100 * share).toFixed(2));
console.log(
  `${name}: ${model.arch}, ${correct} of ${n} (95 % ${low} to ${high} %), commit ${provenance.commit}`,
);
