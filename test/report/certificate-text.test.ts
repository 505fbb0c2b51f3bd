/** A certificate in sentences: which T it was made for, what ε is compared with, and for what that was checked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Certificate } from "#src/evaluation/diagnosis/certificate.js";
import { describeCertificate } from "#src/report/describe-certificate.js";
import { exampleCertificate } from "./example-results.js";

/** At T = 64: 1 point predicted there, 0.5 points not. */
function certify(epsilon: number, more: Partial<Certificate> = {}, error?: number | null): Certificate {
  const base = exampleCertificate(0.5);
  const known = error === undefined ? {} : { epsilonError: error };
  return { ...base, atT: { ...base.atT, epsilon, ...known }, ...more };
}
const say = (certificate: Certificate) => describeCertificate(certificate).join("\n");

test("an SNN made for 32 and judged at 64 is not said to be made for 64", () => {
  const said = say(certify(0.15, { forOneT: true, madeForT: 32 }));
  assert.doesNotMatch(said, /which it was made for|--preset auto/);
  const other = String.raw`T = 64 \(it was made for T = 32; convert with -T 64 to judge that T\)`;
  assert.match(said, new RegExp(`at most 1 point: predicted at ${other}; 3\\.0 % of the decisions`));
  assert.match(
    said,
    new RegExp(`at most 0\\.5 points: not at ${other}; ε 0\\.150 \\(bound 0\\.130\\)$`, "m"),
  );
});

test("a certificate without that field means what it did: made for the T it was judged at", () => {
  const said = say(certify(0.15, { forOneT: true }));
  assert.match(
    said,
    /predicted at T = 64, which it was made for; 3\.0 % .* moved; ε 0\.150 \(bound 0\.200\)$/m,
  );
  assert.match(
    said,
    /not at T = 64, which it was made for; convert with --preset auto looks for one; ε 0\.150/,
  );
});

test("ε stands beside its bound in three digits, or in so many that the two differ", () => {
  assert.match(say(certify(0.1264)), /not within T = 64; ε 0\.126 at T = 64 \(bound 0\.130\)$/m);
  assert.match(say(certify(0.13004)), /; ε 0\.13004 at T = 64 \(bound 0\.13000\)$/m);
  assert.match(say(certify(0.13)), /; ε 0\.130 at T = 64 \(bound 0\.130\)$/m);
  assert.match(say(certify(0.1264)), /^at T = 64: .* ε 0\.126, disagreement/m);
});

test("within two standard errors of a bound it is too close to call; where none is known nothing is said of it", () => {
  const own = { forOneT: true } as const;
  const close = say(certify(0.134, own, 0.0031));
  assert.match(close, /^at T = 64: .* ε 0\.134 ± 0\.0031, disagreement/m);
  assert.match(close, /; ε 0\.134 ± 0\.0031 \(bound 0\.130\): too close to call$/m);
  assert.match(close, /; ε 0\.134 ± 0\.0031 \(bound 0\.200\)$/m);
  for (const error of [undefined, null]) assert.doesNotMatch(say(certify(0.134, own, error)), /close|±/);
});

test("of a conversion that the rule was not checked for this is said once, and of others not", () => {
  const said = say(certify(0.134, { unchecked: true }));
  assert.equal(
    said.match(/checked for the presets default, binary, signed, not for such a conversion/g)?.length,
    1,
  );
  assert.doesNotMatch(say(certify(0.134)), /checked/);
});
