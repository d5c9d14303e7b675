/**
 * The columns of `crawl`'s and `collect`'s tables.
 *
 * @module
 */
import type { Columns } from "./columns.ts";

/** Repositories that `crawl` found. */
export const REPOSITORY_COLUMNS = {
  repo: "text",
  url: "text",
  stars: "int",
  created: "text",
  licence: "text?",
  language: "text?",
  kilobytes: "int?",
} as const satisfies Columns;

/** What became of each repository or package that `collect` looked at. */
export const SOURCE_COLUMNS = {
  repo: "text",
  version: "text?",
  created: "text?",
  licence: "text?",
  documents: "int",
  skipped: "int",
  reason: "text?",
} as const satisfies Columns;
