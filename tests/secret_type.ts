/** What detect-secrets calls the kind of a span; the detector's name where the plugins have none. */
import { DETECTORS } from "../lib/secrets/api_key.ts";
import type { SecretSpan } from "../lib/secrets/detect.ts";

/** The kind of a span of the reference profile. */
export function typeOf(span: SecretSpan): string {
  return span.tag === "KEY" ? DETECTORS[span.detector as keyof typeof DETECTORS].type : span.detector;
}
