import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { runCli, temporaryFolder } from "./run_cli.ts";

// Assembled here, so that no scanner takes them for live ones.
const EMAIL = ["ada.l", "mail.invalid"].join("@");
const TOKEN = ["QZ7xK2vJ9mWq4bXf", "8pTzR3hLw6cNgYd5"].join("");
const TEXT = `\ufeff# 😀 ${EMAIL}\r\nhost = "203.0.113.7"\r\nkey = "${TOKEN}"\r\n`;

function at() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const env = {
    CODESCRUB_CACHE: path("cache"),
    CODESCRUB_KEY: "a key of enough bytes",
    CODESCRUB_KEY_FILE: "",
  };
  const cli = (...args: string[]) => runCli(args, { cwd: folder.path, env });
  const run = async (...args: string[]) => {
    const result = await cli(...args);
    assertEquals(result.code, 0, result.stderr);
    return result;
  };
  Deno.mkdirSync(path("src/sub"), { recursive: true });
  Deno.writeTextFileSync(path("src/a.py"), TEXT);
  Deno.writeTextFileSync(path("src/sub/b.py"), `again = "${TOKEN}"\n`);
  Deno.writeTextFileSync(path("src/sub/c.py"), "x = 1\r\n");
  Deno.writeFileSync(path("src/d.bin"), new Uint8Array([0, 1]));
  return { path, cli, run, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("redact replaces a folder's secrets by made-up ones, the same for the same, and nothing else", async () => {
  using folder = at();
  await folder.run("detect", "src", "--out", "s.parquet");
  const { stdout } = await folder.run("redact", "src", "--secrets", "s.parquet", "--out", "clean", "--json");
  const { documents, skipped, changed, replaced } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals([documents, skipped, changed, replaced], [3, 1, 2, 4]);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const read = (name: string) => decoder.decode(Deno.readFileSync(folder.path(`clean/${name}`)));
  const made =
    /^\ufeff# 😀 [a-z]{3}\.[a-z]@[a-z]{4}\.invalid\r\nhost = "(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+"\r\nkey = "(\w{32})"\r\n$/u;
  assertMatch(read("a.py"), made);
  const [, key] = made.exec(read("a.py"))!;
  assert(key !== TOKEN);
  assertEquals(read("sub/b.py"), `again = "${key}"\n`);
  assertEquals(read("sub/c.py"), "x = 1\r\n");
  await folder.run("redact", "src", "--secrets", "s.parquet", "--out", "tags", "--by", "tag");
  assertEquals(
    decoder.decode(Deno.readFileSync(folder.path("tags/a.py"))),
    '\ufeff# 😀 <EMAIL>\r\nhost = "<IP_ADDRESS>"\r\nkey = "<KEY>"\r\n',
  );
});

Deno.test("redact keeps a table's format, columns and other rows", async () => {
  using folder = at();
  const rows = [{ n: 1.5, text: TEXT, tags: ["a"] }, { n: 2, text: "x = 1\n", tags: [] }];
  await Deno.writeTextFile(folder.path("c.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  await folder.run("detect", "c.jsonl", "--out", "s.csv");
  await folder.run("redact", "c.jsonl", "--secrets", "s.csv", "--out", "clean", "--by", "tag");
  const lines = Deno.readTextFileSync(folder.path("clean/c.jsonl")).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line)), [
    { n: 1.5, text: '\ufeff# 😀 <EMAIL>\r\nhost = "<IP_ADDRESS>"\r\nkey = "<KEY>"\r\n', tags: ["a"] },
    { n: 2, text: "x = 1\n", tags: [] },
  ]);
});

Deno.test("redact refuses what does not fit, and leaves nothing", async () => {
  using folder = at();
  await folder.run("detect", "src", "--out", "s.jsonl");
  const fail = async (message: string, ...args: string[]) => {
    const { code, stderr } = await folder.cli("redact", "src", "--secrets", "s.jsonl", ...args);
    assertEquals(code, 1);
    assertStringIncludes(stderr.trimEnd().split("\n").at(-1)!, message);
    for (const secret of [EMAIL, TOKEN]) assert(!stderr.includes(secret.slice(0, 9)));
  };
  await fail(`it lies in "${folder.path("src")}"`, "--out", "src/clean");
  await fail(`"${folder.path("src")}", which the command reads, lies in it`, "--out", ".", "--force");
  Deno.writeTextFileSync(folder.path("src/sub/b.py"), `changed = "${TOKEN}"\n`);
  await fail('Cannot redact "sub/b.py": another value stands at', "--out", "clean");
  Deno.removeSync(folder.path("src/sub/b.py"));
  await fail('the corpus has no document "sub/b.py" (1 are missing)', "--out", "clean");
  const names = [...Deno.readDirSync(folder.path("."))].map(({ name }) => name).sort();
  assertEquals(names, [".codescrub", "s.jsonl", "src"]);
  assertEquals([...Deno.readDirSync(folder.path(".codescrub"))].map(({ name }) => name), ["s.jsonl.json"]);
});
