import { assertEquals } from "@std/assert";
import { isIgnored, parseIgnoreRules } from "../../lib/datasets/ignore_rules.ts";

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

Deno.test("isIgnored() agrees with git", async () => {
  const folder = await Deno.makeTempDir();
  const git = async (args: string[], input = "") => {
    const child = new Deno.Command("git", { args, cwd: folder, stdin: "piped", stdout: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
    return new TextDecoder().decode((await child.output()).stdout);
  };
  await git(["init", "-q"]);
  await Deno.writeTextFile(`${folder}/.gitignore`, RULES);
  const files = [...FILES, "space "]; // none exists, so git takes each for a file
  const ignored = (await git(["check-ignore", "--no-index", "-z", "--stdin"], files.join("\0"))).split("\0");
  const rules = parseIgnoreRules(RULES, "");
  const parents = (path: string) =>
    path.split("/").slice(0, -1).map((_, i, all) => all.slice(0, i + 1).join("/"));
  const ours = files.filter((path) =>
    isIgnored(path, false, rules) || parents(path).some((parent) => isIgnored(parent, true, rules))
  );
  assertEquals(ours, ignored.filter((path) => path !== ""));
});

Deno.test("isIgnored() takes back with the last rule, and keeps a rule to its folder", () => {
  const rules = [...parseIgnoreRules("*.py", ""), ...parseIgnoreRules("!a.py\n/b.txt", "x+y")];
  assertEquals(isIgnored("a.py", false, rules), true);
  assertEquals(isIgnored("x+y/a.py", false, rules), false);
  assertEquals(isIgnored("x+y/b.txt", false, rules), true);
  assertEquals(isIgnored("xxy/b.txt", false, rules), false);
});

Deno.test("parseIgnoreRules() drops a set that cannot be", () => {
  assertEquals(parseIgnoreRules("[z-a]bad\n[a-z]good\n", "").length, 1);
});
