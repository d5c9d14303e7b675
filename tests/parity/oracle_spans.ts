/**
 * Spans as the Python tools' scripts give them: tag, detect-secrets' name of the kind, start and end.
 *
 * @module
 */
import { DETECTORS } from "../../lib/secrets/api_key.ts";
import type { SecretSpan } from "../../lib/secrets/detect.ts";

/** Tag, type, start, end; the type is the detector's name where the plugins have none. */
export type OracleSpan = [tag: string, type: string, start: number, end: number];

/** Spans of the reference profile as the oracles give them. */
export function toOracleSpans(spans: readonly SecretSpan[]): OracleSpan[] {
  return spans.map(({ tag, detector, start, end }) => {
    const type = tag === "KEY" ? DETECTORS[detector as keyof typeof DETECTORS].type : detector;
    return [tag, type, start, end];
  });
}

/** Each span once, as text, in order: equal lists are equal finds. */
export function distinctSpans(spans: readonly OracleSpan[]): string[] {
  return [...new Set(spans.map((span) => JSON.stringify(span)))].sort();
}
