/**
 * The cells of a Jupyter notebook as what they say: each code, output or paragraph is one text, though the file spells it
 * in JSON, a string a line. Every character is led back to its place in the file, so that what is found in a text has a
 * span there. What is no notebook has no such texts; nothing throws.
 *
 * Source: the notebook format 4.5 (nbformat), and 3, whose cells stand in `worksheets`.
 *
 * @module
 */
import type { Span } from "../secrets/secret_span.ts";

/** One text of a cell. */
export interface NotebookText {
  /** The cell's number, from 1. */
  cell: number;
  text: string;
  /** Where the strings that spell it stand in the file. */
  place: Span;
  /** The span in the file of a span of the text. */
  spanOf: (span: Span) => Span;
}

/** Keys whose strings say something; of an output's `data` all but pictures. */
const TEXTS = /^(?:source|input|text|traceback|evalue)$/;
const PICTURE = /^(?:image|audio|video)\//;

/** An array or object that is open. */
interface Container {
  isArray: boolean;
  /** The key at which the next value stands. */
  key: string;
  /** Values so far, in an array. */
  count: number;
  /** The text that the strings of this array make together. */
  strings: Piece[] | null;
}

/** A string of the file. */
interface Piece extends Span {
  cell: number;
}

/**
 * The texts of a notebook's cells.
 *
 * @param file the notebook as it stands in its file
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { notebookTexts } from "./notebook_texts.ts";
 *
 * const file = '{"cells": [{"source": ["a = 1\\n", "b = 2"]}]}';
 * const [only] = notebookTexts(file);
 * assertEquals([only!.cell, only!.text], [1, "a = 1\nb = 2"]);
 * const { start, end } = only!.spanOf({ start: 6, end: 11 });
 * assertEquals(file.slice(start, end), "b = 2");
 * ```
 */
export function notebookTexts(file: string): NotebookText[] {
  const found: NotebookText[] = [];
  const way: Container[] = [];
  const close = ({ strings }: Container) => {
    if (strings && strings.length > 0) found.push(joined(file, strings));
  };
  for (const [token, index] of tokensOf(file)) {
    const top = way.at(-1);
    if (token === "{" || token === "[") {
      if (way.length === MOST_DEEP) return [];
      const isText = token === "[" && top !== undefined && cellOf(way) > 0 && saysText(way);
      way.push({ isArray: token === "[", key: "", count: 0, strings: isText ? [] : null });
    } else if (token === "}" || token === "]") {
      if (top) close(top);
      way.pop();
      countValue(way.at(-1));
    } else if (token.startsWith('"')) {
      if (top && !top.isArray && top.key === "") {
        top.key = keyOf(token);
        continue;
      }
      const piece = { cell: cellOf(way), start: index + 1, end: index + token.length - 1 };
      if (top?.strings) top.strings.push(piece);
      else if (piece.cell > 0 && top && !top.isArray && saysText(way)) found.push(joined(file, [piece]));
      countValue(top);
    } else countValue(top);
  }
  return found;
}

const MOST_DEEP = 64;
const TOKEN = /["[\]{}]|[^\s,:"[\]{}]+/g;
const STRING_END = /["\\]/g;

/** Strings, brackets, and what else is a value, with their places; up to a string that nothing ends. */
function* tokensOf(file: string): Generator<[token: string, index: number]> {
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(file); match; match = TOKEN.exec(file)) {
    const { 0: token, index } = match;
    let end = TOKEN.lastIndex;
    if (token === '"') {
      for (;;) {
        STRING_END.lastIndex = end;
        const found = STRING_END.exec(file);
        if (!found) return;
        end = found.index + (found[0] === "\\" ? 2 : 1);
        if (found[0] === '"') break;
      }
    }
    yield [file.slice(index, end), index];
    TOKEN.lastIndex = end;
  }
}

function countValue(container: Container | undefined): void {
  if (!container) return;
  container.key = "";
  container.count++;
}

function keyOf(token: string): string {
  if (token.length > 100) return "?"; // none of ours
  try {
    return JSON.parse(token) || "?";
  } catch {
    return "?";
  }
}

/** The number of the cell that is open; 0 where none is. */
function cellOf(way: readonly Container[]): number {
  const at = way[0]?.key === "cells" ? 1 : way[0]?.key === "worksheets" && way[2]?.key === "cells" ? 3 : 0;
  return at > 0 && way[at]?.isArray && way.length > at + 1 ? way[at]!.count + 1 : 0;
}

/** Whether the value at hand is one of those that say something: what holds it tells. */
function saysText(way: readonly Container[]): boolean {
  const key = way.at(-1)!.key;
  const above = way.at(-2);
  return above !== undefined && !above.isArray && above.key === "data" ? !PICTURE.test(key) : TEXTS.test(key);
}

const ESCAPE = /\\(?:u([\da-fA-F]{4})|(.))/gs;
const MEANT: { readonly [letter: string]: string } = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/** The text of strings that follow one another. */
function joined(file: string, strings: readonly Piece[]): NotebookText {
  const place = { start: strings[0]!.start, end: strings.at(-1)!.end };
  const texts: string[] = [];
  /** Where stretches without an escape, and escapes, begin in the text and in the file. */
  const [inText, inFile, widths]: [number[], number[], number[]] = [[], [], []];
  let length = 0;
  const add = (text: string, start: number, width: number) => {
    if (text === "") return;
    inText.push(length);
    inFile.push(start);
    widths.push(width);
    texts.push(text);
    length += text.length;
  };
  for (const { start, end } of strings) {
    const raw = file.slice(start, end);
    let from = 0;
    for (const { 0: escape, 1: code, 2: letter, index } of raw.matchAll(ESCAPE)) {
      add(raw.slice(from, index), start + from, 1);
      const meant = code === undefined ? MEANT[letter!] ?? letter! : String.fromCharCode(parseInt(code, 16));
      add(meant, start + index, escape.length);
      from = index + escape.length;
    }
    add(raw.slice(from), start + from, 1);
  }
  /** Where the character at a place of the text begins in the file, and where it ends. */
  const at = (unit: number): Span => {
    let [low, high] = [0, inText.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (inText[middle]! <= unit) low = middle + 1;
      else high = middle;
    }
    const i = low - 1;
    const start = inFile[i]! + (widths[i] === 1 ? unit - inText[i]! : 0);
    return { start, end: start + widths[i]! };
  };
  return {
    cell: strings[0]!.cell,
    text: texts.join("").toWellFormed(),
    place,
    spanOf: ({ start, end }) => ({ start: at(start).start, end: at(end - 1).end }),
  };
}
