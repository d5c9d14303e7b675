/**
 * A finding of a scan as people are shown it: where it stands and what kind it is, never its value.
 *
 * @module
 */
import type { FINDING_COLUMNS } from "../datasets/finding_columns.ts";
import type { RowOf } from "../datasets/row_table.ts";
import type { SecretTag } from "../secrets/secret_span.ts";
import { EXTENDED_RULES } from "../secrets/rules/extended_rules.ts";

/** A row of `detect --places`. */
export type ScanFinding = RowOf<typeof FINDING_COLUMNS>;

/** How grave a find is, in SARIF's words and by GitHub's scale from 0 to 10. */
export interface Gravity {
  level: "error" | "warning" | "note";
  severity: string;
  /** What is to be done, for people. */
  advice: string;
}

const ROTATE = "Revoke it where it was issued, issue a new one, and keep that out of the repository: " +
  "removing the line leaves it in the history.";

/** By tag. */
export const GRAVITY: Readonly<Record<SecretTag, Gravity>> = {
  KEY: { level: "error", severity: "9.0", advice: ROTATE },
  PASSWORD: { level: "error", severity: "9.0", advice: ROTATE },
  HASH: {
    level: "warning",
    severity: "6.0",
    advice: "Change the password that it is a hash of: it may be guessed.",
  },
  CARD: { level: "warning", severity: "6.0", advice: "Take it out, and tell who owns it." },
  EMAIL: { level: "note", severity: "2.0", advice: "Take it out where its owner did not publish it." },
  PHONE: { level: "note", severity: "2.0", advice: "Take it out where its owner did not publish it." },
  NAME: { level: "note", severity: "2.0", advice: "Take it out where its owner did not publish it." },
  IP_ADDRESS: { level: "note", severity: "2.0", advice: "Take it out where it tells of a network of yours." },
};

/**
 * How grave a find is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gravityOf } from "./scan_finding.ts";
 *
 * assertEquals([gravityOf("KEY").level, gravityOf("EMAIL").level], ["error", "note"]);
 * ```
 */
export function gravityOf(tag: string): Gravity {
  return GRAVITY[tag as SecretTag] ?? GRAVITY.KEY;
}

const MOST_WORDS = 800; // viewers cut descriptions at 1,024 characters

/**
 * What a detector finds, in a few words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeDetector } from "./scan_finding.ts";
 *
 * assertEquals(describeDetector("my-rule", "PASSWORD"), "PASSWORD, found by my-rule");
 * ```
 */
export function describeDetector(detector: string, tag: string): string {
  const known = [
    ...new Set(EXTENDED_RULES.filter(({ id }) => id === detector).map((rule) => rule.description)),
  ];
  const words = known.length > 0 ? `${detector}: ${known.join("; ")}` : `${tag}, found by ${detector}`;
  return words.length <= MOST_WORDS ? words : `${words.slice(0, MOST_WORDS - 1)}…`;
}

/**
 * A place in a notebook or a history, in words; empty of other files.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeOrigin } from "./scan_finding.ts";
 *
 * const commit = "0123456789".repeat(4);
 * assertEquals(describeOrigin({ cell: 2, cell_line: 1, commit }), "cell 2, line 1, first in commit 0123456789");
 * ```
 */
export function describeOrigin(
  { cell, cell_line, commit }: Pick<ScanFinding, "cell" | "cell_line" | "commit">,
): string {
  return [
    ...(cell === null ? [] : [`cell ${cell}, line ${cell_line}`]),
    ...(commit === null ? [] : [`first in commit ${commit.slice(0, 10)}`]),
  ].join(", ");
}
