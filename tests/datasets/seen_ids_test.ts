import { assert, assertEquals, assertRejects } from "@std/assert";
import pl from "nodejs-polars";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { readPiece } from "../../lib/datasets/corpus_piece.ts";
import { corpusPieces } from "../../lib/datasets/corpus_pieces.ts";
import { readTable } from "../../lib/datasets/tables.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

async function streamedIds(path: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { source } of corpusPieces(path)) {
    ids.push(...(await readPiece(source)).documents.map(({ docId }) => docId));
  }
  return ids;
}

async function heldIds(path: string): Promise<string[]> {
  return (await readCorpus(path)).documents.map(({ docId }) => docId);
}

/** Whole numbers that no double tells apart; Polars takes them as text only. */
const LARGE = ["9007199254740992", "9007199254740993", "-8876543210987654321"];

function parquetOf(path: string, ids: pl.Series): string {
  const texts = Array.from({ length: ids.length }, (_, i) => `x = ${i}`);
  pl.DataFrame([ids.rename("doc_id"), pl.Series("text", texts)]).writeParquet(path);
  return path;
}

Deno.test("ids beyond 2^53 stay exact in every format, for streams, for readCorpus() and for readTable()", async () => {
  using folder = temporaryFolder();
  const [jsonl, csv] = [`${folder.path}/a.jsonl`, `${folder.path}/a.csv`];
  Deno.writeTextFileSync(jsonl, LARGE.map((id) => `{"text":"x","doc_id":${id}}\n`).join(""));
  Deno.writeTextFileSync(csv, `doc_id,text\n${LARGE.map((id) => `${id},x\n`).join("")}`);
  const whole = pl.Series("doc_id", LARGE, pl.Utf8).cast(pl.Int64);
  for (const path of [jsonl, csv, parquetOf(`${folder.path}/a.parquet`, whole)]) {
    assertEquals(await streamedIds(path), LARGE, path);
    assertEquals(await heldIds(path), LARGE, path);
    assertEquals((await readTable(path)).getColumn("doc_id").toArray(), LARGE, path);
  }
});

Deno.test("dates and times as ids are ISO 8601, whatever the time zone", async () => {
  using folder = temporaryFolder();
  const micros = pl.Series("doc_id", ["1700000000123456", "1700000000000000"], pl.Utf8).cast(pl.Int64);
  const cases: [pl.Series, string[]][] = [
    [micros.cast(pl.Datetime("us")), ["2023-11-14T22:13:20.123456", "2023-11-14T22:13:20.000000"]],
    [pl.Series("doc_id", [0, 19000], pl.Int64).cast(pl.Date), ["1970-01-01", "2022-01-08"]],
    [pl.Series("doc_id", [0.5, 2], pl.Float64), ["0.5", "2.0"]],
    [pl.Series("doc_id", [true, false], pl.Bool), ["true", "false"]],
  ];
  for (const [ids, expected] of cases) {
    const path = parquetOf(`${folder.path}/a.parquet`, ids);
    assertEquals(await streamedIds(path), expected);
    assertEquals(await heldIds(path), expected);
    assertEquals((await readTable(path)).getColumn("doc_id").toArray(), expected);
    const zone = { cwd: folder.path, env: { TZ: "Pacific/Auckland", LC_ALL: "de_DE.UTF-8" } };
    const script = `import { readCorpus } from "${new URL("../../lib/datasets/corpus.ts", import.meta.url)}";
      console.log(JSON.stringify((await readCorpus("a.parquet")).documents.map(({ docId }) => docId)));`;
    const config = `--config=${new URL("../../deno.json", import.meta.url).pathname}`;
    const args = ["eval", "-q", config, script];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, ...zone }).output();
    assertEquals(
      JSON.parse(new TextDecoder().decode(stdout) || "[]"),
      expected,
      new TextDecoder().decode(stderr),
    );
  }
});

Deno.test("a row without an id in a table of ids is refused by its number, and the other way round", async () => {
  using folder = temporaryFolder();
  const cases: [name: string, content: string, message: string][] = [
    ["null.jsonl", '{"doc_id":"hunter2","text":"x"}\n{"doc_id":null,"text":"y"}\n', "row 1 has no doc_id"],
    ["first.jsonl", '{"doc_id":null,"text":"y"}\n', "row 0 has no doc_id"],
    ["lacks.jsonl", '{"doc_id":"hunter2","text":"x"}\n\n{"text":"y"}\n', "row 1 has no doc_id"],
    ["late.jsonl", '{"text":"x"}\n{"doc_id":"hunter2","text":"y"}\n', "row 0 has no doc_id"],
    ["list.jsonl", '{"doc_id":["hunter2"],"text":"x"}\n', "row 0 has a doc_id that is a list or an object"],
    ["twice.jsonl", '{"doc_id":7,"text":"x"}\n{"doc_id":"7","text":"y"}\n', "row 1 repeats the doc_id"],
    ["null.csv", "doc_id,text\nhunter2,x\n,y\n", "row 1 has no doc_id"],
    ["twice.csv", 'doc_id,text\nhunter2,x\n"hunter2",y\n', "row 1 repeats the doc_id"],
  ];
  for (const [name, content] of cases) Deno.writeTextFileSync(`${folder.path}/${name}`, content);
  parquetOf(`${folder.path}/null.parquet`, pl.Series("doc_id", [1, null], pl.Int64));
  parquetOf(`${folder.path}/twice.parquet`, pl.Series("doc_id", ["hunter2", "hunter2"], pl.Utf8));
  parquetOf(`${folder.path}/list.parquet`, pl.Series("doc_id", [[1], [2]]));
  cases.push(["null.parquet", "", "row 1 has no doc_id"], ["twice.parquet", "", "row 1 repeats the doc_id"]);
  cases.push(["list.parquet", "", 'its column "doc_id" is of the type List']);
  for (const [name, , message] of cases) {
    for (const read of [streamedIds, heldIds]) {
      const error = await assertRejects(() => read(`${folder.path}/${name}`), Error, message);
      assert(!`${error.message}${error.cause}`.includes("hunter2"), name);
    }
  }
});

Deno.test("a quoted nothing is an id, and one of a CSV keeps its zeros", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/a.csv`;
  Deno.writeTextFileSync(path, '\ufeff"doc_id",text\r\n"",x\r\n007,2\r\n1e5,True\r\n');
  assertEquals(await heldIds(path), ["", "007", "1e5"]);
  assertEquals((await readCorpus(path)).documents.map(({ text }) => text), ["x", "2", "True"]);
});

Deno.test("the shards of a data set all have ids, or none has", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/a.jsonl`, '{"doc_id":"1","text":"x"}\n');
  parquetOf(`${folder.path}/b.parquet`, pl.Series("doc_id", ["b"], pl.Utf8));
  assertEquals(await streamedIds(folder.path), ["1", "b"]);
  pl.DataFrame({ text: ["y", "z"] }).writeParquet(`${folder.path}/b.parquet`);
  await assertRejects(() => streamedIds(folder.path), SyntaxError, 'b.parquet": it has no column "doc_id"');
});
