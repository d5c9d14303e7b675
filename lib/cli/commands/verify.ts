/**
 * `verify`: whether a certificate holds for a model. First the certificate itself and the hashes of the model's files;
 * then, with the corpus and the forget set, every secret measured again. Where nothing was measured it is not said to hold,
 * and that is a failure: who asks by a script whether it holds must not take hashes for an answer.
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
import { AGAIN, type AttackAgain, attacksAgain, measureAgain, type MeasuredAgain } from "../measure_again.ts";
import { differentFiles, modelDigests } from "../model_digests.ts";
import { MODEL_OPTION, modelFolder } from "../model_folder.ts";
import { notAgain } from "../not_again.ts";

const MOST_LINES = 10;
/** The others take as long as `attack` does. */
const QUICK: readonly AttackAgain[] = ["extract", "exposure"];

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
    attacks: {
      kind: "list",
      describe: `attacks to run again: ${AGAIN.join(", ")}, or all; ${QUICK.join(" and ")} by default`,
      metavar: "NAME,...",
    },
    filesOnly: {
      kind: "flag",
      describe: "compare the model's files alone: nothing is measured, so whether it holds stays open",
    },
    publicKey: { kind: "path", describe: "public Ed25519 key (PEM) of who signed it", metavar: "FILE" },
  },
  async run({ certificate: path, corpus: given, forget, publicKey, ...values }, context) {
    const { filesOnly } = values;
    if ((given === undefined) !== (forget === undefined)) {
      throw new UsageError("To measure again takes both --corpus and --forget");
    }
    const chosen = chosenAgain(values.attacks);
    if (filesOnly && given !== undefined) {
      throw new UsageError("--files-only measures nothing: leave out --corpus and --forget");
    }
    const certificate = await readCertificate(path);
    if (publicKey !== undefined && !await hasSignatureOf(path, publicKey)) {
      throw new Error(`Cannot verify "${path}": its signature is not of it and "${publicKey}"`);
    }
    await checkModel(certificate, { path, model: values.model }, context);
    const isSigned = publicKey !== undefined;
    if (given === undefined) {
      const open = filesOnly ? undefined : notMeasured(path);
      return describeVerified(path, { certificate, isSigned, claims: null, again: null, open });
    }
    using corpus = await givenCorpus(given, values);
    const attacks = attacksAgain(certificate, chosen);
    const again = await measureAgain(certificate, { ...values, attacks, corpus, forget: forget! }, context);
    const claims = checkClaims(certificate.secrets, again.measured);
    return describeVerified(path, { certificate, isSigned, claims, again });
  },
});

/** @throws {UsageError} for an attack that is not run again */
function chosenAgain(given: readonly string[]): readonly AttackAgain[] {
  const names = given.flatMap((list) => list.split(",")).map((name) => name.trim());
  if (names.includes("all")) return AGAIN;
  const unknown = names.find((name) => !AGAIN.some((other) => other === name));
  if (unknown === undefined) return names.length === 0 ? QUICK : AGAIN.filter((name) => names.includes(name));
  const words = [...AGAIN, "all"].map((name) => `"${name}"`).join(", ");
  throw new UsageError(`Cannot run ${JSON.stringify(unknown)} again: expected ${words}`);
}

function notMeasured(path: string): string {
  return `Cannot say whether the certificate "${path}" holds: nothing was measured: give --corpus and --forget, or ` +
    "--files-only where the files alone are asked about";
}

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
  /** Why nothing can be said, where that is a failure. */
  open?: string | undefined;
}

function describeVerified(
  path: string,
  { certificate, isSigned, claims, again, open }: Verified,
): CommandResult {
  const { summary: counts, secrets } = certificate;
  const words = {
    statement: statementOf(counts),
    not_reached: notReached(secrets, { membership: counts.membership, request: certificate.request }),
  };
  const said = { ...certificate, ...words };
  const lost = again?.measured.filter((secret) => secret === null).length ?? 0;
  const unlisted = again?.unlisted ?? 0;
  const failed = new Set(claims?.flatMap((claim) => claim.failed)).size;
  const isHeld = claims ? failed === 0 && unlisted === 0 : null;
  const left = claims ? notAgain(certificate, again!.measured) : [];
  const summary = {
    holds: isHeld,
    signed: isSigned,
    measured_again: claims !== null,
    claims: (claims ?? []) as unknown as Json[],
    ...{ lost, unlisted, not_measured_again: left },
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
      ...claims
        ? [claimTable(claims), ...left.map((line) => `not measured again: ${line}`)]
        : ["nothing was measured, so whether it holds is open: that takes --corpus and --forget"],
      DOES_NOT_PROVE,
    ].join("\n"),
    summary,
    ...isHeld === false && { failure: failureOf(path, { certificate, failed, lost, unlisted }) },
    ...open !== undefined && { failure: open },
  };
}

function claimTable(claims: readonly CheckedClaim[]): string {
  return formatTable(
    ["claim", "holds", "of secrets", "difference", "tolerance"],
    claims.map(({ claim, secrets, failed, difference, tolerance }) => [
      claim,
      secrets - failed.length,
      secrets,
      difference === null ? null : difference.toFixed(6),
      tolerance,
    ]),
  );
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
