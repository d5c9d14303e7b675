/**
 * The note in the place of what a run's folder does not have.
 *
 * @module
 */
import { type Markup, markup } from "./markup.ts";
import { describeMissing, type RunPartName } from "./run_files.ts";

/**
 * Renders the note: what is missing and what makes it, in one line.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderMissing } from "./missing.ts";
 *
 * assertStringIncludes(renderMissing("documents").text, "<code>codescrub probe</code> makes probe.parquet");
 * ```
 */
export function renderMissing(name: RunPartName): Markup {
  const parts = describeMissing(name).split("`");
  return markup`<p class="missing">${
    parts.map((part, index) => index % 2 === 1 ? markup`<code>${part}</code>` : part)
  }</p>`;
}
