/** The library's `evaluate`: a loss above the bound tells its warnings, one that nobody measures is refused; reports of shards that are merged. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { mergeVerb } from "#src/cli/verbs/merge.js";
import { RespikeError } from "#src/core/respike-error.js";
import { encodeNpy } from "#src/datasets/npy.js";
import type { Snn } from "#src/graph/snn.js";
import { evaluate } from "#src/library/evaluate.js";
import { convertTiny } from "../conversion/convert-tiny.js";
import { noise, tinyPoolNet, upTo } from "../conversion/tiny-networks.js";
import { exampleCertificate } from "../report/example-results.js";

const n = 30;
let folder = "";
let snn: Snn;
const at = (name: string) => join(folder, name);
const call = (out: string) => ({ data: `${at("i.npy")},${at("l.npy")}`, threads: 1, out: at(out) });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "respike-evaluate-"));
  await writeFile(at("i.npy"), encodeNpy([n, 3, 8, 8], noise.read(upTo(n)) as Uint8Array));
  await writeFile(at("l.npy"), encodeNpy([n], new Uint8Array(n).fill(2)));
  ({ snn } = await convertTiny(tinyPoolNet(), { T: 8, lambda: "max", v0: 0, delay: 4 }));
});
after(() => rm(folder, { recursive: true, force: true }));

test("a loss above --max-loss is an error with all warnings, after everything is written", async () => {
  await assert.rejects(evaluate(snn, { ...call("lost"), T: 1, maxLoss: 50 }), (error) => {
    assert.ok(error instanceof RespikeError);
    assert.deepEqual([error.exitCode, error.code], [4, "max-loss"]);
    assert.match(error.value, new RegExp(`^[0-9.]+ points \\[.*\\] on ${n} images$`));
    assert.match(
      error.problems[0]?.next ?? "",
      /^see .*lost\/report\.html; convert for more steps .*--preset auto --max-loss 50/,
    );
    assert.deepEqual(
      error.warnings.map(({ code }) => code),
      ["made-for-other-steps", "no-correlation"],
    );
    return true;
  });
  assert.ok(existsSync(join(at("lost"), "results.json")));
});

test("--max-loss without the network is refused before anything is simulated", async () => {
  await assert.rejects(evaluate(snn, { ...call("unmeasured"), noAnn: true, maxLoss: 1 }), {
    exitCode: 2,
    where: "--max-loss",
  });
  assert.ok(!existsSync(at("unmeasured")));
});

/** Certificate and provenance of a report; paths and the hash of the whole file differ by nothing else. */
function readSections(out: string): readonly string[] {
  const html = readFileSync(join(at(out), "report.html"), "utf8");
  const sections = ["certificate", "provenance"].map(
    (id) => new RegExp(`<section id="${id}".*?</section>`, "s").exec(html)?.[0],
  );
  return [...sections.map((section) => section ?? "none"), /<h1>.*?<\/h1>/s.exec(html)?.[0] ?? "none"];
}

test("merged shards have the report of a single run: title, certificate, provenance; the command is the merge's own", async () => {
  const certificate = exampleCertificate(0.1, ["fold-batch-norm"]);
  const provenance = { ...snn.provenance, arch: "tiny", model: "tiny.safetensors" };
  const certified: Snn = { ...snn, provenance, certificate };
  await evaluate(certified, { ...call("whole"), T: 4, command: ["respike", "evaluate", "tiny"] });
  for (const shard of ["1/2", "2/2"]) {
    const out = `part${shard[0]}`;
    await evaluate(certified, {
      ...call(out),
      T: 4,
      shard,
      command: ["respike", "evaluate", "--shard", shard],
    });
  }
  const command = ["respike", "merge", "part2", "part1", "--out", "merged"];
  const context = {
    ...{ say() {}, keepIn() {}, onProgress() {}, signal: new AbortController().signal },
    seed: 0,
    threads: 1,
  };
  const rest = { cacheDir: undefined, offline: true, force: false, command };
  const flags = { out: at("merged") } as unknown as Parameters<typeof mergeVerb.run>[1];
  await mergeVerb.run([at("part2"), at("part1")], flags, { ...context, ...rest });
  const [section, origin, title] = readSections("whole");
  assert.match(section ?? "", /fold-batch-norm/);
  assert.match(`${origin} ${title}`, /tiny\.safetensors.*tiny \(tiny\.safetensors\)/s);
  assert.deepEqual(readSections("merged"), readSections("whole"));
  const config = JSON.parse(readFileSync(join(at("merged"), "config.json"), "utf8"));
  assert.deepEqual(config.command, command);
  for (const own of ["out", "shard", "threads"]) assert.ok(!(own in config.flags), own);
  assert.deepEqual([config.flags.T, config.setup.options.shard], [4, null]);
  const html = readFileSync(join(at("merged"), "report.html"), "utf8");
  assert.match(html, /respike merge part2 part1 --out merged/);
  assert.doesNotMatch(html, /--shard|part1<\/dd>/);
});
