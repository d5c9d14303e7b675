/**
 * What a run has no data for, in one short list at the report's end: sections and figures without data would only stand
 * between the others.
 *
 * @module
 */
import { type Markup, markup } from "./markup.ts";
import { RUN_PARTS, type RunPart, type RunPartName } from "./run_files.ts";

/** Something that the report would show. */
export interface MissingItem {
  /** What the run must have written. */
  readonly needs: RunPartName;
  /** The heading that it would have. */
  readonly title: string;
}

/**
 * Renders the list, a line a part; null where nothing is missing.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderMissing } from "./missing.ts";
 *
 * const { text } = renderMissing([{ needs: "documents", title: "Memorization" }])!;
 * assertStringIncludes(text, "<code>codescrub probe</code> makes probe.parquet, for “Memorization”");
 * ```
 */
export function renderMissing(items: readonly MissingItem[]): Markup | null {
  if (items.length === 0) return null;
  const groups = [...Map.groupBy(items, ({ needs }) => needs)];
  return markup`<ul class="absent">${
    groups.map(([needs, own]) => {
      const { what, command, file }: RunPart = RUN_PARTS[needs];
      const titles = [...new Set(own.map(({ title }) => `“${title}”`))].join(", ");
      return markup`
<li>${what}: <code>codescrub ${command}</code> makes ${file}, for ${titles}</li>`;
    })
  }</ul>`;
}
