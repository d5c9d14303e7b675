import { assertEquals, assertThrows } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { DETECTORS } from "../../lib/secrets/api_key.ts";
import { asciiUnits } from "../../lib/secrets/ascii_units.ts";
import { ADDRESS_MARKS } from "../../lib/secrets/ip_address.ts";
import { MarkFinder } from "../../lib/secrets/marks.ts";
import { NASTY_LINES, nastyLine } from "../nasty_lines.ts";

/** Places of an expression's matches, overlapping ones too. */
function placesOf(expression: RegExp, text: string): number[] {
  const sticky = new RegExp(expression.source, expression.flags.replace("g", "") + "y");
  return Array.from({ length: text.length }, (_, at) => at).filter((at) => {
    sticky.lastIndex = at;
    return sticky.test(text);
  });
}

function marksOf(finder: MarkFinder, text: string): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  finder.walk(asciiUnits(text), (expression, at) => {
    found.set(expression, (found.get(expression) ?? new Set()).add(at));
  });
  return found;
}

const TRIGGERS = Object.values(DETECTORS).flatMap(({ rules }) =>
  (rules as readonly { trigger: RegExp }[]).map(({ trigger }) => trigger)
);
const ALL = [...TRIGGERS, ...ADDRESS_MARKS];

/** Matches in a text, each of which must begin at a mark. */
function countMarked(finder: MarkFinder, text: string): number {
  const found = marksOf(finder, text);
  let count = 0;
  for (const [number, expression] of ALL.entries()) {
    const wanted = placesOf(expression, text);
    assertEquals(wanted.filter((at) => !found.get(number)?.has(at)), [], `${expression} in ${text}`);
    count += wanted.length;
  }
  return count;
}

Deno.test("MarkFinder finds exactly the matches of expressions of fixed length", () => {
  const expressions = [/["']/, /a/, /ab/, /[a-c]b{2}/, /a\.[\d_-]/, /(?:x|yz)a/i, /\p{Nd}:/u, /ca?b/, /-=/];
  const DIGIT = 6;
  const finder = new MarkFinder(expressions);
  const random = new PythonRandom(3);
  const pieces = [..."abcABxyzYZ1.,:_-]'\"", "\u0663", "é", "😀"];
  for (let i = 0; i < 3000; i++) {
    const text = Array.from({ length: random.randbelow(12) }, () => pieces[random.randbelow(pieces.length)]!)
      .join("");
    const found = marksOf(finder, text);
    for (const [number, expression] of expressions.entries()) {
      if (number === DIGIT && /[é😀]/u.test(text)) continue; // what is not ASCII may be one
      const places = [...found.get(number) ?? []].sort((a, b) => a - b);
      assertEquals(places, placesOf(expression, text), `${expression} in ${text}`);
    }
  }
});

Deno.test("MarkFinder misses no match of a trigger, and those of a line come before those of the next", () => {
  const random = new PythonRandom(5);
  const words =
    "key pwd password pass token secret_access_key secretKey cl clou cloudant api _ - = := => \" ' ] : aws " +
    "softlayer sl AKIA ASIA A3T AKC AP3 APF ghp_ gho_ glpat- glcbt- GR1348941 eyJ -us1 /:_authToken= T3BlbkFJ pypi-AgEI " +
    "SG. xoxb- hooks.slack.com sq0csp- sk_live_ 12345678:AA AC SK AccountKey= q7Zk2mX9q7Zk2mX9q7Zk2mX9q7Zk2mX9 .q7Zk2m.";
  const pieces = [...words.split(" "), " ", "\n", "ab12".repeat(11), "٣", "é"];
  const finder = new MarkFinder(ALL);
  let matches = 0;
  for (let i = 0; i < 2000; i++) {
    const text = Array.from(
      { length: 1 + random.randbelow(9) },
      () => pieces[random.randbelow(pieces.length)]!,
    )
      .join("");
    matches += countMarked(finder, random.randbelow(4) > 0 ? text : text.toUpperCase());
    const lines: number[] = [];
    finder.walk(asciiUnits(text), (_, at) => void lines.push(text.slice(0, at).split("\n").length));
    assertEquals(lines, lines.toSorted((a, b) => a - b));
  }
  assertEquals(matches > 3000, true);
});

Deno.test("MarkFinder misses nothing in nasty lines", () => {
  const finder = new MarkFinder(ALL);
  const matches = NASTY_LINES.map((recipe) => countMarked(finder, nastyLine(recipe, 2000)));
  assertEquals(matches.some((count) => count > 1000), true);
});

Deno.test("MarkFinder refuses an expression whose beginnings it cannot tell", () => {
  const unknown = [/a*/, /(?=a)/, /[^a]b/, /\w+/, /^a/, /.a/, /a|/, /(?<x>a)/];
  for (const expression of unknown) {
    assertThrows(() => new MarkFinder([expression]), RangeError, "Cannot tell the beginnings of /");
  }
});
