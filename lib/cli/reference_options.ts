/**
 * What commands beside `unlearn` take of the reference's ways, and which rows of a forget set all of them treat by these.
 *
 * @module
 */
import type { ExampleSource } from "../datasets/examples.ts";
import type { ForgetRow } from "../datasets/forget_set.ts";
import { type ReferenceRow, type ReferenceRows, referenceRows } from "../datasets/reference_rows.ts";
import type { Context, OptionSpecs } from "./command.ts";

/** The options by name. */
export const REFERENCE_OPTIONS = {
  compat: {
    kind: "choice",
    describe:
      "by whose definitions: as these are meant, or as the reference's code has them (docs/reference.md)",
    choices: ["sound", "reference"],
    default: "sound",
  },
  keepShort: {
    kind: "flag",
    describe:
      "with --compat reference: documents shorter than a window as any others, which the reference drops",
  },
} as const satisfies OptionSpecs;

/** Their values; `unlearn` knows the paper's rule besides. */
export interface ReferenceValues {
  compat: "sound" | "paper" | "reference";
  keepShort: boolean;
}

/** What is left out, as a summary has it. */
export type LeftOut = Omit<ReferenceRows, "rows">;

/** The rows that a command treats, and what it leaves out; null where it takes all. */
export interface TreatedRows {
  rows: readonly (ForgetRow & Partial<Pick<ReferenceRow, "marksPadding">>)[];
  left: LeftOut | null;
}

/**
 * The rows of a forget set that a command treats: all, or by `--compat reference` those that the reference would. Says in a
 * line what is left out.
 *
 * @param source in which the rows' documents are
 * @param options.forget the table, for messages
 * @throws {RangeError} when nothing is left; as `referenceRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { treatedRows } from "./reference_options.ts";
 *
 * const row = { doc_id: "a", window: 9, spans: "[]", ma: 1, mask_tokens: 5 };
 * const how = { compat: "sound", keepShort: false, forget: "f.csv", log: () => {} } as const;
 * assertEquals(await treatedRows([row], {} as never, how), { rows: [row], left: null });
 * ```
 */
export async function treatedRows(
  rows: readonly ForgetRow[],
  source: ExampleSource,
  { compat, keepShort, forget, log }: ReferenceValues & { forget: string } & Pick<Context, "log">,
): Promise<TreatedRows> {
  if (compat !== "reference") return { rows, left: null };
  const { rows: taken, ...left } = await referenceRows(source, rows, { keepsShort: keepShort });
  const found = describeLeftOut(left);
  if (taken.length === 0) {
    const advice = left.short > 0 ? "give --keep-short" : "give rows of probe --compat reference";
    throw new RangeError(`Cannot use "${forget}" as the reference does: it leaves out ${found}: ${advice}`);
  }
  if (found !== "") log(`Left out as by the reference: ${found}`);
  return { rows: taken, left };
}

/**
 * What the reference leaves out, in words; empty where that is nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeLeftOut } from "./reference_options.ts";
 *
 * assertEquals(describeLeftOut({ windows: 1, short: 0, secrets: 2 }), "1 later window, 2 secrets that are cut off");
 * ```
 */
export function describeLeftOut({ windows, short, secrets }: LeftOut): string {
  const count = (number: number, what: string, rest = "") =>
    number === 0 ? [] : [`${number} ${what}${number === 1 ? "" : "s"}${rest}`];
  return [
    ...count(windows, "later window"),
    ...count(short, "document", " shorter than a window"),
    ...count(secrets, "secret", secrets === 1 ? " that is cut off" : " that are cut off"),
  ].join(", ");
}
