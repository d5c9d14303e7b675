import { assert, assertEquals } from "@std/assert";
import { type IgnoreRules, isIgnored, parseIgnoreRules } from "../../lib/datasets/ignore_rules.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const RULES = String.raw`
# a comment
*.log
!keep.log
build/
/root.txt
docs/*.html
**/cache
a/**/z
logs/**
foo?bar
[abc]x.py
[!abc]y.py
\#hash
\!bang
trailing.py   
space\ 
data/[0-9]*.csv
é*.py
.hidden
sub/only/
`;
const FILES = `a.log keep.log x/a.log x/keep.log build x/build root.txt x/root.txt docs/a.html docs/x/a.html
  cache x/cache x/y/cache a/z a/b/z a/b/c/z a/zz logs/a logs/x/a foo1bar foobar foo/bar ax.py dx.py ay.py dy.py #hash
  hash !bang trailing.py data/1.csv data/12x.csv data/a.csv éa.py x/éa.py .hidden x/.hidden sub/only x/sub/only`
  .split(/\s+/);

/** A repository, and which of `paths` git ignores in it; none exists, so git takes each for a file. */
function repository() {
  const folder = temporaryFolder();
  const git = async (args: string[], input = "") => {
    const child = new Deno.Command("git", { args, cwd: folder.path, stdin: "piped", stdout: "piped" })
      .spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
    return new TextDecoder().decode((await child.output()).stdout);
  };
  return {
    path: folder.path,
    init: () => git(["init", "-q"]),
    ignored: async (paths: readonly string[]) =>
      (await git(["check-ignore", "--no-index", "-z", "--stdin"], paths.join("\0"))).split("\0")
        .filter((path) => path !== ""),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** What we ignore of `paths`, by a folder above too. */
function ignoredBy(rules: IgnoreRules, paths: readonly string[]): string[] {
  const isOut = (path: string): boolean =>
    isIgnored(path, false, rules) ||
    path.split("/").slice(0, -1).some((_, i, parts) =>
      isIgnored(parts.slice(0, i + 1).join("/"), true, rules)
    );
  return paths.filter(isOut);
}

Deno.test("isIgnored() agrees with git", async () => {
  using git = repository();
  await git.init();
  const files = [...FILES, "space "];
  for (const rules of [RULES, RULES.replaceAll("\n", "\r\n"), `\ufeff*.log\r\n${RULES}`]) {
    await Deno.writeTextFile(`${git.path}/.gitignore`, rules);
    assertEquals(ignoredBy(parseIgnoreRules(rules), files), await git.ignored(files));
  }
});

/** What patterns are made of; no letter before `**`, which git takes for more than its manual says. */
const BITS =
  `a b c * ? **/ / /**/ [ab] [!a] [a-c] []a] [[:alpha:]] [^b-] \\a \\* é [é] ! # - [b-a] [[:foo:]] [[a] \\ ] [a *.c . /** [a/b] *`
    .split(" ").concat(" ", "\t");
const NAMES = "a b c ab abc a.c é b- - ] !a #a * ba cab \\ [a a] .c".split(" ").concat("a b", "a\t");

Deno.test("isIgnored() agrees with git about made-up patterns", async () => {
  const random = new PythonRandom(7);
  const pick = (list: readonly string[]) => list[random.randbelow(list.length)]!;
  const some = (list: readonly string[], most: number) =>
    Array.from({ length: 1 + random.randbelow(most) }, () => pick(list));
  const paths = [...new Set(Array.from({ length: 300 }, () => some(NAMES, 4).join("/")))];
  using git = repository();
  await git.init();
  let count = 0;
  for (let round = 0; round < 150; round++) {
    const lines = Array.from({ length: 3 }, () => some(BITS, 6).join("")).filter((line) =>
      !/[^/*!]\*\*/.test(line)
    );
    const text = lines.join(pick(["\n", "\r\n"]));
    await Deno.writeTextFile(`${git.path}/.gitignore`, text);
    const ours = ignoredBy(parseIgnoreRules(text), paths);
    assertEquals(ours, await git.ignored(paths), JSON.stringify(text));
    count += ours.length;
  }
  assert(count > 1000, "hardly a pattern matched");
});

Deno.test("isIgnored() takes back with the last rule, and keeps a rule to its folder", () => {
  const outer = parseIgnoreRules("*.py");
  const rules = parseIgnoreRules("!a.py\n/b.txt", { base: "x+y", outer });
  assertEquals(isIgnored("a.py", false, rules), true);
  assertEquals(isIgnored("x+y/a.py", false, rules), false);
  assertEquals(isIgnored("x+y/b.txt", false, rules), true);
  assertEquals(isIgnored("xxy/b.txt", false, rules), false);
  assertEquals(isIgnored("x+y/z/b.txt", false, rules), false);
});

Deno.test("parseIgnoreRules() drops what matches nothing, and takes bytes that are not UTF-8", () => {
  assertEquals(parseIgnoreRules("[a\n!\n/\nb\\\n[a-z]good\n").rules.length, 1);
  assertEquals(parseIgnoreRules(new Uint8Array([0xe9, 0x0a, 0x61])).rules.length, 2);
});

Deno.test("parseIgnoreRules() takes a megabyte of anything at once", () => {
  const start = performance.now();
  const million = 1_000_000;
  for (const piece of [" ", "\\", "[", "*", "a\n", "*a", "\r\n", "!", "**/", "\\ ", "#"]) {
    const rules = parseIgnoreRules(piece.repeat(million / piece.length) + "x");
    assertEquals(isIgnored("a/b/c.py", false, rules), false, piece);
  }
  assert(performance.now() - start < 30_000);
});
