/**
 * The certificate in a spiking network, as data of its own.
 *
 * Knows: its schema. May not know: how it was measured.
 */
import type { Certificate } from "../evaluation/diagnosis/certificate.js";

/** The certificate that a network was saved with; undefined without one of this version. */
export function readCertificate({
  certificate,
}: {
  readonly certificate?: unknown;
}): Certificate | undefined {
  const isOurs =
    typeof certificate === "object" &&
    certificate !== null &&
    "schema" in certificate &&
    certificate.schema === "respike.certificate/1";
  return isOurs ? (certificate as Certificate) : undefined;
}
