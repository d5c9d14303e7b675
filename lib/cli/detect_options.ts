/**
 * The options of `detect`: how it looks, what it reads, what it leaves out, and what it writes.
 *
 * @module
 */
import { EXTRA_SECRETS, type ExtraSecret, type Profile, PROFILES } from "../secrets/detect.ts";
import { type OptionSpecs, type OptionValues, UsageError } from "./command.ts";
import { CORPUS_OPTIONS } from "./corpus_options.ts";
import { flagOf } from "./options.ts";
import { SHARD_OPTION } from "./shard.ts";

/** The options. */
export const DETECT_OPTIONS = {
  out: { kind: "path", describe: "table of the secrets", metavar: "F" },
  sarif: { kind: "path", describe: "the findings as SARIF 2.1.0, without values", metavar: "F" },
  html: { kind: "path", describe: "the findings as one HTML page, without values", metavar: "F" },
  failOnFindings: { kind: "flag", describe: "list the places, and exit 1 where there is one" },
  profile: {
    kind: "choice",
    describe: "what CodeEraser's detection finds, or what more rules with fewer false alarms do",
    choices: PROFILES,
    default: "reference",
  },
  compat: {
    kind: "choice",
    describe: "whose reading of the value filter: reference drops 172.160 to 172.199 as local too",
    choices: ["sound", "paper", "reference"],
    default: "sound",
  },
  rules: {
    kind: "path",
    describe: "rules in gitleaks' format, in place of the reference profile's or beside the extended one's",
    metavar: "F",
  },
  also: { kind: "list", describe: "with the extended profile: phone, card or name", metavar: "KIND" },
  unfiltered: { kind: "flag", describe: "keep what the value filter drops (examples, local addresses)" },
  bigrams: { kind: "path", describe: "counts of letter pairs for the gibberish rule (JSON)", metavar: "F" },
  git: { kind: "flag", describe: "the corpus is a git repository: every content of its history, once" },
  commits: {
    kind: "string",
    describe: "with --git: only what these brought in, as main..HEAD",
    metavar: "RANGE",
  },
  staged: { kind: "flag", describe: "the corpus is a git repository: what the next commit would bring in" },
  decode: {
    kind: "flag",
    describe:
      "read UTF-16 with a byte order mark and Windows-1252 too, and cells of notebooks as what they say",
  },
  allow: { kind: "path", describe: "allow-list of what is known to be no secret", metavar: "F" },
  allowComments: {
    kind: "flag",
    describe: "leave out what a comment on its line allows (codescrub:allow, gitleaks:allow, ...)",
  },
  ignore: { kind: "path", describe: "leave out these places (.gitleaksignore)", metavar: "F" },
  baseline: { kind: "path", describe: "leave out what an earlier table of detect has", metavar: "F" },
  places: { kind: "flag", describe: "columns for people: line, column, cell, commit, masked value" },
  ...CORPUS_OPTIONS,
  skipped: { kind: "path", describe: "table of the files that were not searched, and why", metavar: "F" },
  shard: SHARD_OPTION,
  workers: { kind: "int", describe: "threads; as many as there are cores by default", min: 1, max: 256 },
  reveal: { kind: "flag", describe: "write the secrets themselves, in a column of their own" },
} as const satisfies OptionSpecs;

/** Their values. */
export type DetectValues = OptionValues<typeof DETECT_OPTIONS>;

/**
 * What was asked for beside the profile's own.
 *
 * @throws {UsageError} If something unknown is asked for, or of the reference profile.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { readExtras } from "./detect_options.ts";
 *
 * assertThrows(() => readExtras({ also: ["iban"], profile: "extended" }), Error, "one of phone, card, name is needed");
 * ```
 */
export function readExtras({ also, profile }: { also: readonly string[]; profile: Profile }): ExtraSecret[] {
  const unknown = also.find((name) => !(EXTRA_SECRETS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`Cannot read --also "${unknown}": one of ${EXTRA_SECRETS.join(", ")} is needed`);
  }
  if (also.length > 0 && profile !== "extended") {
    throw new UsageError("Cannot use --also with the reference profile: give --profile extended");
  }
  return also as ExtraSecret[];
}

/** What of the options must fit together. */
type Together = Pick<
  DetectValues,
  "out" | "sarif" | "html" | "failOnFindings" | "git" | "staged" | "commits" | "format"
>;

/**
 * Refuses options that do not go together.
 *
 * @throws {UsageError} with what to give
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkDetectOptions } from "./detect_options.ts";
 *
 * const values = { failOnFindings: false, git: false, staged: false } as Parameters<typeof checkDetectOptions>[0];
 * assertThrows(() => checkDetectOptions(values, false), Error, 'Missing option "--out"');
 * assertThrows(() => checkDetectOptions({ ...values, sarif: "a.sarif" }, true), Error, "--sarif with a shard");
 * ```
 */
export function checkDetectOptions(values: Together, isShard: boolean): void {
  const { out, sarif, html, failOnFindings, git, staged, commits, format } = values;
  if (out === undefined && sarif === undefined && html === undefined && !failOnFindings) {
    throw new UsageError(
      `Missing option "--out": ${DETECT_OPTIONS.out.describe}; or --sarif, --html or --fail-on-findings`,
    );
  }
  const whole = (["sarif", "html"] as const).find((name) => values[name] !== undefined);
  if (isShard && whole !== undefined) {
    throw new UsageError(
      `Cannot use ${
        flagOf(whole)
      } with a shard, of which it would show a part: give --places, and merge the tables`,
    );
  }
  if (isShard && out === undefined) throw new UsageError('Missing option "--out": a shard writes a table');
  if (git && staged) throw new UsageError("Cannot use --staged with --git: give one of them");
  if (commits !== undefined && !git) throw new UsageError("Cannot use --commits without --git");
  if ((git || staged) && format !== undefined) {
    throw new UsageError(`Cannot use --format with ${git ? "--git" : "--staged"}: a history has files`);
  }
}
