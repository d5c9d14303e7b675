import { assert, assertEquals } from "@std/assert";
import { bytesOf, compileGlob, matchesGlob } from "../../lib/datasets/glob.ts";

function matches(pattern: string, path: string): boolean {
  const glob = compileGlob(bytesOf(pattern));
  return glob !== null && matchesGlob(bytesOf(path).split("/"), glob);
}

const CASES: { [pattern: string]: [matched: string, other: string] } = {
  "*": ["a", "a/b"],
  "a*b*c": ["axxbbc", "abcd"],
  "*a*": ["a", "b"],
  "?": ["a", "é"], // two bytes
  "??": ["é", "a"],
  "**/a": ["a/x/a", "a/b"],
  "a/**": ["a/b/c", "a"],
  "a/**/b": ["a/b/x/c/b", "ab"],
  "a/**/**/b": ["a/b", "a/b/c"],
  "**/a/**/b/**": ["a/a/c/b/b", "a/c/b"],
  "a**": ["abc", "a/b"],
  "a/***/b": ["a/c/c/b", "c/b"],
  "[a-c]x": ["bx", "dx"],
  "[!a-c]x": ["dx", "bx"],
  "[^a]": ["b", "a"],
  "[]a]": ["]", "b"],
  "[!]a]": ["b", "]"],
  "[a-]": ["-", "b"],
  "[--0]": [".", "1"],
  "[\\]]": ["]", "\\"],
  "[a-\\c]": ["b", "d"],
  "[[:digit:]x]": ["7", "y"],
  "[[:alpha:]-z]": ["-", "5"], // no range begins at a class
  "[[:a]": [":", "b"],
  "[z-a]": ["", "m"],
  "[!z-a]": ["m", ""],
  "a[b/c]": ["ab", "a/"],
  "\\*": ["*", "a"],
  "\\a\\/b": ["a/b", "a"],
};

Deno.test("matchesGlob() takes stars, sets, classes and escapes as git does", () => {
  for (const [pattern, [matched, other]] of Object.entries(CASES)) {
    if (matched !== "") assert(matches(pattern, matched), `${pattern} ${matched}`);
    if (other !== "") assert(!matches(pattern, other), `${pattern} ${other}`);
  }
});

Deno.test("compileGlob() gives null for what nothing matches", () => {
  for (
    const pattern of ["[", "[a", "[]", "[!", "[\\", "[a-", "[a-\\", "a\\", "[[:up:]]", "[[:constructor:]]"]
  ) {
    assertEquals(compileGlob(pattern), null, pattern);
  }
});

Deno.test("matchesGlob() and compileGlob() take hostile patterns in time that grows with their length", () => {
  const deep = "a/".repeat(2000);
  const cases: [pattern: string, path: string][] = [
    ["a*a*a*a*a*a*a*a*a*b", "a".repeat(60)],
    ["*a".repeat(200) + "b", "a".repeat(255)],
    ["**/".repeat(30) + "x", `${deep}b`],
    ["**/a/".repeat(400) + "x", `${deep}b`],
    ["**/*a*a*/".repeat(100) + "x", "aaaaaaaaaaaaaaaaaaaa/".repeat(190) + "b"],
    ["[" + "[:".repeat(500_000) + "]", "b"],
    ["[".repeat(1_000_000), "b"],
    ["[a]".repeat(300_000), "b"],
    ["*".repeat(1_000_000) + "a", "b"],
    ["\\".repeat(1_000_001), "b"],
  ];
  const start = performance.now();
  for (const [pattern, path] of cases) assert(!matches(pattern, path), pattern.slice(0, 20));
  assert(performance.now() - start < 30_000);
});
