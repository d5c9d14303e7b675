/**
 * Single lines on which a rule of detection has the most to do, by the recipes of tests/fixtures/nasty_lines.json: beginnings
 * of a token without its end, quotes that nothing closes, values with all in common but their ends. A recipe's body is
 * repeated; § and ¤ in it are base64 and hexadecimal digits drawn at random. Where it grows, the line is of quoted values of
 * 20, 21, 22 ... units. tests/fixtures/make_nasty_spans.py makes the same lines.
 *
 * @module
 */

import { EXTENDED_RULES } from "../lib/secrets/rules/extended_rules.ts";
import { expandExample } from "./secrets/expand_example.ts";

/** How to make a line. */
export interface NastyLine {
  /** The rule that it is for. */
  rule: string;
  /** What the line begins with. */
  head?: string;
  /** What is repeated. */
  body?: string;
  /** In place of that: what is drawn from at random. */
  words?: readonly string[];
  /** What it ends with. */
  tail?: string;
  /** Quoted values of the repeated body, each a unit longer than the one before. */
  grow?: boolean;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX = "0123456789abcdef";
const LEAST = 20;

/** The recipes. */
export const NASTY_LINES: readonly NastyLine[] = JSON.parse(
  await Deno.readTextFile(new URL("fixtures/nasty_lines.json", import.meta.url)),
);

/** Recipes for the rows of the extended profile's table: their examples, whole, without their ends, and their beginnings. */
export const ROW_LINES: readonly NastyLine[] = EXTENDED_RULES.flatMap(({ id, examples }) =>
  examples.flatMap((recipe) => {
    const { text } = expandExample(recipe, 1);
    const bodies = [text, text.slice(0, -1), text.slice(0, text.length / 2), text.slice(0, 8)];
    return bodies.map((body) => ({ rule: id, body }));
  })
);

const NAMES = ["access", "auth", "credential", "key", "password", "secret", "token"];

/** Rules as a user's file may have them: a general one with allow lists, one for a token, one that wants another near. */
export const USER_RULES = {
  rules: [
    {
      id: "generic-value",
      regex:
        `(?i)[\\w.-]{0,50}?(?:${NAMES.join("|")})(?:[ \\t\\w.-]{0,20})[\\s'"]{0,3}(?:=|>|:{1,3}=|:|=>|,)` +
        `['"\\s=]{0,5}([\\w.=-]{10,150}|[a-z0-9][a-z0-9+/]{11,}={0,3})(?:['"\\s;]|\\\\[nr]|$)`,
      entropy: 3.5,
      keywords: NAMES,
      allowlists: [
        { regexes: ["^[a-zA-Z_.-]+$"], stopwords: ["example", "test"] },
        { regexTarget: "line", regexes: ["import[ \\t]+{[ \\t\\w,]+}[ \\t]+from"] },
      ],
    },
    { id: "made-token", regex: "made_[0-9A-Za-z+/]{20}" },
    { id: "pair", regex: "id=(\\w{8})", required: [{ id: "made-token", withinLines: 0, withinColumns: 3 }] },
  ],
};

/** Lines for them: words drawn at random, values that are found, values that two rules find, pairs that are too far. */
export const USER_LINES: readonly NastyLine[] = [
  { rule: "generic-value, words", words: [...NAMES, ..."=:'\" -_.>a7"] },
  { rule: "generic-value, found", body: "key='§§§§§§§§§§§§§§§§§§§§';" },
  { rule: "generic-value and another", body: "key='§§§§§§§§§§§§§§§§§§§§';made_§§§§§§§§§§§§§§§§§§§§ " },
  { rule: "pair", body: "id=§§§§§§§§ ;;; made_§§§§§§§§§§§§§§§§§§§§ ;;; " },
];

/** A line of `length` units by a recipe. */
export function nastyLine(
  { head = "", body = "", words, tail = "", grow = false }: NastyLine,
  length: number,
): string {
  let state = 1;
  const draw = (
    below: number,
  ) => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff, (state >>> 8) % below);
  const drawn = () =>
    words
      ? words[draw(words.length)]!
      : body.replace(/[§¤]/g, (c) => c === "§" ? DIGITS[draw(64)]! : HEX[draw(16)]!);
  const room = length - head.length - tail.length;
  const pieces: string[] = [];
  for (let units = 0, size = LEAST; units < room; size++) {
    let piece = drawn();
    while (grow && piece.length < size) piece += drawn();
    if (grow) piece = `'${piece.slice(0, size)}'`;
    pieces.push(piece);
    units += piece.length;
  }
  return head + pieces.join("").slice(0, room) + tail;
}
