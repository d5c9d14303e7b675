/**
 * What became of each secret in several runs, those first that ended most differently.
 *
 * @module
 */
import { scoreAfter } from "../figures/score_after.ts";
import { isScore, tagStyle } from "../figures/style.ts";
import { clipText, formatCount, formatScore } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import { listMethods, type ReportedSecret, type RunTables } from "./run_tables.ts";

/** Rows that are shown. */
const MAX_ROWS = 200;

interface ChangedSecret {
  readonly secret: ReportedSecret;
  /** MA after each run's main method. */
  readonly scores: readonly (number | null)[];
  /** The last score less the first. */
  readonly change: number;
}

/**
 * Renders a row a secret that the first and the last run scored after unlearning; null where there is none.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderSecretChanges } from "./secret_changes.ts";
 *
 * const secret = { doc_id: "a.py", tag: "KEY", detector: "AWS", description: "KEY, 20 characters", copies: 1, ma_before: 1 };
 * const runs = [0.5, 0.25].map((ma, i) => ({
 *   name: `run ${i}`,
 *   run: { title: "Run", version: "v", secrets: [{ ...secret, ma_after: { ga: ma } }] },
 * }));
 * assertStringIncludes(renderSecretChanges(runs)!.text, "<td>0.500</td><td>0.250</td><td>−0.250</td>");
 * ```
 */
export function renderSecretChanges(
  runs: readonly { readonly name: string; readonly run: RunTables }[],
): Markup | null {
  const changed = joinChanges(runs.map(({ run }) => run));
  if (changed.length === 0) return null;
  const shown = changed.slice(0, MAX_ROWS);
  const columns = [
    "Kind",
    "Secret",
    "Document",
    "MA before",
    ...runs.map(({ name }) => clipText(name)),
    "Change",
  ];
  const rows = shown.map(({ secret, scores, change }) => {
    const cells = [
      clipText(tagStyle(secret.tag).label),
      clipText(secret.description),
      clipText(secret.doc_id),
      formatScore(secret.ma_before),
      ...scores.map((score) => formatScore(score)),
      formatSigned(change),
    ];
    return markup`
<tr>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`;
  });
  const worse = changed.filter(({ change }) => change > 0).length;
  const better = changed.filter(({ change }) => change < 0).length;
  return markup`<div class="scroll tall" role="region" aria-label="Table of changes" tabindex="0"><table class="changes">
<caption>MA after each run, and what the last has more than the first: of ${
    formatCount(changed.length)
  } secrets ${formatCount(better)} score less and ${formatCount(worse)} more.${
    shown.length < changed.length ? ` The ${formatCount(shown.length)} that differ most are shown.` : ""
  }</caption>
<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function formatSigned(change: number): string {
  const text = formatScore(Math.abs(change));
  return `${Number(text) === 0 ? "±" : change < 0 ? "−" : "+"}${text}`;
}

function joinChanges(runs: readonly RunTables[]): ChangedSecret[] {
  const scores = runs.map((run) => {
    const [method] = listMethods(run);
    return new Map(
      (run.secrets ?? []).map((row) => [keyOf(row), { row, score: scoreAfter(row, method) }]),
    );
  });
  return [...scores[0] ?? []].flatMap(([key, { row: secret }]): ChangedSecret[] => {
    const own = scores.map((known) => known.get(key)?.score ?? null);
    const [first, last] = [own[0], own.at(-1)];
    return isScore(first) && isScore(last) ? [{ secret, scores: own, change: last - first }] : [];
  }).toSorted((a, b) => Math.abs(b.change) - Math.abs(a.change));
}

function keyOf({ doc_id, tag, start, end }: ReportedSecret): string {
  return JSON.stringify([doc_id, tag, start, end]);
}
