import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { runCli, temporaryFolder } from "./run_cli.ts";

const RULES = `[extend]
path = "base.toml"
[[rules]]
id = "own-password"
regex = '''pw=(\\w+)'''
keywords = ["PW"]
path = '''\\.conf$'''
`;
const BASE = `[[rules]]\nid = "base"\nregex = '''base-\\d+'''\n[[rules.allowlists]]\nregexes = ["7$"]\n`;
const EMAIL = ["ada", "mail.invalid"].join("@");

/** A folder with rules, and a corpus of `count` files with something for each rule. */
function ruleFolder(count: number): { path: string; env: { [name: string]: string } } & Disposable {
  const folder = temporaryFolder();
  const write = (name: string, text: string) => Deno.writeTextFileSync(join(folder.path, name), text);
  Deno.mkdirSync(join(folder.path, "src"));
  write("rules.toml", RULES);
  write("base.toml", BASE);
  for (let i = 0; i < count; i++) {
    write(`src/${i}.conf`, `# ${EMAIL}\npw=abc base-12 base-17 # ${"x".repeat(4000)}\n`);
    write(`src/${i}.py`, "pw=abc\n");
  }
  return {
    path: folder.path,
    env: { CODESCRUB_CACHE: join(folder.path, "cache"), CODESCRUB_KEY: "", CODESCRUB_KEY_FILE: "" },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

async function detect(folder: { path: string; env: { [name: string]: string } }, ...args: string[]) {
  const { code, stdout, stderr } = await runCli(["detect", "src", ...args, "--json"], {
    cwd: folder.path,
    env: folder.env,
  });
  assertEquals(code, 0, stderr);
  return { summary: JSON.parse(stdout.trimEnd().split("\n").at(-1)!), stderr };
}

Deno.test("codescrub detect --rules finds what a file of rules says, by one thread and by several", async () => {
  for (const count of [1, 300]) {
    using folder = ruleFolder(count);
    const { summary, stderr } = await detect(folder, "--rules", "rules.toml", "--out", "o.csv");
    assertEquals(summary.detectors, { "base": count, "own-password": count });
    assertEquals(summary.tags, { KEY: count, PASSWORD: count });
    assertStringIncludes(stderr, "2 rules");
  }
});

Deno.test("codescrub detect --rules stands beside the extended profile, and its names in an allow-list", async () => {
  using folder = ruleFolder(1);
  const both = await detect(folder, "--profile", "extended", "--rules", "rules.toml", "--out", "o.csv");
  assertEquals(both.summary.detectors, { "Email": 1, "base": 1, "own-password": 1 });
  Deno.writeTextFileSync(join(folder.path, "allow.txt"), "detector base\n");
  Deno.writeTextFileSync(join(folder.path, "default.toml"), "[extend]\nuseDefault = true\n" + BASE);
  const args = ["--rules", "default.toml", "--allow", "allow.txt", "--out", "p.csv"];
  assertEquals((await detect(folder, ...args)).summary.detectors, { "Email": 1 });
});

Deno.test("codescrub detect --rules goes on only with the same rules, and says why it cannot read some", async () => {
  using folder = ruleFolder(1);
  await detect(folder, "--rules", "rules.toml", "--out", "o.csv");
  Deno.writeTextFileSync(join(folder.path, "base.toml"), BASE.replace("base-", "other-"));
  const options = { cwd: folder.path, env: folder.env };
  const again = await runCli(["detect", "src", "--rules", "rules.toml", "--out", "o.csv"], options);
  assertEquals(again.code, 1, again.stderr);
  Deno.writeTextFileSync(join(folder.path, "base.toml"), "[[rules]]\nid = 'a'\nregex = '(a'\n");
  const bad = await runCli(["detect", "src", "--rules", "rules.toml", "--out", "p.csv"], options);
  assertEquals(bad.code, 1);
  assertMatch(
    bad.stderr,
    /Cannot read rules ".*base\.toml": rule "a": RE2 refuses an expression: missing closing \)/,
  );
});
