/** The demo's SNN says how it was made: by the command in it anybody makes it again, to the byte. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { convertVerb } from "#src/cli/verbs/convert.js";
import { runDemo } from "#src/library/demo.js";
import { loadSnn } from "#src/library/snn-files.js";
import { makeWorkplace, model } from "./call-respike.js";

const at = makeWorkplace();
after(() => rmSync(at, { recursive: true, force: true }));

test("the command that demo saves gives the same bytes", async () => {
  for (const seed of [0, 1]) {
    const out = join(at, `demo-${seed}`);
    await runDemo("mnist", { n: 2, T: 4, threads: 1, seed, out });
    const bytes = readFileSync(join(out, "mnist.snn.safetensors"));
    const written = (name: string) => statSync(join(out, name)).mtimeMs;
    assert.ok(written("mnist.snn.safetensors") <= written("results.json"), "results.json comes last");
    const { provenance } = await loadSnn(bytes);
    const words = ["convert", "mnist-resnet8.safetensors", "-T", "4", "--calibrate", "mnist"];
    assert.deepEqual(provenance.command, [...words, ...(seed === 0 ? [] : ["--seed", "1"])]);
    const o = join(at, `convert-${seed}.snn.safetensors`);
    const flags = { T: 4, calibrate: "mnist", o } as unknown as Parameters<typeof convertVerb.run>[1];
    const around = {
      say() {},
      keepIn() {},
      onProgress() {},
      signal: new AbortController().signal,
      command: [],
    };
    const context = { ...around, seed, threads: 1, cacheDir: undefined, offline: false, force: false };
    await convertVerb.run([model], flags, context);
    assert.ok(readFileSync(o).equals(bytes));
  }
});

test("a folder that holds something is refused before anything is converted", async () => {
  let events = 0;
  const onProgress = () => {
    events++;
  };
  await assert.rejects(runDemo("mnist", { n: 2, T: 4, threads: 1, out: at, onProgress }), {
    exitCode: 2,
    code: "output-exists",
  });
  assert.equal(events, 0);
});
