/** Certificates that no run made, for the tests of what reads them. */
import {
  type CertificateContent,
  certificateDigest,
  type CertifiedSecret,
  certifiedState,
} from "../../lib/report/certificate.ts";
import { DOES_NOT_PROVE, notReached, statementOf } from "../../lib/report/certificate_words.ts";

/** A secret that is erased, or by its scores something else. */
export function certifiedSecret(number: number, { ma = 0.1, loss = 5 } = {}): CertifiedSecret {
  const hex = number.toString(16).padStart(64, "0");
  const scores = {
    ma: { before: 1, after: ma, threshold: 0.25, floor: 0, p_value: 0.5 },
    el_10: { before: 1, after: 0, threshold: 0 },
    loss: { before: 0.1, after: loss, ceiling: 6, p_value: 0.5 },
  };
  const none = { threshold: null, p_value: null, controls: 7, controls_score: 0, controls_extracted: 0 };
  return {
    fingerprint: hex,
    document: hex,
    ...{ tag: "KEY", start: 8, end: 24, status: certifiedState(scores), controls: 100 },
    ...scores,
    attacks: [
      { attack: "extract", variant: "greedy", score: 0, extracted: false, ...none },
      { attack: "extract", variant: "drawn, 1", score: 0.001, extracted: false, ...none },
    ],
  };
}

/** A certificate's content on these secrets. */
export function certificateContent(secrets: CertifiedSecret[]): CertificateContent {
  const meanOf = (name: "ma" | "el_10" | "loss", when: "before" | "after") => {
    const values = secrets.flatMap((secret) => secret[name][when] ?? []);
    const estimate = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.length === 0 ? null : { estimate, low: estimate, high: estimate };
  };
  const change = (name: "ma" | "el_10" | "loss") => ({
    before: meanOf(name, "before"),
    after: meanOf(name, "after"),
  });
  const count = (status: string | null) => secrets.filter((secret) => secret.status === status).length;
  const summary = {
    secrets: secrets.length,
    values: new Set(secrets.map(({ fingerprint }) => fingerprint)).size,
    erased: count("erased"),
    still_above: count("still above"),
    below_never_seen: count("below never-seen"),
    without_tokens: count(null),
    ...{ ma: change("ma"), el_10: change("el_10"), loss: change("loss") },
    extracted: { secrets: null, controls: null },
    membership: [],
  };
  const hash = "0".repeat(64);
  const request: CertificateContent["request"] = { entries: 3, unmatched: 0, untreated: [] };
  return {
    statement: statementOf(summary),
    does_not_prove: DOES_NOT_PROVE,
    versions: { codescrub: "0.1.0", deno: "2.9.6", tensorflow: "2.21.0" },
    key: "0".repeat(16),
    model: { after: { "config.json": hash }, before: { "config.json": hash } },
    tables: { request: null, forget: hash, retain: null, thresholds: null, secrets: hash, attacks: hash },
    method: { name: "codeeraser", thresholds: "matched", settings: { lr: 3e-6, seed: 42 } },
    request,
    attack: { seed: 42, controls: 1000, attacked_controls: 7 },
    summary,
    not_reached: notReached(secrets, { membership: [], request }),
    not_tried: [],
    secrets,
  };
}

/** A certificate's text with something changed and a digest that fits: what who lies can write. */
export function forged(text: string, change: (certificate: Changeable) => void): string {
  const certificate = JSON.parse(text);
  change(certificate);
  return JSON.stringify({ ...certificate, digest: certificateDigest(certificate) });
}

/** A certificate in which anything may be changed. */
// deno-lint-ignore no-explicit-any
export type Changeable = any;
