import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readTable, writeTable } from "../../lib/datasets/tables.ts";
import { callMain } from "./call_main.ts";
import { tiny } from "./tiny_cases.ts";

Deno.test("report takes tables of any names and formats, relative to where the user stands", async () => {
  using at = await tiny();
  await Deno.mkdir(at.path("x"));
  await writeTable(await readTable(at.probe), at.path("x/mine.csv"));
  await writeTable(await readTable(at.thresholds), at.path("limits.jsonl"));
  const tables = [at.path("x/mine.csv"), at.path("limits.jsonl")];
  const out = at.path("x/page.html");
  const { code, stdout, stderr } = await callMain(["report", ...tables, "--out", out, "--json"]);
  assertEquals([code, JSON.parse(stdout).out], [0, out], stderr);
  const page = Deno.readTextFileSync(out);
  assertStringIncludes(page, "secret-3");
  const record = JSON.parse(Deno.readTextFileSync(at.path("x/.codescrub/page.html.json")));
  assertEquals(Object.keys(record.inputs), ['table "mine.csv"', 'table "limits.jsonl"']);
  const again = await callMain(["report", ...tables, "--out", at.path("x/mine.csv"), "--force"]);
  assertEquals(again.code, 1);
  assertStringIncludes(again.stderr, "the command reads it");
});

Deno.test("report says in one line what a table lacks or is instead", async () => {
  using at = await tiny();
  const probe = await readTable(at.probe);
  await writeTable(probe.drop("ma", "window"), at.path("lacking.csv"));
  await at.fail(
    "report",
    { tables: at.path("lacking.csv") },
    /it is most like scores that probe wrote, but has no column "window", "ma": it has "doc_id", "tag"/,
  );
  await at.fail(
    "report",
    { tables: at.retain },
    /retain\.parquet": it holds a retain set, which no report shows: give/,
  );
  await at.fail(
    "report",
    { tables: at.corpus },
    /corpus\.jsonl": no table of a run has its columns: "doc_id", "text"/,
  );
  await at.fail(
    "report",
    { tables: undefined },
    'Missing required argument "tables": see codescrub report --help',
    2,
  );
});

Deno.test("report shows folders of several runs beside one another, and names what it reads of each", async () => {
  using at = await tiny();
  const folders = ["one", "two"].map((name) => at.path(name));
  for (const folder of folders) {
    await Deno.mkdir(folder);
    await Deno.copyFile(at.probe, `${folder}/probe.parquet`);
  }
  const out = at.path("page.html");
  const { code, stderr } = await callMain(["report", ...folders, "--out", out]);
  assertEquals([code, stderr.includes("Error")], [0, false], stderr);
  const page = Deno.readTextFileSync(out);
  assertStringIncludes(page, "<h1>2 runs beside one another</h1>");
  assertStringIncludes(page, '<th scope="col">one</th><th scope="col">two</th>');
  const { inputs } = JSON.parse(Deno.readTextFileSync(at.path(".codescrub/page.html.json")));
  assertEquals([inputs["probe.parquet"], inputs["probe.parquet of folder 2"]].every(Boolean), true);
});

Deno.test("report --help shows both ways with an example", async () => {
  const { code, stdout } = await callMain(["report", "--help"]);
  assertEquals(code, 0);
  for (
    const text of [
      "<tables...>",
      "Examples:",
      "report out/demo --out",
      "report found.csv scores.jsonl",
      "--twins",
    ]
  ) {
    assert(stdout.includes(text), text);
  }
});
