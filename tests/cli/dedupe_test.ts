import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { readTable } from "../../lib/datasets/tables.ts";
import { DROPPED_COLUMNS } from "../../lib/datasets/unseen_columns.ts";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";

function at() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await callMain([...args, "--json"]);
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  };
  const fail = async (message: RegExp, ...args: string[]) => {
    const before = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
    const { code, stderr } = await callMain(args);
    const lines = stderr.trimEnd().split("\n");
    assertEquals(code, args.includes("--near=2") ? 2 : 1, stderr);
    assertMatch(lines.at(-1)!, message);
    assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), before);
  };
  const write = (name: string, text: string) => Deno.writeTextFileSync(path(name), text);
  const read = (name: string) => Deno.readTextFileSync(path(name));
  return { path, run, fail, write, read, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const words = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `w${from + i}`).join(" ");

const ROWS = [
  '{"id":"a", "n":1.0, "content":"x = 1\\n"}\n',
  '{"id":"b", "n":2, "content":"y = \\u00e9"}\r\n',
  '{"id":"c", "n":12345678901234567890, "content":"x = 1\\n"}\n',
  '{"id":"d", "n":3, "content":"x = 1"}\n',
  '{"id":"e", "n":null, "content":"y = é"}\n',
];

Deno.test("dedupe keeps the first of equal texts and every byte of its row, in every format", async () => {
  using folder = at();
  const { path, run, write, read } = folder;
  Deno.mkdirSync(path("shards/data"), { recursive: true });
  write("shards/data/1.jsonl", ROWS.slice(0, 2).join(""));
  Deno.writeFileSync(path("shards/data/2.jsonl.gz"), gzipSync(ROWS.slice(2).join("").trimEnd()));
  const summary = await run("dedupe", "--corpus", path("shards"), "--out", path("kept"));
  const { texts, kept, exact, near, shared, skipped } = summary;
  assertEquals([texts, kept, exact, near, shared, skipped], [5, 3, 2, 0, 0, 0]);
  assertEquals(read("kept/data/1.jsonl"), ROWS[0]! + ROWS[1]!);
  assertEquals(gunzipSync(Deno.readFileSync(path("kept/data/2.jsonl.gz"))).toString(), ROWS[3]);
  write("array.json", `[${ROWS.map((row) => row.trimEnd()).join(",")}]`);
  await run("dedupe", "--corpus", path("array.json"), "--out", path("array"));
  assertEquals(read("array/array.json"), `[\n${[0, 1, 3].map((i) => ROWS[i]!.trimEnd()).join(",\n")}\n]\n`);
  write("a.csv", 'id,text,n\r\n1,"a\r\nb",x\r\n2,c,\r\n3,"a\r\nb",y\r\n4,"c",z\r\n');
  await run("dedupe", "--corpus", path("a.csv"), "--out", path("csv"));
  assertEquals(read("csv/a.csv"), 'id,text,n\r\n1,"a\r\nb",x\r\n2,c,\r\n');
  const rows = ["x", "y", "x", null].map((text, i) => ({ text, n: i / 2, id: `r${i}` }));
  await writeRows(path("a.parquet"), rows, { text: "text?", n: "float", id: "text" });
  assertEquals((await run("dedupe", "--corpus", path("a.parquet"), "--out", path("parquet"))).skipped, 1);
  assertEquals((await readTable(path("parquet/a.parquet"))).toRecords(), rows.slice(0, 2));
  Deno.mkdirSync(path("src/sub"), { recursive: true });
  for (const name of ["a.py", "sub/b.py"]) write(`src/${name}`, "\ufeffx = 1\r\n");
  write("src/c.py", "x = 2");
  Deno.writeFileSync(path("src/d.py"), Uint8Array.of(0xff));
  const files = await run("dedupe", "--corpus", path("src"), "--out", path("files"));
  assertEquals([files.texts, files.kept, files.skipped], [3, 2, 1]);
  assertEquals((await readCorpus(path("files"))).documents, [
    { docId: "a.py", path: "a.py", text: "\ufeffx = 1\r\n" },
    { docId: "c.py", path: "c.py", text: "x = 2" },
  ]);
});

Deno.test("dedupe copies a table of which it keeps every row", async () => {
  using folder = at();
  const packed = gzipSync('{"text":"x"}\n{"text":"y"}', { level: 1 });
  Deno.writeFileSync(folder.path("a.jsonl.gz"), packed);
  await folder.run("dedupe", "--corpus", folder.path("a.jsonl.gz"), "--out", folder.path("out"));
  assertEquals(Deno.readFileSync(folder.path("out/a.jsonl.gz")), new Uint8Array(packed));
});

Deno.test("dedupe --near and --against drop what they say, and list it", async () => {
  using folder = at();
  const { path, run, write, read } = folder;
  const licence = words(5000, 60);
  const texts: [string, string][] = [
    ["one.py", words(0, 100)],
    ["other.py", words(200, 100)],
    ["nearly.py", words(0, 100).replace("w99", "end")],
    ["same.py", words(200, 100)],
    ["seen.py", `x y z\n${words(400, 60)}\n`],
    ["licensed.rs", `// ${licence}\n${words(600, 80)}`],
    ["short.py", "x = 1"],
  ];
  const row = ([id, text]: [string, string]) => JSON.stringify({ id, text }) + "\n";
  write("a.jsonl", texts.map(row).join(""));
  Deno.mkdirSync(path("training"));
  const held = [["t0", words(9000, 500)], ["t1", `${licence} ${words(395, 55)}`]] as [string, string][];
  write("training/t.jsonl", held.map(row).join(""));
  const out = ["--out", path("kept"), "--dropped", path("dropped.csv")];
  const summary = await run(
    ...["dedupe", "--corpus", path("a.jsonl"), "--near", "0.7", "--against", path("training"), ...out],
  );
  const { kept, exact, near, shared, too_short, passes } = summary;
  assertEquals([kept, exact, near, shared, too_short, passes], [4, 1, 1, 1, 1, 1]);
  assertEquals(read("kept/a.jsonl"), [0, 1, 5, 6].map((i) => row(texts[i]!)).join(""));
  assertEquals(await readRows(path("dropped.csv"), DROPPED_COLUMNS), [
    { doc_id: "nearly.py", reason: "near", of: "one.py", similarity: 95 / 97 },
    { doc_id: "same.py", reason: "exact", of: "other.py", similarity: 1 },
    { doc_id: "seen.py", reason: "shared", of: "t1", similarity: null },
  ]);
  assertEquals([...Deno.readDirSync(path("kept"))].map(({ name }) => name), ["a.jsonl"]);
  const again = await run("dedupe", "--corpus", path("kept"), "--near", "0.7", "--out", path("again"));
  assertEquals([again.texts, again.kept], [4, 4]);
  const ruler = "-".repeat(70);
  write("r.jsonl", row(["a", `x = 1\n# ${ruler}\n`]) + row(["b", words(0, 90)]));
  write("s.jsonl", row(["c", `# ${ruler}\ny = 2`]));
  for (const [distinct, shared, tooShort] of [["10", 0, 1], ["1", 1, 0], ["50", 0, 1]] as const) {
    const given = ["--corpus", path("r.jsonl"), "--against", path("s.jsonl"), "--distinct", distinct];
    const found = await run("dedupe", ...given, "--out", path(`ruler-${distinct}`));
    assertEquals([found.shared, found.too_short], [shared, tooShort], distinct);
  }
});

Deno.test("dedupe refuses what it cannot do by one line, and leaves nothing", async () => {
  using folder = at();
  const { path, fail, run, write } = folder;
  write("a.jsonl", '{"text":"x"}\n');
  write("empty.jsonl", "");
  write("none.jsonl", '{"text":""}\n');
  write("cut.jsonl", '{"text":"x"}\n{"text"');
  const from = (name: string) => ["dedupe", "--corpus", path(name), "--out", path("out")];
  await fail(/Cannot read corpus ".*nothing": there is no such file or folder/, ...from("nothing"));
  await fail(/Cannot read corpus ".*empty\.jsonl": it is empty/, ...from("empty.jsonl"));
  await fail(/Cannot read corpus ".*none\.jsonl": it is empty \(1 skipped: no text\)/, ...from("none.jsonl"));
  await fail(/Cannot read table ".*cut\.jsonl": line 2 is not JSON/, ...from("cut.jsonl"));
  await fail(/Cannot read table ".*cut\.jsonl"/, ...from("a.jsonl"), "--against", path("cut.jsonl"));
  await fail(/Cannot read --near "2": a number from 0.3 to 1 is needed/, ...from("a.jsonl"), "--near=2");
  await fail(/Unknown table format/, ...from("a.jsonl"), "--dropped", path("a.txt"));
  await fail(
    /the output .* corpus|lies in|reads/,
    "dedupe",
    "--corpus",
    path("a.jsonl"),
    "--out",
    path("a.jsonl"),
  );
  await run(...from("a.jsonl"));
  await fail(/it is there already: give --force to replace it/, ...from("a.jsonl"));
  await run(...from("a.jsonl"), "--force");
});

Deno.test("dedupe --plan says what it would take, and writes nothing", async () => {
  using folder = at();
  const { path, run, write } = folder;
  write("a.jsonl", '{"text":"x"}\n'.repeat(500));
  const args = ["dedupe", "--corpus", path("a.jsonl"), "--near", "0.7", "--against", path("a.jsonl")];
  const summary = await run(...args, "--plan", "--out", path("out"));
  assertEquals([summary.plan, summary.texts], [true, 500]);
  assert(summary.bytes > 0 && summary.seconds < 10);
  assertEquals([...Deno.readDirSync(path("."))].map(({ name }) => name), ["a.jsonl"]);
});

Deno.test("dedupe reads the training corpus again where the texts are too many for one pass", async () => {
  const { decideKept } = await import("../../lib/cli/dedupe_corpus.ts");
  const { DedupeTexts } = await import("../../lib/cli/dedupe_texts.ts");
  const { createProgress } = await import("../../lib/cli/progress.ts");
  const { resolveCorpus } = await import("../../lib/datasets/resolve_corpus.ts");
  using folder = at();
  const texts = Array.from({ length: 9 }, (_, i) => words(100 * i, 60));
  folder.write("a.jsonl", texts.map((text) => JSON.stringify({ text }) + "\n").join(""));
  folder.write("t.jsonl", [7, 0].map((i) => JSON.stringify({ text: `${texts[i]} end` }) + "\n").join(""));
  const corpus = async (name: string) => ({ source: await resolveCorpus(folder.path(name)), options: {} });
  let shown = "";
  const stream = { write: (text: string) => void (shown += text), isTTY: false, columns: 80 };
  const context = { progress: createProgress({ stream }), breathe: () => Promise.resolve() };
  using deduped = new DedupeTexts({ scratch: "", isListed: true, tokensAtOnce: 200 });
  const passes = await decideKept(await corpus("a.jsonl"), await corpus("t.jsonl"), deduped, context);
  assertEquals([passes, deduped.dropped.map(({ doc_id, of }) => [doc_id, of])], [3, [["0", "1"], [
    "7",
    "0",
  ]]]);
  assertStringIncludes(shown, "Searching the training corpus");
});
