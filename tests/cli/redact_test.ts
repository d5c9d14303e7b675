import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
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

function summaryOf(stdout: string) {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
}

Deno.test("redact replaces a folder's secrets by made-up ones, the same for the same, and nothing else", async () => {
  using folder = at();
  await folder.run("detect", "src", "--out", "s.parquet");
  const { stdout } = await folder.run("redact", "src", "--secrets", "s.parquet", "--out", "clean", "--json");
  const { documents, unsearched, left_out, changed, replaced } = summaryOf(stdout);
  assertEquals([documents, unsearched, left_out, changed, replaced], [3, 1, 0, 2, 4]);
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

Deno.test("redact keeps a folder's modes, empty files, what is no text and links within, and says so", async () => {
  using folder = at();
  const src = (name: string) => folder.path(`src/${name}`);
  const latin = new Uint8Array([0x23, 0xe9, 0x0a]);
  Deno.writeTextFileSync(src("sub/run.sh"), `token = "${TOKEN}"\n`);
  Deno.writeTextFileSync(src("sub/empty.py"), "");
  Deno.writeFileSync(src("sub/latin.py"), latin);
  Deno.writeTextFileSync(src(".gitignore"), "ignored.py\n");
  Deno.writeTextFileSync(src("ignored.py"), `token = "${TOKEN}"\n`);
  Deno.writeTextFileSync(folder.path("outside.txt"), "not of the corpus\n");
  const modes: [string, number][] = [["sub/run.sh", 0o750], ["sub/c.py", 0o400], ["d.bin", 0o755], [
    "sub",
    0o711,
  ]];
  for (const [name, mode] of modes) Deno.chmodSync(src(name), mode);
  const links: [target: string, path: string][] = [
    ["sub/run.sh", "run"],
    ["../a.py", "sub/up.py"],
    ["first", "again"], // made before the link that it leads to
    ["sub", "first"],
    ["ignored.py", "shown.py"],
    ["../outside.txt", "out.txt"],
    ["/etc/hostname", "absolute.txt"],
    ["nothing", "broken"],
  ];
  for (const [target, path] of links) Deno.symlinkSync(target, src(path));
  await new Deno.Command("mkfifo", { args: [src("pipe")] }).output();
  await folder.run("detect", "src", "--out", "s.parquet");
  const args = ["src", "--secrets", "s.parquet", "--out", "clean", "--by", "tag"];
  const { stdout, stderr } = await folder.run("redact", ...args, "--json");
  const clean = (name: string) => folder.path(`clean/${name}`);
  for (const [name, mode] of modes) assertEquals(Deno.statSync(clean(name)).mode! & 0o777, mode, name);
  assertEquals(Deno.readTextFileSync(clean("sub/run.sh")), 'token = "<KEY>"\n');
  assertEquals(Deno.readTextFileSync(clean("sub/empty.py")), "");
  assertEquals(Deno.readFileSync(clean("sub/latin.py")), latin);
  assertEquals(Deno.readFileSync(clean("d.bin")), new Uint8Array([0, 1]));
  for (const [target, path] of links.slice(0, 4)) assertEquals(Deno.readLinkSync(clean(path)), target);
  assertEquals(Deno.readTextFileSync(clean("shown.py")), 'token = "<KEY>"\n'); // its target is left out
  const names = [...Deno.readDirSync(clean("."))].map(({ name }) => name).sort();
  const expected = [".gitignore", "a.py", "again", "d.bin", "first", "run", "shown.py", "sub"];
  assertEquals(names, expected);
  const { unsearched, left_out } = summaryOf(stdout);
  assertEquals([unsearched, left_out], [2, 4]); // out.txt, absolute.txt, broken and pipe
  assertStringIncludes(stderr, "2 files or rows were copied without being searched");
  const written = new Deno.Command("grep", { args: ["-r", TOKEN, clean(".")] }).outputSync();
  assertEquals(new TextDecoder().decode(written.stdout), "");
});

Deno.test("redact changes nothing of a table but its secrets, packed and of several members too", async () => {
  using folder = at();
  const row = `{"hash":-8876543210987654321,"n":26.0, "text" : ${JSON.stringify(TEXT)} ,"text2":"x"}\r\n`;
  const rows = ['{"n":1.50,"text":"x = 1\\/"}\r\n', row, "\n", '{"text":"y","b":{"text":"z"}}'];
  const tagged = row.replace(EMAIL, "<EMAIL>").replace("203.0.113.7", "<IP_ADDRESS>").replace(TOKEN, "<KEY>");
  const expected = rows.join("").replace(row, tagged);
  Deno.writeTextFileSync(folder.path("c.jsonl"), rows.join(""));
  Deno.writeFileSync(folder.path("c.jsonl.gz"), Buffer.concat(rows.map((text) => gzipSync(text))));
  const cells = (text: string) => `00123,True,"${text.replaceAll('"', '""')}",26.0\r\n`;
  Deno.writeTextFileSync(folder.path("c.csv"), `id,b,content,n\r\n${cells("x")}${cells(TEXT)}`);
  for (const name of ["c.jsonl", "c.jsonl.gz", "c.csv"]) {
    await folder.run("detect", name, "--out", "s.csv", "--force");
    await folder.run("redact", name, "--secrets", "s.csv", "--out", `${name}.clean`, "--by", "tag");
  }
  const read = (name: string) => Deno.readFileSync(folder.path(`${name}.clean/${name}`));
  assertEquals(new TextDecoder().decode(read("c.jsonl")), expected);
  assertEquals(gunzipSync(read("c.jsonl.gz")).toString(), expected);
  const text = '\ufeff# 😀 <EMAIL>\r\nhost = "<IP_ADDRESS>"\r\nkey = "<KEY>"\r\n';
  assertEquals(new TextDecoder().decode(read("c.csv")), `id,b,content,n\r\n${cells("x")}${cells(text)}`);
});

Deno.test("redact keeps a data set's shards and what stands beside them", async () => {
  using folder = at();
  await Deno.mkdir(folder.path("set/data"), { recursive: true });
  Deno.writeTextFileSync(folder.path("set/README.md"), "# A data set\n");
  Deno.symlinkSync("/etc/hostname", folder.path("set/LICENSE"));
  Deno.writeTextFileSync(folder.path("set/data/a.jsonl"), `{"n":1.0,"text":"x"}\n`);
  Deno.writeTextFileSync(folder.path("set/data/b.jsonl"), `{"n":2.0,"text":"mail ${EMAIL}"}\n`);
  await folder.run("detect", "set", "--out", "s.jsonl");
  await folder.run("redact", "set", "--secrets", "s.jsonl", "--out", "clean", "--by", "tag");
  const read = (name: string) => Deno.readTextFileSync(folder.path(`clean/${name}`));
  assertEquals(read("README.md"), "# A data set\n");
  assertEquals(read("data/a.jsonl"), '{"n":1.0,"text":"x"}\n');
  assertEquals(read("data/b.jsonl"), '{"n":2.0,"text":"mail <EMAIL>"}\n');
  assertEquals([...Deno.readDirSync(folder.path("clean"))].map(({ name }) => name).sort(), [
    "README.md",
    "data",
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
  await fail("the corpus has no such document as its row 3 names (1 are missing)", "--out", "clean");
  const names = [...Deno.readDirSync(folder.path("."))].map(({ name }) => name).sort();
  assertEquals(names, [".codescrub", "s.jsonl", "src"]);
  assertEquals([...Deno.readDirSync(folder.path(".codescrub"))].map(({ name }) => name), ["s.jsonl.json"]);
});
