/**
 * `verify`: whether a certificate holds for a model. First the certificate itself and the hashes of the model's files;
 * then, with the corpus and the forget set, every secret measured again.
 *
 * @module
 */
import type { Certificate } from "../../report/certificate.ts";
import { DOES_NOT_PROVE, notReached, statementOf } from "../../report/certificate_words.ts";
import { checkClaims, type CheckedClaim } from "../../report/check_claims.ts";
import { readCertificate } from "../../report/read_certificate.ts";
import { hasSignatureOf } from "../../report/sign_certificate.ts";
import { describeCertificate, summaryOfCertificate } from "../certificate_report.ts";
import { type CommandResult, type Context, defineCommand, type Json, UsageError } from "../command.ts";
import { formatTable } from "../console.ts";
import { CORPUS_OPTIONS, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { measureAgain, type MeasuredAgain } from "../measure_again.ts";
import { differentFiles, modelDigests } from "../model_digests.ts";
import { MODEL_OPTION, modelFolder } from "../model_folder.ts";

const MOST_LINES = 10;

/**
 * The command `verify`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./verify.ts";
 *
 * assertEquals(command.args.certificate.required, true);
 * ```
 */
export const command = defineCommand({
  args: {
    certificate: { kind: "path", describe: "certificate that certify or scrub wrote", required: true },
  },
  options: {
    model: MODEL_OPTION,
    dtype: DTYPE_OPTION,
    corpus: {
      kind: "path",
      describe: "the corpus, to measure again with --forget",
      metavar: "C",
      orInput: true,
    },
    ...CORPUS_OPTIONS,
    forget: { kind: "path", describe: "the forget set of the certificate", metavar: "F" },
    publicKey: { kind: "path", describe: "public Ed25519 key (PEM) of who signed it", metavar: "FILE" },
  },
  async run({ certificate: path, corpus: given, forget, publicKey, ...values }, context) {
    if ((given === undefined) !== (forget === undefined)) {
      throw new UsageError("To measure again takes both --corpus and --forget");
    }
    const certificate = await readCertificate(path);
    if (publicKey !== undefined && !await hasSignatureOf(path, publicKey)) {
      throw new Error(`Cannot verify "${path}": its signature is not of it and "${publicKey}"`);
    }
    await checkModel(certificate, { path, model: values.model }, context);
    const isSigned = publicKey !== undefined;
    if (given === undefined) {
      return describeVerified(path, { certificate, isSigned, claims: null, again: null });
    }
    using corpus = await givenCorpus(given, values);
    const again = await measureAgain(certificate, { ...values, corpus, forget: forget! }, context);
    const claims = checkClaims(certificate.secrets, again.measured);
    return describeVerified(path, { certificate, isSigned, claims, again });
  },
});

/** @throws {Error} when the model's files are not those of the certificate */
async function checkModel(
  { model: { after } }: Certificate,
  { path, model }: { path: string; model: string },
  context: Context,
): Promise<void> {
  const digests = await modelDigests(await modelFolder(model, context), context);
  const others = differentFiles(after, digests).map((name) =>
    name in digests ? name : "a file that is missing"
  );
  if (others.length === 0) return;
  const more = others.length > 1 ? `, and ${others.length - 1} more` : "";
  throw new Error(
    `Cannot verify "${path}" by "${model}": it is another model than the certificate's (${
      others[0]
    } differs${more})`,
  );
}

interface Verified {
  certificate: Certificate;
  isSigned: boolean;
  claims: CheckedClaim[] | null;
  again: MeasuredAgain | null;
}

function describeVerified(path: string, { certificate, isSigned, claims, again }: Verified): CommandResult {
  const { summary: counts, secrets } = certificate;
  const words = {
    statement: statementOf(counts),
    not_reached: notReached(secrets, { membership: counts.membership, request: certificate.request }),
  };
  const said = { ...certificate, ...words };
  const lost = again?.measured.filter((secret) => secret === null).length ?? 0;
  const unlisted = again?.unlisted ?? 0;
  const failed = new Set(claims?.flatMap((claim) => claim.failed)).size;
  const isHeld = failed === 0 && unlisted === 0;
  const measured = claims && formatTable(
    ["claim", "holds", "of secrets", "difference", "tolerance"],
    claims.map(({ claim, secrets, failed, difference, tolerance }) => [
      claim,
      secrets - failed.length,
      secrets,
      difference === null ? null : difference.toFixed(6),
      tolerance,
    ]),
  );
  const summary = {
    holds: isHeld,
    signed: isSigned,
    measured_again: claims !== null,
    claims: (claims ?? []) as unknown as Json[],
    ...{ lost, unlisted },
    ...summaryOfCertificate(said),
    does_not_prove: DOES_NOT_PROVE,
  };
  return {
    text: [
      ...describeCertificate(said),
      isSigned
        ? "signature: by the key that was given"
        : "signature: not checked, so anyone may have written the certificate: that takes --public-key",
      "files of the model: as the certificate says",
      ...failedLines(certificate, claims ?? []),
      measured ?? "scores: not measured again: that takes --corpus and --forget",
      DOES_NOT_PROVE,
    ].join("\n"),
    summary,
    ...!isHeld && { failure: failureOf(path, { certificate, failed, lost, unlisted }) },
  };
}

/** The secrets that fail, as many as one reads, and by which claims. */
function failedLines({ secrets }: Certificate, claims: readonly CheckedClaim[]): string[] {
  const failed = new Map<number, string[]>();
  for (const { claim, failed: numbers } of claims) {
    for (const number of numbers) failed.set(number, [...failed.get(number) ?? [], claim]);
  }
  const lines = [...failed].map(([number, names]) =>
    `does not hold: secrets[${number}] (${secrets[number]!.tag}): ${names.join(", ")}`
  );
  const rest = lines.length - MOST_LINES;
  return rest > 0 ? [...lines.slice(0, MOST_LINES), `and ${rest} others`] : lines;
}

function failureOf(
  path: string,
  { certificate: { secrets }, failed, lost, unlisted }: {
    certificate: Certificate;
    failed: number;
    lost: number;
    unlisted: number;
  },
): string {
  const found = [
    ...failed - lost > 0 ? [`${failed - lost} of its ${secrets.length} secrets do not score as it says`] : [],
    ...lost > 0 ? [`${lost} of its ${secrets.length} secrets are not in the forget set`] : [],
    ...unlisted > 0 ? [`it leaves out ${unlisted} secrets of the forget set`] : [],
  ];
  return `The certificate "${path}" does not hold: ${found.join("; ")}`;
}
