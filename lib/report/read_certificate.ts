/**
 * A certificate as it was written, of which nothing is taken for granted before it is checked: it may be cut off, edited,
 * of another version, or made to harm who reads it.
 *
 * @module
 */
import { mean } from "../metrics/mean.ts";
import { scanJson } from "../checkpoints/scan_json.ts";
import { readRegularText } from "../files/read_file.ts";
import { reasonOf } from "../files/reason.ts";
import {
  type Certificate,
  CERTIFICATE_FORMAT,
  CERTIFICATE_SHAPE,
  CERTIFICATE_SHAPE_1,
  CERTIFICATE_VERSION,
  certificateDigest,
  certifiedCounts,
  certifiedState,
  MAX_CERTIFICATE_BYTES,
  NOT_IN_FORMAT_1,
} from "./certificate.ts";
import { toRecord } from "./read_json.ts";
import { misshapen } from "./shape.ts";
import { untreatedReason } from "./untreated_place.ts";

/**
 * Reads a certificate whose digest is that of its content, and which does not contradict itself.
 *
 * @throws {SyntaxError} when it is no certificate, of a newer format, cut off, edited, or says of a secret what its own
 * numbers do not; {RangeError} when it is too large; {TypeError} when it is no regular file; {Error} when it cannot be read
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { readCertificate } from "./read_certificate.ts";
 *
 * const path = `${await Deno.makeTempDir()}/certificate.json`;
 * await Deno.writeTextFile(path, '{ "format": "codescrub-certificate", "version": 3 }');
 * await assertRejects(() => readCertificate(path), SyntaxError, "it is of format 3, this version reads 2");
 * ```
 */
export async function readCertificate(path: string): Promise<Certificate> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new SyntaxError(`Cannot read certificate "${path}": ${what}`, { cause });
  };
  const text = await readRegularText(path, { what: "certificate", maxBytes: MAX_CERTIFICATE_BYTES });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    refuse(`${reasonOf(cause)}: get it again from who made it`, cause);
  }
  const { format, version } = toRecord(parsed);
  if (format !== CERTIFICATE_FORMAT) refuse("it is no certificate of erasure");
  if (Number.isSafeInteger(version) && (version as number) > CERTIFICATE_VERSION) {
    refuse(
      `it is of format ${version}, this version reads ${CERTIFICATE_VERSION}: verify it with a newer CodeScrub`,
    );
  }
  const wrong = misshapen(parsed, version === 1 ? CERTIFICATE_SHAPE_1 : CERTIFICATE_SHAPE);
  if (wrong !== undefined) refuse(wrong);
  // of a name that stands twice JSON.parse keeps the last, and a reader may see the first
  const isTwofold = scanJson(text).repeatedKey !== undefined;
  if (isTwofold || toRecord(parsed).digest !== certificateDigest(toRecord(parsed))) {
    refuse("its content is not what its digest says, so it was edited: get it again from who made it");
  }
  const certificate = { ...version === 1 && NOT_IN_FORMAT_1, ...parsed as Certificate };
  const contradiction = contradictionOf(certificate);
  if (contradiction !== undefined) refuse(`it contradicts itself: ${contradiction}`);
  return certificate;
}

/** Where a certificate says what its own numbers do not. */
function contradictionOf({ version, secrets, summary, request }: Certificate): string | undefined {
  if (version < 1) return `there is no format ${version}`;
  const wrong = secrets.findIndex((secret) => secret.status !== certifiedState(secret));
  if (wrong >= 0) return `the scores of secrets[${wrong}] are not those of its status`;
  const ranked = secrets.findIndex((secret) => !agreesWithRanks(secret));
  if (ranked >= 0) return `the p-values of secrets[${ranked}] are not those of its attacks`;
  const other = request.untreated?.findIndex((place) => place.reason !== untreatedReason(place)) ?? -1;
  if (other >= 0) return `the scores of request.untreated[${other}] are not those of its reason`;
  if ((request.unmatched ?? 0) > (request.entries ?? 0)) return "request.unmatched is more than its entries";
  return summaryContradiction(secrets, summary);
}

/** Whether what is said of a secret's ranks is what exposure says of them, where that was run. */
function agreesWithRanks({ ma, loss, attacks }: Certificate["secrets"][number]): boolean {
  const rankOf = (variant: string) =>
    attacks.find((row) => row.attack === "exposure" && row.variant === variant);
  return ([["ma", ma], ["loss", loss]] as const).every(([name, { p_value }]) =>
    (rankOf(name)?.p_value ?? p_value) === p_value
  );
}

function summaryContradiction(
  secrets: Certificate["secrets"],
  summary: Certificate["summary"],
): string | undefined {
  const counts = certifiedCounts(secrets);
  const names = Object.keys(counts) as (keyof typeof counts)[];
  const other = names.find((name) => counts[name] !== summary[name]);
  if (other !== undefined) return `summary.${other} is not that of its secrets`;
  for (const name of ["ma", "el_10", "loss"] as const) {
    for (const when of ["before", "after"] as const) {
      const values = secrets.flatMap((secret) => secret[name][when] ?? []);
      const own = mean(values);
      const said = summary[name][when]?.estimate ?? NaN;
      if (Object.is(said, own) || Math.abs(said - own) < ROUNDING) continue;
      return `summary.${name}.${when} is not the mean of its secrets`;
    }
  }
  return undefined;
}

/** Where two sums of the same numbers differ. */
const ROUNDING = 1e-9;
