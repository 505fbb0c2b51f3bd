/** The certificate that `convert` measures: its seed, the command beside it, and what is said where no image is left for it. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Warning } from "#src/core/respike-error.js";
import type { Certificate } from "#src/evaluation/diagnosis/certificate.js";
import { convertAuto } from "#src/library/auto/convert-auto.js";
import { convert } from "#src/library/convert.js";
import { diagnose } from "#src/library/diagnose.js";
import { loadModel } from "#src/library/load-model.js";
import { loadSnn } from "#src/library/snn-files.js";
import { callJson, makeWorkplace, model } from "../cli/call-respike.js";

const at = makeWorkplace();
after(() => rmSync(at, { recursive: true, force: true }));

const shipped = await loadModel(model);
const calibrate = `${join(at, "i.npy")},${join(at, "l.npy")}`;
const own = { calibrate, cacheDir: join(at, "cache"), threads: 1 } as const;

test("the certificate has the conversion's seed, and is the one that diagnose gives with it", async () => {
  const { snn, result } = await convert(shipped, { ...own, calibrateN: 8, T: 8, seed: 7 });
  assert.equal(result.certificate?.images.seed, 7);
  const { result: diagnosed } = await diagnose(snn, { data: calibrate, seed: 7, whatIf: 0, threads: 1 });
  assert.deepEqual(diagnosed.certificate, result.certificate);
});

test("where auto judged on all held-back images and all others calibrate a warning says that nothing certifies, and why", async () => {
  const loose = { ...own, maxLoss: 100, alphabet: "multi-level", adjust: "off", times: [2] } as const;
  const spoken = (warnings: readonly Warning[]) => warnings.filter(({ code }) => code === "no-certificate");
  const all = await convertAuto(shipped, { ...loose, calibrateN: "all" });
  assert.equal(all.result.certificate, null);
  assert.deepEqual(
    spoken(all.warnings).map(({ message }) => message),
    [
      "none is measured: auto judged on 4 of 4 held-back images, and all others calibrate: give a smaller --calibrate-n, or --certify off",
    ],
  );
  const off = await convertAuto(shipped, { ...loose, calibrateN: "all", certify: "off" });
  assert.deepEqual(spoken(off.warnings), []);
  const some = await convertAuto(shipped, { ...loose, calibrateN: 8 });
  assert.deepEqual([some.result.certificate?.images.n, spoken(some.warnings)], [28, []]);
});

test("--certify off takes the certificate out of the saved file, and stands in the saved command", async () => {
  const words = ["convert", model, "--calibrate", "i.npy,l.npy", "--calibrate-n", "8", "-T", "4"];
  const { code, doc } = await callJson(at, ...words, "--certify", "off", "-o", "a.snn.safetensors");
  assert.equal(code, 0);
  assert.equal(doc.result.certificate as Certificate | null, null);
  const { provenance } = await loadSnn(join(at, "a.snn.safetensors"));
  assert.match((provenance.command as string[]).join(" "), / --certify off( |$)/);
});

test("made for 8 steps and diagnosed at 4: the certificate says which, the warning that no step is left out", async () => {
  const made = await convert(shipped, { ...own, calibrateN: 8, preset: "binary", T: 8 });
  const { certificate } = made.result;
  assert.deepEqual(
    [certificate?.forOneT, certificate?.madeForT, certificate?.unchecked],
    [true, undefined, undefined],
  );
  assert.ok((certificate?.atT.epsilonError ?? 0) > 0);
  const asked = { data: calibrate, n: 2, whatIf: 0, threads: 1 } as const;
  const { result, warnings } = await diagnose(made.snn, { ...asked, T: 4 });
  assert.deepEqual([result.delay, result.certificate.forOneT, result.certificate.madeForT], [0, true, 8]);
  assert.deepEqual(
    warnings.map(({ message }) => message),
    [
      "made for T = 8, diagnosed at 4, read by all steps up to t = 5, without these from there on: the certificate is that of 4",
    ],
  );
  const { warnings: late } = await diagnose(made.snn, { ...asked, T: 6 });
  assert.match(late[0]?.message ?? "", /^made for T = 8, diagnosed at 6: the certificate is that of 6$/);
});

test("a network that refines says that the rule of its prediction was not checked for such", async () => {
  const { result } = await convert(shipped, { ...own, calibrateN: 8, preset: "refine", T: 2 });
  assert.deepEqual([result.certificate?.unchecked, result.certificate?.forOneT], [true, true]);
});
