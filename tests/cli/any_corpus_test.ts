/** Every command on the corpora that a new user has: data sets of the Hub as they lie there, pipes, what redact wrote. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { callMain } from "./call_main.ts";
import { cliCommand, temporaryFolder } from "./run_cli.ts";
import { drawSecret, writeTinyRun } from "./tiny_run.ts";

const gz = (text: string) => new Uint8Array(gzipSync(text));

/** Runs a command, which must succeed; its last line of JSON and what it wrote. */
async function run(...args: string[]) {
  const { code, stdout, stderr } = await callMain([...args, "--json"]);
  assertEquals(code, 0, `${args.join(" ")}: ${stderr}`);
  return { summary: JSON.parse(stdout.trim().split("\n").at(-1)!), text: stderr };
}

Deno.test("every command reads a folder of .json.gz shards with what lies beside them, and what redact makes of it", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const tiny = await writeTinyRun(path("run"));
  const { documents } = await readCorpus(tiny.corpus);
  // ids as the tiny run's tables have them, under names of another data set
  const rows = documents.map(({ docId, text }, i) => ({
    func_code_string: text,
    hash: docId,
    copies: String(i),
  }));
  const lines = rows.map((row) => JSON.stringify(row) + "\n");
  Deno.mkdirSync(path("set/assets"), { recursive: true });
  Deno.mkdirSync(path("set/.git"));
  Deno.writeFileSync(path("set/file-000000000001.json.gz"), gz(lines.slice(0, 9).join("")));
  Deno.writeFileSync(path("set/file-000000000002.json.gz"), gz(lines.slice(9).join("")));
  for (
    const name of ["README.md", ".gitattributes", ".DS_Store", "CITATION.cff", "assets/a.png", ".git/config"]
  ) {
    Deno.writeTextFileSync(path(`set/${name}`), "# x\n");
  }
  Deno.writeTextFileSync(path("set/set.py"), "import datasets\n");

  const key = path("secrets.parquet");
  const { summary } = await run("detect", path("set"), "--out", key);
  const columns = { tables: 2, text: "func_code_string", id: "hash", path: null };
  assertEquals([summary.documents, summary.corpus], [24, { ...columns, others: 4 }]);
  const same = await run("detect", tiny.corpus, "--out", path("same.parquet"));
  assertEquals(summary.spans, same.summary.spans);
  assert(summary.spans > 10);
  await run("redact", path("set"), "--secrets", key, "--by", "tag", "--out", path("clean"));
  const clean = await run("detect", path("clean"), "--out", path("none.parquet"));
  assertEquals([clean.summary.documents, clean.summary.spans], [24, 0]);
  assertMatch(
    gunzipSync(Deno.readFileSync(path("clean/file-000000000001.json.gz"))).toString(),
    /"token = \\"<KEY>|<KEY>/,
  );

  const model = ["--model", tiny.model];
  const set = path("set");
  for (const corpus of [set, path("clean")]) {
    const out = (name: string) => ["--out", path(`${name}-${corpus === set ? "set" : "clean"}.parquet`)];
    const measured = await run("measure", ...model, "--texts", corpus, "--tokens", "8", ...out("measure"));
    assertEquals([measured.summary.texts, measured.summary.corpus.text], [24, "func_code_string"]);
    assertStringIncludes(measured.text, 'read: 2 tables, texts "func_code_string", ids "hash"');
    const limits = ["--tokens", "8", "--runs", "2"];
    const thresholds = await run("thresholds", ...model, "--texts", corpus, ...limits, ...out("thresholds"));
    assertEquals(thresholds.summary.texts, 24);
    const none = path("none.parquet");
    const kept = await run(
      "retain",
      ...model,
      "--texts",
      corpus,
      "--secrets",
      none,
      "--any",
      "--k",
      "2",
      ...out("retain"),
    );
    assertEquals(kept.summary.texts, 24);
    const train = await run(
      "train",
      "--corpus",
      corpus,
      ...model,
      "--steps",
      "1",
      "--batch",
      "1",
      "--length",
      "16",
      "--out",
      path(`model-${corpus === set}`),
    );
    assertEquals(train.summary.steps, 1);
  }
  const probed = await run(
    "probe",
    ...model,
    "--corpus",
    set,
    "--secrets",
    key,
    "--out",
    path("probe.parquet"),
  );
  assertEquals([probed.summary.secrets, probed.summary.corpus.id], [summary.spans, "hash"]);
  const sets = ["--k", "2", "--groups", "1"];
  const selected = await run(
    "select",
    "--probe",
    tiny.probe,
    "--corpus",
    set,
    ...sets,
    "--out",
    path("forget"),
  );
  assertEquals(selected.summary.corpus.tables, 2);
  const evaluated = await run(
    "evaluate",
    ...model,
    ...["--corpus", set, "--forget", tiny.forget, "--retain", tiny.retain, "--unseen", path("clean")],
    ...["--max-texts", "2", "--text-column", "func_code_string", "--out", path("evaluation.parquet")],
  );
  assertEquals(evaluated.summary.sets.length, 3);
  const forgotten = await run(
    "unlearn",
    ...model,
    ...["--corpus", set, "--forget", tiny.forget, "--method", "ga", "--ma", "1", "--el10", "1"],
    ...["--text-column", "func_code_string", "--out", path("erased")],
  );
  assertEquals(forgotten.summary.status, "nothing-to-do");
});

Deno.test("a table's columns are given by name on every command, and a name that it lacks is refused", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const text = `token = "${drawSecret(1)}"\n`;
  const row = { key: 7, where: "a/b.py", snippet: text, code: "x" };
  Deno.writeTextFileSync(path("a.json"), JSON.stringify([row, { ...row, key: 8 }]));
  const names = ["--text-column", "snippet", "--id-column", "key", "--path-column", "where"];
  const { summary } = await run("detect", path("a.json"), ...names, "--out", path("o.jsonl"));
  assertEquals(summary.corpus, { tables: 1, text: "snippet", id: "key", path: "where", others: 0 });
  const found = Deno.readTextFileSync(path("o.jsonl")).trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(found.map(({ doc_id, path }) => [doc_id, path]), [["7", "a/b.py"], ["8", "a/b.py"]]);
  await run(
    "redact",
    path("a.json"),
    ...names,
    "--secrets",
    path("o.jsonl"),
    "--by",
    "tag",
    "--out",
    path("clean"),
  );
  const clean = { ...row, snippet: 'token = "<KEY>"\n' };
  assertEquals(Deno.readTextFileSync(path("clean/a.json")), JSON.stringify([clean, { ...clean, key: 8 }]));
  for (
    const [name, value] of [["--text-column", "src"], ["--id-column", "nr"], [
      "--path-column",
      "file",
    ]] as const
  ) {
    const { code, stderr } = await callMain(["detect", path("a.json"), name, value, "--out", path("p.csv")]);
    assertEquals([code, stderr.trim().split("\n").length], [1, 1]);
    assertStringIncludes(stderr, `it has no column "${value}"`);
  }
});

Deno.test("redact keeps the packing and all that it does not change: zstd, gzip, arrays, bytes in Parquet", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const secret = drawSecret(2);
  const rows = [{ id: "a", content: `token = "${secret}"\n`, n: 1.0 }, { id: "b", content: "x\n" }];
  const array = `[ ${JSON.stringify(rows[0])} ,\n\t${JSON.stringify(rows[1])}]\n`;
  Deno.writeFileSync(path("a.json.zst"), new Uint8Array(zstdCompressSync(array)));
  await run("detect", path("a.json.zst"), "--out", path("a.csv"));
  await run("redact", path("a.json.zst"), "--secrets", path("a.csv"), "--by", "tag", "--out", path("clean"));
  const written = zstdDecompressSync(Deno.readFileSync(path("clean/a.json.zst"))).toString();
  assertEquals(written, array.replace(secret, "<KEY>"));
  const bytes = join(import.meta.dirname!, "../fixtures/corpora/bytes.parquet");
  const found = await run("detect", bytes, "--out", path("bytes.csv"));
  assertEquals([found.summary.spans, found.summary.skipped], [1, { "no text": 1, "not UTF-8": 1 }]);
  const { summary } = await run(
    "redact",
    bytes,
    "--secrets",
    path("bytes.csv"),
    "--by",
    "tag",
    "--out",
    path("c"),
  );
  assertEquals([summary.replaced, summary.unsearched], [1, 1]);
  const { documents, skipped } = await readCorpus(path("c/bytes.parquet"));
  assertEquals(documents.map(({ text }) => text), ["ok\n", "é\n", "mail <EMAIL>\n"]);
  assertEquals(skipped.map(({ reason }) => reason), ["not UTF-8", "no text"]);
  const arrow = join(import.meta.dirname!, "../fixtures/corpora/saved");
  await run("detect", arrow, "--out", path("arrow.csv"));
  const { code, stderr } = await callMain([
    "redact",
    arrow,
    "--secrets",
    path("arrow.csv"),
    "--out",
    path("b"),
  ]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Arrow files are read only: save the data set as Parquet first");
});

/** Runs a command with something on standard input. */
async function pipe(input: string | Uint8Array, args: readonly string[], env: Record<string, string>) {
  const child = cliCommand(args, { env, isPiped: true }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input).catch(() => {});
  await writer.close().catch(() => {}); // it may have refused before it read
  const { code, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("standard input is one document, or rows where the format is given, and leaves nothing behind", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  Deno.mkdirSync(path("tmp"));
  const env = { TMPDIR: path("tmp"), XDG_CACHE_HOME: path("cache") };
  const text = `token = "${drawSecret(2)}"\n`;
  const one = await pipe(text, ["detect", "-", "--out", path("one.jsonl")], env);
  assertEquals(one.code, 0, one.stderr);
  assertEquals(JSON.parse(Deno.readTextFileSync(path("one.jsonl"))).doc_id, "stdin");
  const lines = [1, 2, 3].map((id) => JSON.stringify({ id, text }) + "\n").join("");
  for (const [i, input] of [lines, gz(lines), new Uint8Array(zstdCompressSync(lines))].entries()) {
    const out = path(`rows${i}.jsonl`);
    const { code, stderr, stdout } = await pipe(
      input,
      ["detect", "-", "--format", "jsonl", "--out", out],
      env,
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "3 spans of 1 values in 3 of 3 documents");
    const ids = Deno.readTextFileSync(out).trim().split("\n").map((line) => JSON.parse(line).doc_id);
    assertEquals(ids, ["1", "2", "3"]);
  }
  const csv = await pipe("id,text\n1,x\n", ["detect", "-", "--format", "csv", "--out", path("c.csv")], env);
  assertStringIncludes(csv.stdout, "0 spans of 0 values in 0 of 1 documents");
  const cases: [string | Uint8Array, string[], number, RegExp][] = [
    ["", ["-"], 1, /it is empty \(1 skipped: empty\)/],
    [new Uint8Array([0, 1]), ["-"], 1, /it is empty \(1 skipped: binary\)/],
    ["{}", ["-", "--format", "tables"], 2, /Cannot use --format tables with standard input/],
    ["", [path("one.jsonl"), "--format", "jsonl"], 2, /Cannot use --format jsonl with a path/],
    ['{"text":"x"}\n{', ["-", "--format", "jsonl"], 1, /line 2 is not JSON/],
  ];
  for (const [i, [input, args, status, message]] of cases.entries()) {
    const { code, stderr } = await pipe(input, ["detect", ...args, "--out", path(`bad${i}.csv`)], env);
    assertEquals(code, status, stderr);
    assertMatch(stderr, message);
  }
  assertEquals([...Deno.readDirSync(path("tmp"))].map(({ name }) => name), []);
  assert(!Deno.readTextFileSync(path(".codescrub/one.jsonl.json")).includes("token"));
});

Deno.test("shards of a cluster's tasks make what one process makes, of packed shards and of Arrow", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  Deno.mkdirSync(path("set"));
  const row = (i: number) =>
    JSON.stringify({ repo_name: "r", path: `${i}.py`, content: `token = "${drawSecret(i)}"\n` });
  const lines = Array.from({ length: 700 }, (_, i) => row(i) + "\n");
  Deno.writeFileSync(path("set/a.json.gz"), gz(lines.slice(0, 300).join("")));
  Deno.writeFileSync(path("set/b.json.zst"), new Uint8Array(zstdCompressSync(lines.slice(300).join(""))));
  await run("detect", path("set"), "--out", path("whole.parquet"));
  for (const shard of ["0/3", "1/3", "2/3"]) {
    await run("detect", path("set"), "--shard", shard, "--out", path("parts.parquet"));
  }
  await run("merge", path("parts.parquet"));
  assertEquals(Deno.readFileSync(path("parts.parquet")), Deno.readFileSync(path("whole.parquet")));
});
