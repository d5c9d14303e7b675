/**
 * Kinds of secret beside their own baseline: twins, secrets of the same kind in the same sort of code that the model was
 * never trained on. Parts of some kinds can be guessed (reserved addresses, fixed prefixes), so a kind's score says what
 * was memorized only beside its twins'.
 *
 * @module
 */
import type { GroupRow } from "../figures/ma_by_group.ts";
import { scoreAfter } from "../figures/score_after.ts";
import { isScore, modelStyle, percentText, tagStyle } from "../figures/style.ts";
import { clipText, joinWords } from "./format.ts";
import type { RunTables } from "./run_tables.ts";

/** Mean scores of one kind; null where there is none. */
export interface KindScores {
  /** EMAIL, IP_ADDRESS or KEY. */
  readonly tag: string;
  /** Its name, as plain text. */
  readonly label: string;
  /** The twins' mean MA. */
  readonly twins: MeanScore;
  /** The mean MA of the forget set's secrets under the model as it came. */
  readonly before: MeanScore;
  /** The mean MA of the same secrets after the method. */
  readonly after: MeanScore;
}

/** A mean and what it is of. */
export interface MeanScore {
  /** Mean MA. */
  readonly ma: number | null;
  /** Its standard error; null for fewer than two scores. */
  readonly se: number | null;
  /** How many scores. */
  readonly count: number;
}

/**
 * Compares the kinds that the run has twins of, by name; none where it has no twins.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareKinds } from "./kinds.ts";
 *
 * const secret = { doc_id: "a.py", detector: "Ip", description: "IP_ADDRESS, 9 characters", copies: 1 };
 * const [kind] = compareKinds({
 *   title: "Run",
 *   version: "CodeScrub 0.1.0",
 *   twins: [{ tag: "IP_ADDRESS", ma: 0.5 }, { tag: "IP_ADDRESS", ma: 0.75 }],
 *   secrets: [{ ...secret, tag: "IP_ADDRESS", ma_before: 1, ma_after: { ga: 0.25 } }],
 * }, "ga");
 * assertEquals([kind?.label, kind?.twins.ma, kind?.before.ma, kind?.after.ma], ["IP address", 0.625, 1, 0.25]);
 * ```
 */
export function compareKinds(
  { twins = [], secrets = [] }: RunTables,
  method: string | undefined,
): KindScores[] {
  const scored = secrets.flatMap((row) => {
    const [before, after] = [row.ma_before, scoreAfter(row, method)];
    return isScore(before) && after !== null ? [{ tag: row.tag, before, after }] : [];
  });
  const kinds = [...new Set(twins.filter(({ ma }) => isScore(ma)).map(({ tag }) => tag))].toSorted();
  return kinds.map((tag) => {
    const own = scored.filter((row) => row.tag === tag);
    return {
      tag,
      label: clipText(tagStyle(tag).label),
      twins: meanOf(twins.filter((row) => row.tag === tag).map(({ ma }) => ma)),
      before: meanOf(own.map(({ before }) => before)),
      after: meanOf(own.map(({ after }) => after)),
    };
  });
}

function meanOf(scores: readonly (number | null)[]): MeanScore {
  const known = scores.filter(isScore);
  const count = known.length;
  if (count === 0) return { ma: null, se: null, count };
  const ma = known.reduce((sum, score) => sum + score, 0) / count;
  const squares = known.reduce((sum, score) => sum + (score - ma) ** 2, 0);
  return { ma, se: count < 2 ? null : Math.sqrt(squares / (count - 1) / count), count };
}

/**
 * The secrets and the twins one by one, as the figure of kinds takes them: never trained on, before and after.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { kindRows } from "./kinds.ts";
 *
 * const twins = [{ tag: "KEY", ma: 0.25 }];
 * const rows = kindRows({ title: "Run", version: "CodeScrub 0.1.0", twins }, undefined);
 * assertEquals(rows, [{ group: "key", part: "twins never trained on", ma: 0.25 }]);
 * ```
 */
export function kindRows(run: RunTables, method: string | undefined): GroupRow[] {
  const { twins = [], secrets = [] } = run;
  const tags = new Set(compareKinds(run, method).map(({ tag }) => tag));
  const group = (tag: string) => tagStyle(tag).label;
  const treated = secrets.filter((row) =>
    tags.has(row.tag) && isScore(row.ma_before) && scoreAfter(row, method) !== null
  );
  return [
    ...twins.map(({ tag, ma }) => ({ group: group(tag), part: "twins never trained on", ma })),
    ...treated.map(({ tag, ma_before }) => ({ group: group(tag), part: "before", ma: ma_before })),
    ...treated.map((row) => ({
      group: group(row.tag),
      part: `after ${modelStyle(method!).label}`,
      ma: scoreAfter(row, method),
    })),
  ];
}

/**
 * What twins of each kind score on average, by tag.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { twinMeans } from "./kinds.ts";
 *
 * const run = { title: "Run", version: "CodeScrub 0.1.0", twins: [{ tag: "KEY", ma: 0.25 }, { tag: "KEY", ma: 0.75 }] };
 * assertEquals(twinMeans(run).get("KEY"), 0.5);
 * ```
 */
export function twinMeans(run: RunTables): Map<string, number> {
  return new Map(compareKinds(run, undefined).map(({ tag, twins }) => [tag, twins.ma!]));
}

/**
 * What twins of each kind score, in a sentence; none where there are twins of fewer than two kinds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeTwins } from "./kinds.ts";
 *
 * const twins = [{ tag: "KEY", ma: 0.25 }, { tag: "IP_ADDRESS", ma: 0.64 }];
 * assertEquals(describeTwins({ title: "Run", version: "CodeScrub 0.1.0", twins }), [
 *   "Kinds differ in what can be guessed: secrets that the model never trained on (twins) reach 64.0% as IP address " +
 *   "and 25.0% as key, so each kind has its own baseline.",
 * ]);
 * ```
 */
export function describeTwins(run: RunTables): string[] {
  const kinds = compareKinds(run, undefined).toSorted((a, b) => (b.twins.ma ?? 0) - (a.twins.ma ?? 0));
  if (kinds.length < 2) return [];
  const list = joinWords(kinds.map(({ label, twins }) => `${percentText(twins.ma)} as ${label}`));
  return [
    `Kinds differ in what can be guessed: secrets that the model never trained on (twins) reach ${list}, so each kind ` +
    "has its own baseline.",
  ];
}

/**
 * What a method left of each kind beside its twins, in a sentence; none where one of them was not scored.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeKindsAfter } from "./kinds.ts";
 *
 * const run = { title: "Run", version: "CodeScrub 0.1.0", twins: [{ tag: "KEY", ma: 0.25 }] };
 * assertEquals(describeKindsAfter(run, "ga"), []);
 * ```
 */
export function describeKindsAfter(run: RunTables, method: string): string[] {
  const kinds = compareKinds(run, method).filter(({ after }) => after.count > 0);
  if (kinds.length === 0) return [];
  const nameKinds = (isBetter: boolean) =>
    joinWords(
      kinds.filter((kind) => isBetterKnown(kind) === isBetter)
        .map(({ label, after, twins }) =>
          `${label} (${percentText(after.ma)}, twins ${percentText(twins.ma)})`
        ),
    );
  const [better, equal] = [nameKinds(true), nameKinds(false)];
  const parts = [
    ...(equal ? [`no better known than twins that it never trained on: ${equal}`] : []),
    ...(better ? [`still better known than their twins: ${better}`] : []),
  ];
  return [`By kind, within two standard errors, ${parts.join("; ")}.`];
}

/** Whether a kind is left above its twins by more than chance makes of two means. */
function isBetterKnown({ after, twins }: KindScores): boolean {
  return after.ma! - twins.ma! > 2 * Math.hypot(after.se ?? 0, twins.se ?? 0);
}
