/** The page and text of a diagnosis: figures that are absent, hostile or zero are drawn and printed without NaN. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Diagnosis } from "#src/evaluation/diagnosis/diagnose-snn.js";
import { describeCertificate } from "#src/report/describe-certificate.js";
import {
  diagnosisPlots,
  renderDiagnosis,
  renderDiagnosisText,
} from "#src/report/diagnosis/render-diagnosis.js";
import { exampleCertificate } from "./example-results.js";

/** Every figure is derived from `scale`; the second layer has a defect. */
function exampleDiagnosis(scale: number, layers = 3): Diagnosis {
  const names = Array.from({ length: layers }, (_, at) => (at === 0 ? "<script>" : `layer${at}`));
  return {
    T: 64,
    alphabet: "binary",
    images: { data: "<b>", split: "train", n: 32, indicesSha256: "0", seed: 0 },
    layers: names.map((name, at) => ({
      name,
      neurons: 10,
      parts: {
        unevenness: scale,
        quantisation: 0,
        clipping: scale / 2,
        wiring: at === 1 ? scale : 0,
        propagated: scale,
      },
      total: 2 * scale,
      roundingBound: 1e-6,
      isDefect: at === 1,
      effect: at === 0 ? { evenness: 10 * scale, allLocal: -12 * scale, allLocalError: null } : null,
    })),
    findings: names.map((layer, at) => ({
      rank: at + 1,
      layer,
      cause: at === 1 ? "wiring" : "unevenness",
      size: scale,
      effect: null,
      adviceId: "more-steps",
      message: `${layer}: more steps`,
    })),
    byCause: { unevenness: names, quantisation: names, clipping: names, wiring: names },
    delay: 0,
    conclusion: layers === 0 ? null : { kind: "layers", layers: names, message: `see ${names[0]}` },
    outputError: scale,
    whatIfImages: 4,
    certificate: exampleCertificate(scale),
  };
}

for (const [name, diagnosis] of [
  ["ordinary", exampleDiagnosis(0.1)],
  ["all zero", exampleDiagnosis(0)],
  ["large", exampleDiagnosis(1e12)],
  ["no layers", exampleDiagnosis(1, 0)],
  ["109 layers", exampleDiagnosis(0.3, 109)],
] as const) {
  test(`${name}: page, plots and text without NaN or markup from names`, async () => {
    const input = {
      result: diagnosis,
      warnings: [],
      command: ["respike", "diagnose", "a"],
      title: "<i>",
      version: "0",
    };
    const { html, plots } = await renderDiagnosis(input);
    const text = renderDiagnosisText(diagnosis);
    for (const part of [html, text, ...plots.values()]) assert.doesNotMatch(part, /NaN|Infinity|undefined/);
    assert.doesNotMatch(html, /<script>:|<b>|<i>/);
    assert.equal(plots.size, diagnosis.layers.length === 0 ? 0 : diagnosisPlots.length);
    assert.match(html, /Certificate/);
    assert.doesNotMatch(html, /Passes of the conversion/, "nobody watched the conversion");
    assert.equal((await renderDiagnosis(input)).html, html);
  });
}

test("the page shows what each pass changed, where the certificate knows", async () => {
  const diagnosis = { ...exampleDiagnosis(0.1), certificate: exampleCertificate(0.1, ["<u>", "fold"]) };
  const input = { result: diagnosis, warnings: [], command: ["respike"], title: "a", version: "0" };
  const { html } = await renderDiagnosis(input);
  assert.match(
    html,
    /Passes of the conversion.*<th scope="row">&lt;u&gt;<\/th>.*<th scope="row">fold<\/th>/s,
  );
});

test("the text names the defect, and says of an image that the network knows what its loss is worth", () => {
  const diagnosis = exampleDiagnosis(1);
  assert.match(renderDiagnosisText(diagnosis), /^2\. layer1: more steps/m);
  assert.match(renderDiagnosisText(diagnosis), /^conclusion: see /m);
  assert.match(renderDiagnosisText(diagnosis), /^binary spikes, T = 64, 32 training/);
  assert.match(
    renderDiagnosisText({ ...diagnosis, delay: 40 }),
    /T = 64 \(steps 41 to 64 are read and judged\)/,
  );
  assert.match(renderDiagnosisText({ ...diagnosis, delay: 63 }), /T = 64 \(step 64 is read and judged\)/);
  assert.match(diagnosisPlots[0]?.describe(diagnosis) ?? "", /wiring is not zero in layer1: a defect/);
  const said = describeCertificate(diagnosis.certificate).join("\n");
  assert.match(said, /the network was trained on these images/);
  assert.match(
    said,
    /at most 1 point: predicted from T = 40 on; 3\.0 % of the decisions change there, 4\.0 % on the same images moved/,
  );
  assert.match(said, /at most 0\.5 points: not within T = 64/);
  const own = describeCertificate({ ...diagnosis.certificate, forOneT: true }).join("\n");
  assert.match(
    own,
    /at most 1 point: predicted at T = 64, which it was made for; 3\.0 % of the decisions change there/,
  );
  assert.match(
    own,
    /at most 0\.5 points: not at T = 64, which it was made for; convert with --preset auto looks for one/,
  );
  assert.doesNotMatch(describeCertificate(exampleDiagnosis(0.5).certificate).join("\n"), /trained on these/);
});

test("page and text give the same advice once, and name its finding afterwards", async () => {
  const base = exampleDiagnosis(0.1, 4);
  const findings = base.findings.map((found) => ({
    ...found,
    message: `${found.layer}: wide; give it a rest`,
  }));
  const result = { ...base, findings };
  const { html } = await renderDiagnosis({ result, warnings: [], command: ["a"], title: "a", version: "0" });
  for (const said of [html, renderDiagnosisText(result)]) {
    assert.equal(said.match(/give it a rest/g)?.length, 1);
    assert.equal(said.match(/layer\d: wide; advice as at 1/g)?.length, 3);
  }
});
