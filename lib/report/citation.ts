/**
 * How to cite a report, the program that wrote it and the paper whose method it follows.
 *
 * @module
 */
import { clipText } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import type { RunTables } from "./run_tables.ts";

const PAPER = `@inproceedings{chu2026scrub,
  title     = {Scrub It Out! Erasing Sensitive Memorization in Code Language Models via Machine Unlearning},
  author    = {Chu, Zhaoyang and others},
  booktitle = {Proceedings of the 48th International Conference on Software Engineering (ICSE)},
  year      = {2026},
  note      = {arXiv:2509.13755}
}`;

/**
 * Renders what to write: the program with its version and, where they are known, its commit, the model and the date.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderCitation } from "./citation.ts";
 *
 * const run = { title: "Run", version: "CodeScrub 0.1.0", origin: { Finished: "2026-11-29 01:30 UTC" } };
 * assertStringIncludes(renderCitation(run).text, "CodeScrub 0.1.0. Report of a run finished 2026-11-29 01:30 UTC.");
 * ```
 */
export function renderCitation({ version, origin = {} }: Pick<RunTables, "version" | "origin">): Markup {
  const { Finished: date, Model: model, "Commit of CodeScrub": commit } = origin;
  const parts = [
    `${clipText(version)}${commit === undefined ? "" : `, commit ${clipText(commit)}`}.`,
    `Report of a run${date === undefined ? "" : ` finished ${clipText(date)}`}${
      model === undefined ? "" : ` on the model ${clipText(model)}`
    }.`,
  ];
  return markup`<p class="cite">${parts.join(" ")}</p>
<p>The measures and the method CodeEraser are those of the paper:</p>
<pre class="cite">${PAPER}</pre>`;
}
