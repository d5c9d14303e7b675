import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readRules } from "../../lib/datasets/read_rules.ts";

/** Files of rules in a folder; gives what the first says. */
async function read(files: { [name: string]: string }) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(join(folder, name, ".."), { recursive: true });
      await Deno.writeTextFile(join(folder, name), text);
    }
    return await readRules(join(folder, Object.keys(files)[0]!));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const A = "[[rules]]\nid = 'a'\nregex = '''a(\\w+)'''\n";

Deno.test("readRules() follows extend.path from the folder of the file that names it", async () => {
  const { set, useDefault, files, lines } = await read({
    "own.toml": "[extend]\npath = 'sub/mid.toml'\n",
    "sub/mid.toml": "[extend]\npath = 'base.toml'\n[[rules]]\nid = 'p12'\npath = 'p12$'\n",
    "sub/base.toml": A,
  });
  assertEquals([set.rules.map(({ id }) => id), useDefault], [["a", "p12"], false]);
  assertEquals(Object.keys(files), ["rules", "rules 2", "rules 3"]);
  assertEquals(lines, ["1 rules; 1 of files' names alone, which find no place, left out"]);
});

Deno.test("readRules() tells that the scanner's own rules are wanted", async () => {
  const { set, useDefault } = await read({
    "own.toml": "[extend]\nuseDefault = true\ndisabledRules = ['x']\n" + A,
  });
  assertEquals([set.rules.length, useDefault], [1, true]);
});

Deno.test("readRules() refuses files that are none, with their place and not their text", async () => {
  const cases: [{ [name: string]: string }, string][] = [
    [{ "a.toml": "[[rules]\nid = 'hunter2'\n" }, "no TOML at line 1, column 9: expected end of table"],
    [{ "a.toml": "[[rules]]\nid = 'a'\n" }, 'rule "a": regex and path are both missing'],
    [{ "a.toml": "[[rules]]\nid = 'a'\nregex = '('\n" }, 'rule "a": RE2 refuses an expression'],
    [{ "a.toml": "[extend]\npath = 'a.toml'\n" }, "it builds on itself by extend.path"],
    [
      { "a.toml": "[extend]\npath = 'b.toml'\n", "b.toml": "[extend]\npath = 'a.toml'\n" },
      "it builds on itself",
    ],
    [{ "a.toml": "[extend]\npath = 'none.toml'\n" }, "no such file"],
  ];
  for (const [files, message] of cases) {
    const error = await assertRejects(() => read(files), Error, message);
    assertEquals([/^Cannot read rules ".*\.toml": /.test(error.message), error.message.includes("hunter2")], [
      true,
      false,
    ], error.message);
    assertEquals(error.message.includes("\n"), false);
  }
});
