import { assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { UNSEEN_COLUMNS } from "../../lib/datasets/unseen_columns.ts";
import { callMain } from "./call_main.ts";
import { tiny } from "./tiny_cases.ts";

async function world() {
  const at = await tiny();
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await callMain(["sample", ...args, "--json"]);
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  };
  const rows = (name: string) => readRows(at.path(name), UNSEEN_COLUMNS);
  return { ...at, sample: run, rows };
}

Deno.test("sample takes texts in the order of Python's shuffle over sorted paths, without their opening comments", async () => {
  using at = await world();
  Deno.mkdirSync(at.path("src/sub"), { recursive: true });
  const names = Array.from({ length: 40 }, (_, i) => i % 3 === 0 ? `sub/f${i}.rs` : `f${i}.rs`);
  // every fourth is too short; a token is a byte
  const body = (i: number) => `let x${i} = ${"1".repeat(i % 4 === 0 ? 5 : 30)};`;
  for (const [i, name] of names.entries()) {
    Deno.writeTextFileSync(join(at.path("src"), name), `// Licence\n#![x]\n${body(i)}\n`);
  }
  const order = new PythonRandom(42).shuffle(names.toSorted());
  const fit = order.filter((name) => names.indexOf(name) % 4 > 0).slice(0, 12);
  const how = [
    "--corpus",
    at.path("src"),
    "--tokenizer",
    at.model,
    "--min-tokens",
    "40",
    "--max-tokens",
    "60",
  ];
  const planned = await at.sample(...how, "--count", "12", "--plan", "--out", at.path("planned.csv"));
  assertEquals([planned.documents, planned.texts, planned.passes], [40, 12, 2]);
  assertEquals(existsSync(at.path("planned.csv")), false);
  const summary = await at.sample(...how, "--count", "12", "--out", at.path("unseen.parquet"));
  assertEquals([summary.texts, summary.documents, summary.skipped], [12, 40, 0]);
  const text = (name: string) => body(names.indexOf(name));
  assertEquals(
    await at.rows("unseen.parquet"),
    fit.map((name) => ({ doc_id: name, corpus: "src", text: `#![x]\n${text(name)}` })),
  );
  await at.sample(...how, "--count", "99", "--order", "hash", "--out", at.path("hash.csv"));
  const all = (await at.rows("hash.csv")).map(({ doc_id }) => doc_id);
  assertEquals(all.toSorted(), names.filter((_, i) => i % 4 > 0).toSorted());
  Deno.removeSync(join(at.path("src"), all[3]!));
  await at.sample(...how, "--count", "5", "--order", "hash", "--out", at.path("fewer.csv"));
  assertEquals((await at.rows("fewer.csv")).map(({ doc_id }) => doc_id), all.toSpliced(3, 1).slice(0, 5));
  const reference = ["--compat", "reference", "--count", "2", "--max-tokens", "999", "--min-tokens", "1"];
  await at.sample(...how.slice(0, 4), ...reference, "--out", at.path("reference.csv"));
  const [first] = await at.rows("reference.csv");
  const left = order.filter((name) => name !== all[3]);
  assertEquals([first!.doc_id, first!.text.startsWith("// Licence\n#![x]\n")], ["0", true]);
  assertEquals(left.includes(first!.corpus), true);
});

Deno.test("sample takes the solutions of HumanEval and of MBPP's test split", async () => {
  using at = await world();
  const human = [{
    task_id: "HumanEval/0",
    prompt: "def f():\n",
    canonical_solution: "    return 1\n",
    test: "",
  }];
  const mbpp = [2, 11, 510, 511].map((task_id) => ({ task_id, text: "T", code: `x = ${task_id}\r\n` }));
  const lines = (rows: unknown[]) => rows.map((row) => JSON.stringify(row) + "\n").join("");
  Deno.writeTextFileSync(at.path("human.jsonl"), lines(human));
  Deno.writeTextFileSync(at.path("mbpp.jsonl"), lines(mbpp));
  const files = ["--problems", at.path("human.jsonl"), "--problems", at.path("mbpp.jsonl")];
  const planned = await at.sample(...files, "--plan", "--out", at.path("planned.csv"));
  assertEquals([planned.plan, planned.texts, existsSync(at.path("planned.csv"))], [true, 3, false]);
  assertEquals((await at.sample(...files, "--out", at.path("unseen.jsonl"))).texts, 3);
  assertEquals(await at.rows("unseen.jsonl"), [
    { doc_id: "HumanEval/0", corpus: "human_eval", text: "def f():\n\n    return 1\n" },
    { doc_id: "mbpp/11", corpus: "mbpp", text: "x = 11\r\n" },
    { doc_id: "mbpp/510", corpus: "mbpp", text: "x = 510\r\n" },
  ]);
  const thresholds = ["thresholds", "--model", at.model, "--texts", at.path("unseen.jsonl"), "--runs", "1"];
  const { code, stderr } = await callMain([...thresholds, "--out", at.path("thresholds2.csv")]);
  assertEquals(code, 0, stderr);
});

Deno.test("sample refuses what it cannot do by one line, and leaves nothing", async () => {
  using at = await world();
  const fail = async (message: RegExp, ...args: string[]) => {
    const { code, stderr, stdout } = await callMain(["sample", ...args, "--out", at.path("out.csv")]);
    assertEquals([code > 0, stdout], [true, ""]);
    assertMatch(stderr.trimEnd().split("\n").at(-1)!, message);
    const names = [...Deno.readDirSync(at.folder)].map(({ name }) => name);
    assertEquals(names.filter((name) => name.startsWith("out") || name === ".codescrub"), [], `${message}`);
  };
  const corpus = ["--corpus", at.corpus];
  await fail(/give --corpus or --problems, one of them/);
  await fail(/give --corpus or --problems, one of them/, ...corpus, "--problems", "humaneval");
  await fail(/give --tokenizer, a model whose tokenizer counts/, ...corpus);
  await fail(/Cannot find model ".*nothing"/, ...corpus, "--tokenizer", at.path("nothing"));
  const tokenizer = ["--tokenizer", at.model];
  await fail(/none of its 24 texts has 9000 to 9001 tokens/, ...corpus, ...tokenizer, ...range(9000, 9001));
  await fail(/--min-tokens 2: it is more than --max-tokens 1/, ...corpus, ...tokenizer, ...range(2, 1));
  await fail(/Cannot read corpus ".*nothing"/, "--corpus", at.path("nothing"), ...tokenizer);
  await fail(/no such file/, "--problems", at.path("nothing.jsonl"));
  Deno.writeTextFileSync(at.path("odd.jsonl"), '{"task_id":1,"code":"x"}\n');
  await fail(/it has none of HumanEval or of MBPP's test split/, "--problems", at.path("odd.jsonl"));
  Deno.writeTextFileSync(at.path("other.jsonl"), '{"task_id":1,"text":"x"}\n');
  await fail(
    /row 1 has neither prompt and canonical_solution nor code/,
    "--problems",
    at.path("other.jsonl"),
  );
});

function range(from: number, to: number): string[] {
  return ["--min-tokens", String(from), "--max-tokens", String(to)];
}

Deno.test("thresholds --groups writes the means of each language and length, and not for a shard", async () => {
  using at = await world();
  const args = ["thresholds", "--model", at.model, "--texts", at.corpus, "--tokens", "12", "--runs", "2"];
  const groups = ["--groups", at.path("groups.csv"), "--out", at.path("thresholds2.csv")];
  const { code, stdout, stderr } = await callMain([...args, "--error", "0.05", ...groups]);
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /for a standard error of 0\.05: ma \d+ texts/);
  assertMatch(stdout, /Qwen2\.5-Coder-7B \(paper\) +40\.99/);
  const { THRESHOLD_GROUP_COLUMNS } = await import("../../lib/datasets/unseen_columns.ts");
  const rows = await readRows(at.path("groups.csv"), THRESHOLD_GROUP_COLUMNS);
  assertEquals(rows.map(({ by, group }) => `${by} ${group}`).filter((_, i) => i % 4 === 0), [
    "language other",
    "length 1-31",
  ]);
  const refused = await callMain([...args, "--shard", "0/2", ...groups, "--force"]);
  assertEquals(refused.code, 2);
  assertMatch(refused.stderr, /Cannot write --groups of a shard: leave it out, or the shards/);
});
