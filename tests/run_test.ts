import { assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { docExamples, testModule } from "./doc_examples.ts";
import { countTests, testGroups } from "./run.ts";

const RUNNER = fileURLToPath(new URL("./run.ts", import.meta.url));

/** Runs `tests/run.ts` on a file of tests, from that file's folder. */
async function runTests(tests: string, words: string[] = []): Promise<{ code: number; lastLine: string }> {
  const cwd = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(cwd, "some_test.ts"), tests);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-check", "-P=test", RUNNER, "some_test.ts", ...words],
      cwd,
      env: { INIT_CWD: cwd },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(text.endsWith("\n"), true);
    return { code, lastLine: text.split("\n").at(-2)! };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

const PASS = 'Deno.test("a > b passes", () => {});\nDeno.test("a", () => {});\n';
const FAIL = 'Deno.test("fails", () => { throw new Error("as it should"); });\n';

Deno.test("tests/run.ts ends with the counts and 0 when all pass", async () => {
  assertEquals(await runTests(PASS), { code: 0, lastLine: "2 passed, 0 failed" });
});

Deno.test("tests/run.ts ends with 1 when one fails, and counts a test's steps with it", async () => {
  const steps =
    'Deno.test("s", async (t) => { await t.step("1", () => {}); await t.step("2", () => {}); });\n';
  assertEquals(await runTests(PASS + FAIL + steps), { code: 1, lastLine: "3 passed, 1 failed" });
});

Deno.test("tests/run.ts ends with 1 when nothing ran or a file does not load", async () => {
  assertEquals(await runTests(""), { code: 1, lastLine: "0 passed, 0 failed" });
  assertEquals(await runTests(PASS, ["no_such_name"]), { code: 1, lastLine: "0 passed, 0 failed" });
  assertEquals(await runTests('throw new Error("at once");\n'), { code: 1, lastLine: "0 passed, 1 failed" });
});

Deno.test("tests/run.ts runs the tests whose names are asked for", async () => {
  assertEquals(await runTests(PASS + FAIL, ["passes"]), { code: 0, lastLine: "1 passed, 0 failed" });
});

Deno.test("countTests() counts a test and its steps once, and says what failed and why", () => {
  const report = '<testsuites>\n<testsuite name="./tests/a_test.ts" tests="4">\n' +
    '<testcase name="a &lt;b&gt;" time="0"><failure message="no">Error: 1 &amp; 2\n  at c</failure></testcase>\n' +
    '<testcase name="s" time="0"><failure message="no">1 test step failed.</failure></testcase>\n' +
    '<testcase name="s &gt; t" time="0"><failure message="no">Error: 3</failure></testcase>\n' +
    '<testcase name="left out" time="0"><skipped/></testcase>\n<testcase name="p" time="0"/>\n</testsuite>';
  assertEquals(countTests(report), {
    passed: 1,
    failed: 2,
    failures: [
      "./tests/a_test.ts a <b>\nError: 1 & 2\n  at c",
      "./tests/a_test.ts s\n1 test step failed.",
      "./tests/a_test.ts s > t\nError: 3",
    ],
  });
});

Deno.test("testGroups() has each file of tests/ and lib/ in one group", async () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const groups = testGroups();
  const has = (path: string, file: string) => file === path || file.startsWith(`${path}/`);
  const files = ["tests", "lib"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`)
  ).filter((file) => !/\.tmp\//.test(file) && (file.startsWith("lib/") ? /\.ts$/ : /_test\.ts$/).test(file));
  for (const file of [...files, "mod.ts"]) {
    const own = groups.filter(({ paths, ignored }) =>
      paths.some((path) => has(path, file)) && !ignored.some((path) => has(path, file))
    );
    assertEquals(own.length, 1, file);
  }
  for (const path of groups.flatMap(({ paths, ignored }) => [...paths, ...ignored])) {
    await Deno.stat(join(root, path));
  }
});

Deno.test("docExamples() gives each example of the library, with the lines that it stands at", () => {
  const text =
    "const a = 1;\n/**\n * Adds.\n *\n * ```ts\n * add(1, 2);\n *   b();\n * ```\n */\n/** ```sh */\n";
  assertEquals(docExamples(text), [{ lines: [6, 7], code: "add(1, 2);\n  b();" }]);
  const root = fileURLToPath(new URL("../lib", import.meta.url));
  for (
    const name of readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts")
    )
  ) {
    const text = readFileSync(join(root, name), "utf8");
    assertEquals(docExamples(text).length, text.match(/^ *\* ```ts$/gm)?.length ?? 0, name);
  }
});

Deno.test("an example's paths lead from its module to where they led from the library's", () => {
  const path = join(import.meta.dirname!, "a", "b.ts");
  const to = (name: string) => pathToFileURL(join(import.meta.dirname!, "a", name)).href;
  const code = 'import { c } from "../a/c.ts";\nfetch(import.meta.resolve("./d.ts"), c, b(), "./e.ts");';
  assertEquals(
    testModule(path, { lines: [1, 2], code }, ["b"]),
    `import { c } from "${to("c.ts")}";\nimport { b } from "${to("b.ts")}";\n` +
      `Deno.test("tests/a/b.ts#1-2", async () => {\n\nfetch(import.meta.resolve("${
        to("d.ts")
      }"), c, b(), "./e.ts");\n});\n`,
  );
});
