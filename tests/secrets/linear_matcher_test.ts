import { assert, assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { RE2JS } from "../../lib/npm/re2js.ts";
import { BitScanner } from "../../lib/secrets/bit_scanner.ts";
import { LinearMatcher } from "../../lib/secrets/linear_matcher.ts";
import { OrderedSearch } from "../../lib/secrets/ordered_search.ts";
import { RuneClasses } from "../../lib/secrets/re2_program.ts";

function plainly(expression: string, text: string): [number, number][] {
  const matcher = RE2JS.compile(expression).matcher(text);
  const found: [number, number][] = [];
  while (matcher.find()) found.push([matcher.start(), matcher.end()]);
  return found;
}

/** The first match's groups. */
function plainGroups(expression: string, text: string): number[] | null {
  const matcher = RE2JS.compile(expression).matcher(text);
  if (!matcher.find()) return null;
  return Array.from({ length: 1 + matcher.groupCount() }, (_, i) => [matcher.start(i), matcher.end(i)])
    .flat();
}

/** The first match by bits and ordered ways, as hostile texts are searched. */
function byBits(expression: string): (text: string) => [number, number] | null {
  const { inst, start } = RE2JS.compile(expression).re2Input.prog;
  const options = { start, classes: new RuneClasses(inst) };
  const [scanner, search] = [new BitScanner(inst, options), new OrderedSearch(inst, options)];
  return (text) => {
    const first = scanner.find(text, 0);
    return first && search.find(text, first.from, first.end);
  };
}

Deno.test("LinearMatcher finds what RE2JS finds, and so do bits and ordered ways", () => {
  const random = new PythonRandom(21);
  const pick = <T>(choices: readonly T[]): T => choices[random.randbelow(choices.length)]!;
  const atoms = [
    "a",
    "b",
    "ab",
    "[ab]",
    "[^a]",
    ".",
    "\\w",
    "\\s",
    "\\b",
    "\\B",
    "^",
    "$",
    "(?m:^)",
    "(?m:$)",
    "\\A",
  ];
  atoms.push("\\z", "(a|b)", "(?:ab|a)", "(?i:B)", "é", "[é😀]", "(?s:.)", "=", "\\d");
  const expressionOf = (depth: number): string =>
    Array.from({ length: 1 + random.randbelow(4) }, () => {
      const atom = depth > 0 && random.randbelow(3) === 0 ? `(?:${expressionOf(depth - 1)})` : pick(atoms);
      const quantifier = pick([
        "",
        "",
        "",
        "*",
        "+",
        "?",
        "*?",
        "+?",
        "??",
        "{2}",
        "{1,3}",
        "{1,2}?",
        "{2,}",
      ]);
      return /^(?:\\[bBAz]|\^|\$|\(\?m:)/.test(atom) ? atom : atom + quantifier;
    }).join("") + (random.randbelow(4) === 0 ? `|${pick(atoms)}` : "");
  const letters = [..."aabbc= \n1_", "é", "😀", "\u2028", "\ud800", "A", "B"];
  let [found, foundByBits] = [0, 0];
  for (let i = 0; i < 4000; i++) {
    const expression = expressionOf(2);
    const matcher = new LinearMatcher(expression);
    const bits = i % 2 === 0 ? byBits(expression) : undefined;
    for (let j = 0; j < 4; j++) {
      const text = Array.from({ length: random.randbelow(14) }, () => pick(letters)).join("").toWellFormed();
      const wanted = plainly(expression, text);
      assertEquals([...matcher.findAll(text)], wanted, `${expression} in ${JSON.stringify(text)}`);
      assertEquals(matcher.test(text), wanted.length > 0);
      assertEquals(
        matcher.groups(text),
        plainGroups(expression, text),
        `${expression} in ${JSON.stringify(text)}`,
      );
      found += wanted.length;
      if (!bits || wanted.some(([start, end]) => start === end)) continue; // what may be empty is not searched so
      assertEquals(bits(text), wanted[0] ?? null, `${expression} in ${JSON.stringify(text)}`);
      foundByBits += wanted.length;
    }
  }
  assert(found > 5000 && foundByBits > 1000);
});

Deno.test("LinearMatcher finds what RE2JS finds in long texts, where states are made anew", () => {
  const random = new PythonRandom(22);
  const expressions = [
    "(?i)[\\w.-]{0,50}?(?:key|token)(?:[ \\t\\w.-]{0,20})[\\s'\"]{0,3}(?:=|:)[\\x60'\"\\s=]{0,5}([\\w.=-]{10,50})(?:[\\s;]|$)",
    "[ab]{3,9}?c|b+",
    "(?:a[^c]{5,40}){2}c",
  ];
  const pieces = [
    "a",
    "b",
    "c",
    " ",
    "key",
    "Token",
    "=",
    "'",
    '"',
    ":",
    "-",
    ".",
    "\n",
    "é",
    "1234567890",
    "_",
  ];
  for (const expression of expressions) {
    const text = Array.from({ length: 4000 }, () => pieces[random.randbelow(pieces.length)]!).join("");
    const wanted = plainly(expression, text);
    assert(wanted.length > 3);
    assertEquals([...new LinearMatcher(expression).findAll(text)], wanted, expression);
  }
});
