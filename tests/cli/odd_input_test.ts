import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PROBE_COLUMNS, PROBE_EL_COLUMNS, SECRET_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows, type RowOf, writeRows } from "../../lib/datasets/row_table.ts";
import { readTable } from "../../lib/datasets/tables.ts";
import type { CliRun } from "./run_cli.ts";
import { tiny } from "./tiny_cases.ts";
import { byteTokenizer, drawSecret, writeTexts, writeTinyModel } from "./tiny_run.ts";

Deno.test("codescrub scores a secret at offset 0, past the window and longer than 32 tokens", async () => {
  using at = await tiny();
  const filler = "x = 1\n".repeat(150); // 900 tokens of a byte each
  const [first, far, long] = [drawSecret(90), drawSecret(91), drawSecret(92) + drawSecret(93)];
  const texts = {
    first: `${first} = key\n`,
    far: `${filler}key = "${far}"\n`,
    long: `key = "${long}"\n`,
    whole: drawSecret(94),
  };
  const places = [["first", 0, first], ["far", 907, far], ["long", 7, long], [
    "whole",
    0,
    texts.whole,
  ]] as const;
  await writeTexts(at.path("texts.jsonl"), texts);
  const lines = places.map(([doc_id, start, { length }]) =>
    JSON.stringify({ doc_id, tag: "KEY", start, end: start + length })
  );
  await Deno.writeTextFile(at.path("places.jsonl"), lines.join("\n"));
  const flags = {
    corpus: at.path("texts.jsonl"),
    secrets: at.path("places.jsonl"),
    el: true,
    json: true,
  } as const;
  const { code, stderr } = await at.run("probe", flags);
  assertEquals(code, 0, stderr);
  const rows = await readRows(at.path("out.parquet"), PROBE_EL_COLUMNS);
  const byId: { [id: string]: RowOf<typeof PROBE_EL_COLUMNS> } = Object.fromEntries(
    rows.map((row) => [row.doc_id, row]),
  );
  assertEquals(rows.map(({ doc_id }) => doc_id).sort(), ["far", "first", "long", "whole"]);
  for (const row of rows) {
    assertEquals(row.secret_tokens, 32, row.doc_id);
    for (const name of ["ma", "el_3", "el_5", "el_10"] as const) {
      assert(row[name]! >= 0 && row[name]! <= 1, name);
    }
  }
  assert(byId.far!.window > 512 - 128 && byId.far!.window < 907, String(byId.far!.window));
  assertEquals([byId.first!.window, byId.long!.window, byId.whole!.window], [0, 0, 0]);
  assertEquals([byId.whole!.mask_tokens, byId.long!.mask_tokens], [40, 82]); // with both neighbours
  const short = await at.run("probe", {
    ...flags,
    firstWindow: undefined,
    "first-window": true,
    force: true,
  });
  assertEquals(JSON.parse(short.stdout.trimEnd().split("\n").at(-1)!).not_treated, 1);
});

Deno.test("codescrub leaves null, never 0, where a text is too short for a score", async () => {
  using at = await tiny();
  await writeTexts(at.path("texts.jsonl"), {
    one: "x",
    two: "xy",
    six: "x = 12",
    ten: "x = 123456",
    eleven: "x = 1234567",
  });
  const { code, stdout, stderr } = await at.run("measure", { texts: at.path("texts.jsonl"), json: true });
  assertEquals(code, 0, stderr);
  const rows = (await readTable(at.path("out.parquet"))).toRecords();
  const defined = rows.map((
    row,
  ) => [row.tokens, ...["ma", "nll", "el_3", "el_5", "el_10"].filter((name) => row[name] !== null)]);
  assertEquals(defined, [
    [1],
    [2, "ma", "nll"],
    [6, "ma", "nll", "el_3", "el_5"],
    [10, "ma", "nll", "el_3", "el_5"],
    [11, "ma", "nll", "el_3", "el_5", "el_10"],
  ]);
  assertEquals(JSON.parse(stdout.trimEnd().split("\n").at(-1)!).undefined_texts, 1);
  await writeTexts(at.path("short.jsonl"), { a: "xy", b: "zw" });
  const short = await at.run("thresholds", { texts: at.path("short.jsonl"), runs: 1, force: true });
  assertEquals(short.code, 0, short.stderr);
  const means = (await readTable(at.path("out.parquet"))).toRecords().map((
    { mean, texts },
  ) => [mean !== null, Number(texts)]);
  assertEquals(means, [[true, 2], [false, 0], [false, 0], [false, 0]]);
});

Deno.test("codescrub counts what it skips of a corpus, and lone surrogates", async () => {
  using at = await tiny();
  await Deno.mkdir(at.path("src"));
  const [secret, astral] = [drawSecret(95), "\u{1f600}"];
  await Deno.writeTextFile(at.path("src/a.py"), `# ${astral}\nkey = "${secret}"\n`);
  await Deno.writeTextFile(at.path("src/b.py"), "");
  await Deno.writeFile(at.path("src/c.bin"), new Uint8Array([0x7f, 0x45, 0, 0]));
  await Deno.writeFile(at.path("src/d.py"), new Uint8Array([0x23, 0xe9, 0x0a]));
  const summaryOf = ({ code, stdout, stderr }: CliRun) => {
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  };
  const corpus = at.path("src");
  const found = summaryOf(await at.run("detect", { corpus, json: true }));
  assertEquals([found.documents, found.skipped], [1, { binary: 1, empty: 1, "not UTF-8": 1 }]);
  const [row] = (await readTable(at.path("out.parquet"))).toRecords();
  assertEquals([row!.doc_id, Number(row!.start), Number(row!.end)], ["a.py", 11, 51]);
  for (const [command, flags] of [["measure", {}], ["thresholds", { runs: 1 }]] as const) {
    const summary = summaryOf(await at.run(command, { texts: corpus, json: true, force: true, ...flags }));
    assertEquals([summary.texts, summary.skipped], [1, 3], command);
  }
  await Deno.writeTextFile(at.path("lone.jsonl"), `{"text":"# \\ud83d\\nkey = \\"${secret}\\"\\n"}\n`);
  const lone = summaryOf(await at.run("detect", { corpus: at.path("lone.jsonl"), json: true, force: true }));
  assertEquals([lone.spans, lone.replaced_surrogates], [1, 1]);
  const [place] = (await readTable(at.path("out.parquet"))).toRecords();
  assertEquals([Number(place!.start), Number(place!.end)], [11, 51]);
  summaryOf(
    await at.run("probe", {
      corpus: at.path("lone.jsonl"),
      secrets: at.path("out.parquet"),
      out: at.path("probed.csv"),
      json: true,
    }),
  );
});

Deno.test("a place under two tags is one secret, in probe's rows and means", async () => {
  using at = await tiny();
  const rows = await readRows(at.secrets, SECRET_COLUMNS);
  const twice = rows.flatMap((row, i) => i < 3 ? [row, { ...row, tag: "EMAIL" }] : [row]);
  await writeRows(at.path("twice.parquet"), twice, SECRET_COLUMNS);
  for (const [secrets, out] of [[at.secrets, "once.csv"], [at.path("twice.parquet"), "twice.csv"]] as const) {
    assertEquals((await at.run("probe", { secrets, out: at.path(out) })).code, 0);
  }
  assertEquals(Deno.readTextFileSync(at.path("twice.csv")), Deno.readTextFileSync(at.path("once.csv")));
});

Deno.test("probe names a secret that nothing can predict, and scores the others", async () => {
  using at = await tiny();
  const tokenizer = JSON.parse(await byteTokenizer());
  const end = tokenizer.model.vocab["<|endoftext|>"];
  delete tokenizer.model.vocab["<|endoftext|>"];
  tokenizer.model.vocab["spare"] = end;
  await writeTinyModel(at.model, { tokenizer: JSON.stringify({ ...tokenizer, added_tokens: [] }) });
  const secrets = [drawSecret(95), drawSecret(96)] as const;
  await writeTexts(at.path("texts.jsonl"), { first: `${secrets[0]} = 1\n`, other: `k = "${secrets[1]}"\n` });
  const places = [["first", 0], ["other", 5]].map(([doc_id, start]) =>
    JSON.stringify({ doc_id, tag: "KEY", start, end: Number(start) + 40 })
  );
  await Deno.writeTextFile(at.path("places.jsonl"), places.join("\n"));
  const flags = { corpus: at.path("texts.jsonl"), secrets: at.path("places.jsonl") };
  const { code, stdout, stderr } = await at.run("probe", flags);
  assertEquals(code, 0, stderr);
  assertStringIncludes(
    stdout,
    'not scored: the secret that begins document "first": the tokenizer has no token',
  );
  const rows = await readRows(at.path("out.parquet"), PROBE_COLUMNS);
  assertEquals(rows.map(({ doc_id }) => doc_id), ["other"]);
});
