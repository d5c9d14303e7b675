/**
 * The verdict at the report's top: a sentence, and each check with its numbers or the command that makes it.
 *
 * @module
 */
import type { Check } from "./check.ts";
import { type Markup, markup } from "./markup.ts";
import type { RunTables } from "./run_tables.ts";
import { describeVerdict, judgeRun } from "./verdict.ts";

const SIGNS = { passed: "✓", failed: "✗", "not measured": "?" } as const satisfies Record<
  Check["state"],
  string
>;

/** What a class is called, as a name has no blank. */
const CLASSES = { passed: "passed", failed: "failed", "not measured": "open" } as const;

/**
 * Renders the verdict.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderVerdict } from "./verdict_section.ts";
 *
 * const { text } = renderVerdict({ title: "Run", version: "v" });
 * assertStringIncludes(text, "<code>codescrub attack --attacks quantize</code>");
 * ```
 */
export function renderVerdict(run: RunTables): Markup {
  const checks = judgeRun(run);
  // what is known comes first, in the order of the questions
  const sorted = checks.toSorted((a, b) =>
    Number(a.state === "not measured") - Number(b.state === "not measured")
  );
  const list = markup`<ul class="checks">${sorted.map(renderCheck)}</ul>`;
  const isOpen = checks.every(({ state }) => state === "not measured");
  return markup`<p class="lead">${describeVerdict(run, checks)}</p>
${
    isOpen
      ? markup`<details><summary>The checks, and the commands that make them</summary>${list}</details>`
      : markup`<p class="terms">MA (memorization accuracy) is the share of a secret's tokens that the model predicts
right; EL_n (extraction likelihood) is how much of it comes out by itself, n tokens in a row. The forget set was to be erased, the
retain set was to stay: <a href="#glossary">more words</a>.</p>${list}`
  }`;
}

/**
 * Renders how a check went: a sign and words.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderState } from "./verdict_section.ts";
 *
 * assertStringIncludes(renderState("failed").text, "</span> failed</span>");
 * ```
 */
export function renderState(state: Check["state"]): Markup {
  return markup`<span class="state ${CLASSES[state]}"><span aria-hidden="true">${
    SIGNS[state]
  }</span> ${state}</span>`;
}

function renderCheck({ name, state, text, command }: Check): Markup {
  return markup`
<li class="check">${renderState(state)}
<div><b>${name}</b><p>${text}${
    command === undefined ? null : markup` Measured by <code>codescrub ${command}</code>.`
  }</p></div></li>`;
}
