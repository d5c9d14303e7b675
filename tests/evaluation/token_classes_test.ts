import { assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import {
  CLASS_NUMBERS,
  classifyCode,
  CODE_CLASSES,
  type CodeClass,
} from "../../lib/evaluation/code_classes.ts";
import { tokenClasses, tokenLines } from "../../lib/evaluation/token_classes.ts";
import { openTinyTokenizer } from "./tiny_model.ts";

/** Tokens of a text that is cut where the bars stand. */
function cutAt(marked: string): { text: string; starts: number[]; ends: number[] } {
  const tokens = marked.split("|");
  const ends = tokens.map((_, i) => tokens.slice(0, i + 1).join("").length);
  return { text: tokens.join(""), starts: ends.map((end, i) => end - tokens[i]!.length), ends };
}

async function namesOf(marked: string): Promise<(CodeClass | undefined)[]> {
  const { text, ...offsets } = cutAt(marked);
  return Array.from(tokenClasses(offsets, await classifyCode(text, "python")), (own) => CODE_CLASSES[own]);
}

Deno.test("tokenClasses() takes the class of most characters, of the first where two have as many", async () => {
  const cases: [tokens: string, names: CodeClass[]][] = [
    // a blank goes with the word after it, however many there are
    ["def| f|(|x|):\n|    return| x", [
      ...["keyword", "identifier", "operator", "identifier", "operator", "keyword", "identifier"] as const,
    ]],
    // nothing but blanks
    ["if x:|\n    |pass|\n\n|  ", ["keyword", "whitespace", "keyword", "whitespace", "whitespace"]],
    // "x=" has one of each: the first; "==1" has two of one; "=12" has two of the other
    ["x=|1", ["identifier", "literal"]],
    ["x|==1", ["identifier", "operator"]],
    ["x|=12", ["identifier", "literal"]],
    ["(x|)", ["operator", "operator"]],
    // blanks within a string or a comment are of it
    ["s = '|a b|   |c'|  # |  |d", [
      ...["identifier", "literal", "literal", "literal", "comment", "comment", "comment"] as const,
    ]],
    // a string's end and what follows
    ["'a'|)\n", ["literal", "operator"]],
    ["('abc|')", ["literal", "literal"]],
  ];
  for (const [tokens, names] of cases) assertEquals(await namesOf(tokens), names, tokens);
});

Deno.test("tokenClasses() gives a token without characters the class of where it stands", () => {
  const classes = Uint8Array.of(CLASS_NUMBERS.keyword, CLASS_NUMBERS.whitespace, CLASS_NUMBERS.literal);
  const offsets = { starts: [0, 0, 1, 2, 3], ends: [0, 1, 1, 2, 3] };
  const names = Array.from(tokenClasses(offsets, classes), (own) => CODE_CLASSES[own]);
  assertEquals(names, ["keyword", "keyword", "whitespace", "literal", "other"]);
});

Deno.test("tokenClasses() gives each token of the bytes of one character that character's class", async () => {
  const text = "x = '変😀'  # é\r\n";
  const { starts, ends } = await (await openTinyTokenizer()).encode(text);
  const classes = tokenClasses({ starts, ends }, await classifyCode(text, "python"));
  const at = (character: string) =>
    new Set(
      Array.from(classes).filter((_, t) =>
        text.slice(starts[t]!, ends[t]).includes(character) && ends[t]! - starts[t]! <= character.length
      ).map((own) => CODE_CLASSES[own]),
    );
  assertEquals([at("変"), at("é"), at("\r")].map((names) => [...names]), [["literal"], ["comment"], [
    "whitespace",
  ]]);
});

/** By its definition: counts of each class but white space, the largest, the one met first among equals. */
function plainClass(own: readonly number[]): number {
  const counted = own.filter((number) => number !== CLASS_NUMBERS.whitespace);
  const count = (number: number) => counted.filter((other) => other === number).length;
  const most = Math.max(0, ...counted.map(count));
  return counted.find((number) => count(number) === most) ?? CLASS_NUMBERS.whitespace;
}

Deno.test("tokenClasses() is the plain definition, and classes' tokens are all tokens", () => {
  const random = new PythonRandom(9);
  for (let run = 0; run < 200; run++) {
    const classes = Uint8Array.from({ length: random.randbelow(60) }, () => random.randbelow(7));
    const starts: number[] = [], ends: number[] = [];
    for (let at = 0; at < classes.length; at = ends.at(-1)!) {
      starts.push(at);
      ends.push(Math.min(classes.length, at + 1 + random.randbelow(7)));
    }
    const found = tokenClasses({ starts, ends }, classes);
    assertEquals([...found], starts.map((start, t) => plainClass([...classes.subarray(start, ends[t])])));
    const counts = CODE_CLASSES.map((_, own) => found.filter((number) => number === own).length);
    assertEquals(counts.reduce((sum, count) => sum + count), starts.length);
  }
});

Deno.test("tokenLines() gives whole lines but the first, blank ones left out, whatever ends them", () => {
  const cases: [tokens: string, isWhole: boolean, lines: [number, number][]][] = [
    ["a|\n|b| c|\n", true, [[2, 4]]],
    ["a|\r\n|b| c|\r\n|d", true, [[2, 4], [5, 6]]],
    ["a|\n|b| c|\n|d", false, [[2, 4]]], // the last goes on, for all that is known
    ["a|\n\n\n|  |b|   |c|\n", true, [[3, 6]]], // blanks between are of the line, blanks around are not
    ["a:\n  b| c|\n", true, []], // the second line begins within a token of the first
    ["a|\nb| c|\nd", true, [[1, 3], [3, 4]]], // a token is of the line of its first character that is no blank
    ["a", true, []],
    ["\n|a", true, [[1, 2]]],
    ["", true, []],
  ];
  for (const [marked, isWhole, lines] of cases) {
    const { text, ...offsets } = cutAt(marked);
    assertEquals(tokenLines(offsets, text, { isWhole }).map(({ from, to }) => [from, to]), lines, marked);
  }
});
