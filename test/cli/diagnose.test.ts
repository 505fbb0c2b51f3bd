/** Certificates and `respike diagnose` through the built command line: what is written, refused, and the same bytes. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Certificate } from "#src/evaluation/diagnosis/certificate.js";
import type { Diagnosis } from "#src/evaluation/diagnosis/diagnose-snn.js";
import { call, callJson, makeWorkplace, model } from "./call-respike.js";

let at = "";
const recipe = ["convert", model, "--calibrate", "i.npy,l.npy", "--calibrate-n", "all", "-T", "16"];
before(async () => {
  at = makeWorkplace();
  const { code, err, out } = await call(at, ...recipe, "-o", "a.snn.safetensors");
  assert.equal(code, 0, err);
  assert.match(out, /certificate\non 4 training images/);
});
after(() => rmSync(at, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(at, name));

test("a conversion carries its certificate: the same bytes for any threads, none with --certify off", async () => {
  const { code, doc } = await callJson(at, ...recipe, "-o", "b.snn.safetensors", "--threads", "1");
  assert.equal(code, 0);
  assert.ok(read("a.snn.safetensors").equals(read("b.snn.safetensors")));
  const certificate = doc.result.certificate as Certificate;
  assert.equal(certificate.schema, "respike.certificate/1");
  assert.deepEqual([certificate.images.n, certificate.images.split], [4, "train"]);
  assert.ok((certificate.passes?.length ?? 0) > 5);
  assert.ok(
    certificate.passes?.every(
      ({ preserves, maxRelDiff }) => preserves !== "function" || (maxRelDiff ?? 1) <= 1e-4,
    ),
  );
  assert.deepEqual(
    certificate.steps.map(({ t }) => t),
    [2, 3, 4, 6, 8, 12, 16],
  );
  assert.ok((certificate.limit.epsilon ?? 9) < (certificate.atT.epsilon ?? 0));
  assert.deepEqual(
    certificate.prediction.map(({ loss }) => loss),
    [1, 0.5],
  );
  const inspected = await callJson(at, "inspect", "a.snn.safetensors");
  assert.deepEqual(inspected.doc.result.certificate, certificate);
  assert.match((await call(at, "inspect", "a.snn.safetensors")).out, /certificate: +on 4 training images/);
  const without = await callJson(at, ...recipe, "-o", "c.snn.safetensors", "--certify", "off");
  assert.equal(without.doc.result.certificate, null);
  assert.equal("certificate" in (await callJson(at, "inspect", "c.snn.safetensors")).doc.result, false);
});

test("diagnose: layers, findings, folder; the certificate afterwards is that of the conversion but for passes", async () => {
  const words = ["diagnose", "c.snn.safetensors", "--data", "i.npy,l.npy", "--what-if", "1"];
  const { code, err, doc } = await callJson(
    at,
    ...words,
    "--out",
    "d",
    "--certify",
    "-o",
    "e.snn.safetensors",
  );
  assert.equal(code, 0, err);
  assert.equal(doc.schema, "respike.diagnose/1");
  const result = doc.result as unknown as Diagnosis;
  assert.equal(result.layers.length, 7);
  assert.deepEqual(
    result.findings.map(({ rank }) => rank),
    [1, 2, 3, 4, 5, 6, 7],
  );
  assert.equal(result.layers.filter(({ effect }) => effect !== null).length, 1);
  assert.equal(result.findings[0]?.effect === null, false);
  for (const file of [
    "diagnosis.json",
    "report.html",
    "plots/parts-per-layer.svg",
    "plots/effect-per-layer.svg",
  ])
    assert.ok(existsSync(join(at, "d", file)), file);
  const page = read("d/report.html").toString();
  assert.ok(!page.includes("NaN") && !page.includes("http://") && page.includes("Findings"));
  const saved = (await callJson(at, "inspect", "e.snn.safetensors")).doc.result.certificate as Certificate;
  const before = (await callJson(at, "inspect", "a.snn.safetensors")).doc.result.certificate as Certificate;
  const { data: _, ...images } = saved.images;
  const { data: __, ...own } = before.images;
  assert.deepEqual(
    [images, saved.limit, saved.atT, saved.steps],
    [own, before.limit, before.atT, before.steps],
  );
  assert.equal(saved.passes, null);
  const text = await call(
    at,
    "diagnose",
    "a.snn.safetensors",
    "--data",
    "i.npy,l.npy",
    "--what-if",
    "0",
    "-T",
    "8",
  );
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /^1\. /m);
  assert.match(text.out, /propagated/);
  assert.match(text.err, /made for T = 16/);
});

test("refused: another T, no images, -o without --certify, an existing folder", async () => {
  const refuse = async (expected: number, says: RegExp, ...words: string[]) => {
    const { code, doc } = await callJson(at, "diagnose", "a.snn.safetensors", ...words);
    assert.equal(code, expected, JSON.stringify(doc));
    assert.match(JSON.stringify(doc.errors), says);
  };
  await refuse(2, /whole number from 1/, "-T", "0");
  await refuse(2, /less than T = 16/, "--delay", "16");
  await refuse(2, /--certify/, "-o", "x.snn.safetensors");
  await refuse(2, /-o FILE/, "--certify");
  await refuse(2, /exists/, "--out", "d");
});
