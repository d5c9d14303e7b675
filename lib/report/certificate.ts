/**
 * A certificate of erasure: which model it is about, which secrets were to be erased, by fingerprint, what each scored
 * before and after beside its controls, what attacks made of it, and what was not reached nor tried. No value, text, path
 * or name of a document stands in it.
 *
 * Its digest is SHA-256 of its own content as canonical JSON: keys in the order of their characters, no white space. It
 * shows that a byte was lost, not who wrote the others: anyone can write a digest.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { countStates, secretState } from "../metrics/threshold.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import type { Shape, Shaped } from "./shape.ts";
import { signaturePath, signBytes } from "./sign_certificate.ts";

/** What the field `format` says. */
export const CERTIFICATE_FORMAT = "codescrub-certificate";

/** The version of the format that is written, and the highest that is read. */
export const CERTIFICATE_VERSION = 2;

/** A larger file is none of ours: about 30,000 secrets under all attacks. */
export const MAX_CERTIFICATE_BYTES = 2 ** 28;

const INTERVAL = { maybe: { fields: { estimate: "number", low: "number", high: "number" } } } as const;

const CHANGE = { fields: { before: INTERVAL, after: INTERVAL } } as const;

/** An attack's variant on a secret, as in `attacks.parquet`. */
const ATTACK = {
  fields: {
    attack: "text",
    variant: "text",
    score: "number?",
    extracted: "bool?",
    threshold: "number?",
    p_value: "number?",
    controls: "count",
    controls_score: "number?",
    controls_extracted: "number?",
  },
} as const;

/** A secret. */
const SECRET = {
  fields: {
    fingerprint: "text",
    document: "text",
    tag: "text",
    start: "count",
    end: "count",
    status: "text?",
    controls: { maybe: "count" },
    ma: {
      fields: {
        before: "number?",
        after: "number?",
        threshold: "number",
        floor: "number?",
        p_value: "number?",
      },
    },
    el_10: { fields: { before: "number?", after: "number?", threshold: "number" } },
    loss: { fields: { before: "number?", after: "number?", ceiling: "number?", p_value: "number?" } },
    attacks: { list: ATTACK },
  },
} as const;

/** A place that was requested and not treated: it is in no row of the forget set. */
const UNTREATED = {
  fields: {
    fingerprint: "text",
    document: "text",
    tag: "text",
    start: "count",
    end: "count",
    reason: "text",
    ma: { fields: { before: "number?", after: "number?", threshold: "number?" } },
    el_10: { fields: { before: "number?", after: "number?", threshold: "number?" } },
  },
} as const;

/** What format 2 has and format 1 has not. */
const ADDED = {
  request: {
    fields: {
      entries: { maybe: "count" },
      unmatched: { maybe: "count" },
      untreated: { maybe: { list: UNTREATED } },
    },
  },
  attack: {
    fields: { seed: { maybe: "count" }, controls: { maybe: "count" }, attacked_controls: { maybe: "count" } },
  },
} as const;

/** What a certificate looks like. */
export const CERTIFICATE_SHAPE = {
  fields: {
    format: "text",
    version: "count",
    digest: "text",
    statement: "text",
    does_not_prove: "text",
    versions: { fields: { codescrub: "text", deno: "text", tensorflow: "text" } },
    key: "text",
    model: { fields: { after: { map: "text" }, before: { map: "text" } } },
    tables: {
      fields: {
        request: "text?",
        forget: "text",
        retain: "text?",
        thresholds: "text?",
        secrets: "text",
        attacks: "text",
      },
    },
    method: { fields: { name: "text", thresholds: "text", settings: { map: "scalar" } } },
    ...ADDED,
    summary: {
      fields: {
        secrets: "count",
        values: "count",
        erased: "count",
        still_above: "count",
        below_never_seen: "count",
        without_tokens: "count",
        ma: CHANGE,
        el_10: CHANGE,
        loss: CHANGE,
        extracted: { fields: { secrets: INTERVAL, controls: INTERVAL } },
        membership: {
          list: {
            fields: { score: "text", estimate: "number", low: "number", high: "number", reading: "text" },
          },
        },
      },
    },
    not_reached: { list: "text" },
    not_tried: { list: "text" },
    secrets: { list: SECRET },
  },
} as const;

/** What format 1 looks like. */
export const CERTIFICATE_SHAPE_1: Shape = {
  fields: Object.fromEntries(Object.entries(CERTIFICATE_SHAPE.fields).filter(([name]) => !(name in ADDED))),
};

/** What stands in the fields that format 1 has not. */
export const NOT_IN_FORMAT_1: Pick<Certificate, "request" | "attack"> = {
  request: { entries: null, unmatched: null, untreated: null },
  attack: { seed: null, controls: null, attacked_controls: null },
};

/** A certificate. */
export type Certificate = Shaped<typeof CERTIFICATE_SHAPE>;

/** A place of a certificate that was requested and not treated. */
export type UntreatedPlace = Shaped<typeof UNTREATED>;

/** A secret of a certificate. */
export type CertifiedSecret = Shaped<typeof SECRET>;

/** An attack's variant on a secret of a certificate. */
export type CertifiedAttack = Shaped<typeof ATTACK>;

/** What a certificate holds beside its format and digest. */
export type CertificateContent = Omit<Certificate, "format" | "version" | "digest">;

/**
 * How a secret stands by the scores that a certificate gives; null where it has none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { certifiedState } from "./certificate.ts";
 *
 * const ma = { before: 1, after: 0.2, threshold: 0.3, floor: 0.1, p_value: null };
 * const el_10 = { before: 1, after: 0, threshold: 0 };
 * const loss = { before: 0.1, after: 7, ceiling: 6, p_value: null };
 * assertEquals(certifiedState({ ma, el_10, loss }), "below never-seen");
 * ```
 */
export function certifiedState({ ma, el_10, loss }: Pick<CertifiedSecret, "ma" | "el_10" | "loss">) {
  const bounds = { ma: ma.threshold, el_10: el_10.threshold, ma_floor: ma.floor, nll_ceiling: loss.ceiling };
  return secretState({ ma: ma.after, el_10: el_10.after, nll: loss.after }, bounds);
}

/**
 * A certificate's digest, whatever digest it has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { certificateDigest } from "./certificate.ts";
 *
 * const [one, other] = [{ version: 1, key: "a" }, { key: "a", version: 1, digest: "" }];
 * assertEquals(certificateDigest(one), certificateDigest(other));
 * ```
 */
export function certificateDigest(certificate: { readonly [name: string]: unknown }): string {
  const { digest: _, ...content } = certificate;
  return createHash("sha256").update(JSON.stringify(content, sortKeys)).digest("hex");
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * Writes a certificate, with its format and digest, in one step: an attack's variant a line.
 *
 * @param options.signKey of a private Ed25519 key's file, for a signature beside it
 * @throws {RangeError} when it is larger than what is read; {Error} as `writeFileAtomic` and `signBytes`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { type CertificateContent, writeCertificate } from "./certificate.ts";
 *
 * await assertRejects(() => writeCertificate("/nowhere/certificate.json", {} as CertificateContent), Error, "Cannot write");
 * ```
 */
export async function writeCertificate(
  path: string,
  content: CertificateContent,
  { signKey }: { signKey?: string | undefined } = {},
): Promise<Certificate> {
  const head = { format: CERTIFICATE_FORMAT, version: CERTIFICATE_VERSION };
  const digest = certificateDigest({ ...head, ...content });
  const certificate: Certificate = { ...head, digest, ...content };
  const text = linesOf(certificate, "") + "\n";
  if (text.length > MAX_CERTIFICATE_BYTES) {
    throw new RangeError(
      `Cannot write "${path}": a certificate of ${content.secrets.length} secrets is too large: certify parts of them`,
    );
  }
  const signature = signKey === undefined ? null : await signBytes(new TextEncoder().encode(text), signKey);
  await writeFileAtomic(path, text);
  if (signature) await writeFileAtomic(signaturePath(path), signature);
  return certificate;
}

/** JSON in which what holds only scalars is a line. */
function linesOf(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const isFlat = Object.values(value).every((entry) => typeof entry !== "object" || entry === null);
  const list = Array.isArray(value);
  const entries = Object.entries(value).map(([name, entry]) =>
    (list ? "" : `${JSON.stringify(name)}: `) + linesOf(entry, `${indent}  `)
  );
  const [open, close] = list ? "[]" : "{}";
  if (entries.length === 0) return open! + close;
  const isLine = isFlat && indent.length > 2 && !entries.some((entry) => entry.length > 200);
  if (isLine) return list ? `[${entries.join(", ")}]` : `{ ${entries.join(", ")} }`;
  return `${open}\n${indent}  ${entries.join(`,\n${indent}  `)}\n${indent}${close}`;
}

/**
 * How many secrets a certificate has, of how many values, and how many of them are in which state.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { certifiedCounts } from "./certificate.ts";
 *
 * const { secrets, values, erased } = certifiedCounts([{ fingerprint: "a", status: "erased" }, { fingerprint: "a", status: null }]);
 * assertEquals([secrets, values, erased], [2, 1, 1]);
 * ```
 */
export function certifiedCounts(secrets: readonly Pick<CertifiedSecret, "fingerprint" | "status">[]) {
  return {
    secrets: secrets.length,
    values: new Set(secrets.map(({ fingerprint }) => fingerprint)).size,
    ...countStates(secrets),
  };
}
