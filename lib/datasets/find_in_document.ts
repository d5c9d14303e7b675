/**
 * What detection finds in a document, by its place in the document's text: in the text as it stands, or, of a notebook
 * whose cells are to be read, in what each cell says and in the rest of the file.
 *
 * @module
 */
import { allowComments } from "../secrets/allow_comments.ts";
import { detectSecrets, type ExtraSecret, type Profile } from "../secrets/detect.ts";
import { type FilterOptions, filterSecrets } from "../secrets/filter.ts";
import type { BigramTable } from "../secrets/gibberish.ts";
import type { RuleDetector } from "../secrets/rule_detector.ts";
import type { SecretSpan } from "../secrets/secret_span.ts";
import type { Document } from "./corpus_piece.ts";
import { notebookTexts } from "./notebook_texts.ts";

/** How to look. */
export interface FindInDocumentOptions {
  /** Keep what the value filter drops. */
  unfiltered?: boolean;
  bigrams?: BigramTable;
  /** The profile whose rules are followed; see `detectSecrets`. */
  profile?: Profile;
  /** How the value filter reads its rules; see `filterSecrets`. */
  compat?: FilterOptions["compat"];
  /** What else to look for, with the extended profile. */
  also?: readonly ExtraSecret[];
  /** Rules that others wrote; see `detectSecrets`. What they find is not filtered by value. */
  rules?: Pick<RuleDetector, "find">;
  /** Read the cells of a notebook as what they say, not as the JSON that spells them. */
  cells?: boolean;
  /** See whether a comment allows what was found; see `allowComments`. */
  comments?: boolean;
}

/** A secret of a document; its span is in the document's text. */
export interface FoundInDocument extends SecretSpan {
  /** The value; in a notebook's text a stretch that spells it may have more characters. */
  value: string;
  /** The cell of a notebook, from 1, and the line in what it says; null elsewhere. */
  cell: number | null;
  cellLine: number | null;
  /** Whether a comment allows it. */
  isAllowed: boolean;
}

/**
 * The secrets of a document, by their start.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findInDocument } from "./find_in_document.ts";
 *
 * const text = '{"cells": [{"source": ["a = 1\\n", "mail = \\"ada@mail.invalid\\""]}]}';
 * const [found] = findInDocument({ docId: "a.ipynb", path: "a.ipynb", text }, { cells: true });
 * assertEquals([found?.cell, found?.cellLine, found?.value], [1, 2, "ada@mail.invalid"]);
 * ```
 */
export function findInDocument(document: Document, options: FindInDocumentOptions): FoundInDocument[] {
  const { text } = document;
  const name = document.path ?? document.docId;
  const isCell = options.cells && name.toLowerCase().endsWith(".ipynb");
  const cells = isCell ? notebookTexts(text) : [];
  const whole = findIn(text, name, options).map((one) => ({ ...one, cell: null, cellLine: null }));
  if (cells.length === 0) return whole;
  // Cells follow one another, and what a cell says is looked for in its text alone.
  const isInCell = ({ start, end }: SecretSpan) => {
    let [low, high] = [0, cells.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cells[middle]!.place.end <= start) low = middle + 1;
      else high = middle;
    }
    return low < cells.length && cells[low]!.place.start < end;
  };
  const inCells = cells.flatMap(({ cell, text, spanOf }) => {
    let [line, at] = [1, 0];
    return findIn(text, name, options).map((one) => {
      for (let end = text.indexOf("\n", at); end >= 0 && end < one.start; end = text.indexOf("\n", at)) {
        line++;
        at = end + 1;
      }
      return { ...one, ...spanOf(one), cell, cellLine: line };
    });
  });
  return [...whole.filter((one) => !isInCell(one)), ...inCells].sort(compareSpans);
}

/** By start and end, and what they are called, as detection sorts them. */
function compareSpans(a: SecretSpan, b: SecretSpan): number {
  return a.start - b.start || a.end - b.end || (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0);
}

/** What is found in a text, with its values. */
function findIn(text: string, path: string, options: FindInDocumentOptions) {
  const { bigrams, profile, compat, also, rules, unfiltered = false, comments = false } = options;
  const found = detectSecrets(text, {
    ...(bigrams && { bigrams }),
    ...(profile && { profile }),
    ...(also && { also }),
    ...(rules && { rules, path }),
  });
  const spans = unfiltered || rules && profile !== "extended" ? found : filterSecrets(text, found, {
    ...(profile && { profile }),
    ...(compat && { compat }),
  });
  if (spans.length === 0) return [];
  const isAllowed = comments ? allowComments(text) : () => false;
  return spans.map((span) => ({
    ...span,
    value: text.slice(span.start, span.end),
    isAllowed: isAllowed(span),
  }));
}
