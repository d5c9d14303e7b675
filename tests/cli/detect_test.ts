import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readTable } from "../../lib/datasets/tables.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";

// Assembled here, so that no scanner takes them for live ones.
const EMAIL = ["ada", "mail.invalid"].join("@");
const LOCAL = ["192", "168", "0", "17"].join(".");
const TOKEN = ["QZ7xK2vJ9mWq4bXf", "8pTzR3hLw6cNgYd5"].join("");
const TEXT = `# 😀 ${EMAIL}\nhost = "${LOCAL}"\nkey = "${TOKEN}"\n`;

/** A folder with a corpus of source files and a cache of its own. */
function corpusFolder(): { path: string; env: { [name: string]: string } } & Disposable {
  const folder = temporaryFolder();
  const write = (name: string, content: string | Uint8Array) => {
    Deno.mkdirSync(join(folder.path, "src/sub"), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(join(folder.path, "src", name), content);
    else Deno.writeFileSync(join(folder.path, "src", name), content);
  };
  write("a.py", TEXT);
  write("sub/b.py", "x = 1\n");
  write("binary.bin", new Uint8Array([0, 1, 2]));
  write("latin.py", new Uint8Array([0xe9, 0x0a]));
  write("ignored.py", TEXT);
  return {
    path: folder.path,
    env: { CODESCRUB_CACHE: join(folder.path, "cache"), CODESCRUB_KEY: "", CODESCRUB_KEY_FILE: "" },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("codescrub detect writes spans in code points and fingerprints, and no value anywhere", async () => {
  using folder = corpusFolder();
  const options = { cwd: folder.path, env: folder.env };
  const args = ["detect", "src", "--exclude", "ignored.py", "--out", "secrets.jsonl", "--json"];
  const { code, stdout, stderr } = await runCli(args, options);
  assertEquals(code, 0, stderr);
  const text = Deno.readTextFileSync(join(folder.path, "secrets.jsonl"));
  const rows = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const points = [...TEXT];
  assertEquals(rows.map((row) => [row.doc_id, row.path, row.tag, row.detector]), [
    ["a.py", "a.py", "EMAIL", "Email"],
    ["a.py", "a.py", "KEY", "Base64HighEntropy"],
  ]);
  assertEquals(rows.map((row) => points.slice(row.start, row.end).join("")), [EMAIL, TOKEN]);
  for (const row of rows) assertMatch(row.fingerprint, /^[0-9a-f]{64}$/);
  for (const secret of [EMAIL, TOKEN]) {
    for (let i = 0; i + 9 <= secret.length; i++) {
      for (const output of [text, stdout, stderr]) assert(!output.includes(secret.slice(i, i + 9)));
    }
  }
  assertEquals(JSON.parse(stdout.trimEnd().split("\n").at(-1)!), {
    command: "detect",
    documents: 2,
    documents_with_secrets: 1,
    spans: 2,
    tags: { EMAIL: 1, KEY: 1 },
    detectors: { Base64HighEntropy: 1, Email: 1 },
    replaced_surrogates: 0,
    skipped: { binary: 1, "not UTF-8": 1 },
    values: 2,
    out: join(folder.path, "secrets.jsonl"),
  });
  assertStringIncludes(stderr, "skipped: 1 binary, 1 not UTF-8");
});

Deno.test("codescrub detect keeps filtered values with --unfiltered and shows them with --reveal", async () => {
  using folder = corpusFolder();
  const args = ["detect", "src/a.jsonl", "--unfiltered", "--reveal", "--out", "all.parquet"];
  const lines = ['{"doc_id":7,"text":"\\ud800 ' + LOCAL + '\\n"}', '{"doc_id":"8","text":""}'];
  Deno.writeTextFileSync(join(folder.path, "src/a.jsonl"), lines.join("\n"));
  const { code, stderr } = await runCli(args, { cwd: folder.path, env: folder.env });
  assertEquals(code, 0, stderr);
  assertEquals(Deno.statSync(join(folder.path, "all.parquet")).mode! & 0o777, 0o600);
  const [row, ...rest] = (await readTable(join(folder.path, "all.parquet"))).toRecords();
  assertEquals([row?.doc_id, row?.path, row?.tag, row?.value, rest.length], [
    "7",
    null,
    "IP_ADDRESS",
    LOCAL,
    0,
  ]);
  assertEquals([Number(row?.start), Number(row?.end)], [2, 2 + LOCAL.length]);
});

Deno.test("codescrub detect --compat reference drops 172.160. as the reference's filter does", async () => {
  using folder = corpusFolder();
  const address = ["172", "160", "7", "21"].join(".");
  Deno.writeTextFileSync(join(folder.path, "one.py"), `host = "${address}"\n`);
  const found = async (compat: string) => {
    const args = ["detect", "one.py", "--compat", compat, "--out", `${compat}.parquet`];
    const { code, stderr } = await runCli(args, { cwd: folder.path, env: folder.env });
    assertEquals(code, 0, stderr);
    return (await readTable(join(folder.path, `${compat}.parquet`))).height;
  };
  assertEquals([await found("sound"), await found("reference")], [1, 0]);
});

Deno.test("codescrub detect makes one private key and gives the same fingerprints again, others under another key", async () => {
  using folder = corpusFolder();
  const run = async (name: string, env: { [name: string]: string }) => {
    const options = { cwd: folder.path, env: { ...folder.env, ...env } };
    const { code, stderr } = await runCli(["detect", "src", "--out", name], options);
    assertEquals(code, 0, stderr);
    return Deno.readTextFileSync(join(folder.path, name));
  };
  const first = await run("1.csv", {});
  assertEquals(await run("2.csv", {}), first);
  assert(await run("3.csv", { CODESCRUB_KEY: "another key of enough bytes" }) !== first);
  const { mode, size } = Deno.statSync(join(folder.path, "cache/fingerprint.key"));
  assertEquals([mode! & 0o777, size], [0o600, 32]);
});

Deno.test("codescrub detect fails on what it cannot use, and writes nothing", async () => {
  using folder = corpusFolder();
  const write = (name: string, text: string) => Deno.writeTextFileSync(join(folder.path, name), text);
  write("bigrams.json", '{"charset":"a"}');
  write("empty.jsonl", "");
  write("other.csv", "id,remark\n1,x\n");
  Deno.mkdirSync(join(folder.path, "empty"));
  const cases: [string[], RegExp][] = [
    [["nothing", "--out", "o.csv"], /Cannot read corpus ".*nothing": there is no such file or folder/],
    [["empty", "--out", "o.csv"], /Cannot read corpus ".*empty": it is empty/],
    [["empty.jsonl", "--out", "o.csv"], /Cannot read corpus ".*empty.jsonl": it is empty/],
    [["other.csv", "--out", "o.csv"], /it has no column "content", "text" or "code"/],
    [
      ["src", "--out", "o.xlsx"],
      /Unknown table format "o.xlsx": expected .parquet, .jsonl, .jsonl.gz or .csv/,
    ],
    [["src", "--out", "bigrams.json/o.csv"], /Cannot write ".*o.csv"/],
    [["src", "--out", "o.csv", "--bigrams", "bigrams.json"], /Cannot read bigrams ".*": .*charset/],
    [["src", "--out", "o.csv", "--bigrams", "no.json"], /Cannot read bigrams ".*no.json"/],
  ];
  const cli = { cwd: folder.path, env: folder.env };
  const own = (args: string[], i: number) => args.map((arg) => arg === "o.csv" ? `o${i}.csv` : arg); // one lock each
  const before = namesIn(folder.path);
  const runs = await Promise.all(cases.map(([args], i) => runCli(["detect", ...own(args, i)], cli)));
  cases.forEach(([args, message], i) => {
    assertEquals([runs[i]!.code, runs[i]!.stdout], [1, ""], args.join(" "));
    assertMatch(runs[i]!.stderr.trimEnd().split("\n").at(-1)!, message);
  });
  assertEquals(namesIn(folder.path).filter((name) => name !== "cache"), before);
  const missing = await runCli(["detect", "--out", "o.csv"], { cwd: folder.path });
  assertEquals([missing.code, missing.stderr], [
    2,
    'codescrub: Missing required argument "corpus": see codescrub detect --help\n',
  ]);
});

Deno.test("codescrub detect lists what it skipped also where that is all there is", async () => {
  using folder = corpusFolder();
  Deno.mkdirSync(join(folder.path, "bin"));
  Deno.writeFileSync(join(folder.path, "bin/a.bin"), new Uint8Array([0, 1]));
  const args = ["detect", "bin", "--out", "o.csv", "--skipped", "skipped.csv"];
  const { code, stderr } = await runCli(args, { cwd: folder.path, env: folder.env });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "it is empty (1 skipped: binary)");
  assertEquals(Deno.readTextFileSync(join(folder.path, "skipped.csv")), "path,reason\na.bin,binary\n");
  Deno.writeTextFileSync(join(folder.path, "bin/b.py"), TEXT);
  assertEquals((await runCli([...args, "--force"], { cwd: folder.path, env: folder.env })).code, 0);
});
