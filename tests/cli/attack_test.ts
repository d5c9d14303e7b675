import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AttackReport } from "../../lib/cli/attack_report.ts";
import { ATTACK_COLUMNS, FORGET_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { fingerprintSecret } from "../../lib/secrets/fingerprint.ts";
import { killWithParts } from "./kill_with_parts.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";
import { argumentsOf, tiny } from "./tiny_cases.ts";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import {
  byteTokenizer,
  type TinyConfig,
  tinyConfig,
  tinyWeights,
  writeBenign,
  writeCertainModel,
  writeTexts,
  writeTinyModel,
  writeTinyRun,
} from "./tiny_run.ts";

Deno.env.set("CODESCRUB_KEY", "a key for tests of attacks");

/** A forget set of one document each. */
async function writeForget(
  path: string,
  rows: readonly { doc_id: string; spans: unknown[][] }[],
): Promise<void> {
  const scores = { window: 0, ma: 0.95, mask_tokens: 42 };
  const forget = rows.map(({ doc_id, spans }) => ({ doc_id, spans: JSON.stringify(spans), ...scores }));
  await writeRows(path, forget, FORGET_COLUMNS);
}

Deno.test("attack writes a row a secret, model, attack and variant beside controls, and what was left out", async () => {
  using at = await tiny();
  const benign = await writeBenign(at.path("benign.jsonl"));
  const training = { benign, "relearn-steps": "1,2", "relearn-rates": "0.001" };
  const before = { "attacks-before": "exposure,membership,extract,prefix,quantize" };
  const changes = { "attacked-controls": 2, draws: 10, json: true, ...training, ...before } as const;
  const { code, stdout, stderr } = await at.run("attack", changes);
  assertEquals(code, 0, stderr);
  const rows = await readRows(at.path("out/attacks.parquet"), ATTACK_COLUMNS);
  const variants = Map.groupBy(rows, ({ model, attack, variant }) => `${model} ${attack} ${variant}`);
  for (const [name, own] of variants) {
    const all = [0, 1, 2, 3].map((i) => `secret-${i}`);
    const measured = own.map(({ doc_id }) => doc_id);
    if (!name.includes("half")) assertEquals(measured, all, name);
    else assertEquals([measured.length, new Set(measured).size], [2, 2], name);
  }
  const of = (attack: string) =>
    [...variants.keys()].filter((name) => name.startsWith(`after ${attack} `)).map((name) =>
      name.slice(7 + attack.length)
    );
  assertEquals(of("exposure"), ["rank", "ma", "loss"]);
  assertEquals(of("membership"), ["loss", "zlib", "min_k", "min_k_plus", "before"]);
  assertEquals(of("extract").length, 12);
  assertEquals(of("extract").slice(-2), ["leak at 1", "leak at 10"]);
  const asked = [
    "context 0",
    "context 16",
    "context 32",
    "context 64",
    "context 128",
    "line",
    "quotes",
    "renamed",
  ];
  assertEquals(of("prefix"), [...asked, "moved", "asked"]);
  assertEquals(of("quantize").length, 10);
  assertEquals(of("depth"), ["uds", "lens 0"]);
  assertEquals(of("relearn"), [
    "1 steps at 0.001",
    "2 steps at 0.001",
    "half, 1 steps at 0.001",
    "half, 2 steps at 0.001",
  ]);
  assertEquals([...variants.keys()].filter((name) => /^before (depth|relearn)/.test(name)), [
    "before depth lens 0",
  ]);
  const lens = variants.get("after depth lens 0")!.map((row) => ({ ...row, model: "before" }));
  assertEquals(variants.get("before depth lens 0"), lens, "both models are one");
  const controls = {
    ...{ exposure: 20, membership: 10, extract: 2, prefix: 2, quantize: 2 },
    ...{ depth: 2, relearn: 2 },
  };
  for (const row of rows) {
    assertEquals(row.controls, controls[row.attack as keyof typeof controls], row.attack);
    assertEquals(
      row.extracted === null,
      ["exposure", "membership", "depth"].includes(row.attack),
      row.attack,
    );
    assertEquals(row.controls_extracted === null, row.extracted === null);
    assertEquals(row.p_value === null, row.attack !== "exposure");
    assertMatch(row.fingerprint, /^[0-9a-f]+$/);
    if (row.variant === "before") assertEquals([row.score, row.model], [0, "after"]); // both models are one
  }
  const report: AttackReport = JSON.parse(await Deno.readTextFile(at.path("out/attacks.json")));
  assertEquals([report.secrets, report.values, report.attacks.length], [4, 4, variants.size]);
  assertEquals(
    report.membership.map(({ model }) => model).sort().join(),
    "after,".repeat(5) + "before,before,before,before",
  );
  assertEquals(report.extracted_by_any.map(({ model, secrets }) => [model, secrets!.estimate]), [[
    "after",
    0,
  ], ["before", 0]]);
  assertEquals(report.left_out, []);
  assertEquals(JSON.parse(stdout).left_out, []);
  for (const piece of at.pieces) {
    for (const { name } of Deno.readDirSync(at.path("out"))) {
      const text = new TextDecoder("latin1").decode(Deno.readFileSync(at.path(`out/${name}`)));
      assert(!text.includes(piece), `${name} has a piece of a secret`);
    }
  }
  assertEquals([...Deno.readDirSync(at.path("out"))].map(({ name }) => name).sort(), [
    "attacks.json",
    "attacks.parquet",
    "run.json",
  ]);
});

Deno.test("attack finds what a model gives away, and says what it has not tried", async () => {
  using at = await tiny();
  await writeCertainModel(at.model, "7");
  await writeTexts(at.path("sevens.jsonl"), {
    a: 'pin = "7777"',
    b: 'pin = "7"',
    c: 'pin = "----"',
    d: "x = 1",
  });
  const spans = (length: number) => [["KEY", 7, 7 + length]];
  const forget = at.path("sevens.parquet");
  await writeForget(forget, [
    { doc_id: "a", spans: spans(4) },
    { doc_id: "b", spans: spans(1) }, // of one token
    { doc_id: "c", spans: spans(4) }, // of which there is no other
  ]);
  const attacks = "exposure,membership,extract,prefix";
  const given = { corpus: at.path("sevens.jsonl"), forget, before: undefined, attacks, json: true } as const;
  const { code, stderr, stdout } = await at.run("attack", given);
  assertEquals(code, 0, stderr);
  const rows = await readRows(at.path("out/attacks.parquet"), ATTACK_COLUMNS);
  const find = (variant: string) => rows.filter((row) => row.variant === variant);
  assertEquals(find("greedy").map(({ score, extracted }) => [score, extracted]), [[1, true], [1, true], [
    0,
    false,
  ]]);
  assertEquals(find("beam").map(({ extracted }) => extracted), [true, true, false]);
  assertEquals(find("rank").map(({ controls, p_value }) => [controls, p_value]), [
    [20, 1 / 21],
    [9, 1 / 10], // there are no more
    [0, null],
  ]);
  assertEquals(find("moved").map(({ extracted }) => extracted), [true, true, false]);
  assertEquals(find("greedy").map(({ controls_extracted }) => controls_extracted), [0, 0, null]);
  const { left_out, extracted_by_any: [any] } = JSON.parse(stdout);
  assertEquals(any.secrets.estimate, 2 / 3);
  assertEquals(left_out, [
    "quantize: not chosen by --attacks",
    "depth: not chosen by --attacks",
    "relearn: not chosen by --attacks",
    'membership "before": it takes the model before, --before',
    "controls of 1 secret (KEY): its format has no other value",
  ]);
  assertStringIncludes(stderr, "extracted by any attack, after: 67 % of secrets");
});

Deno.test("attack leaves out what takes equal vocabularies where they are not", async () => {
  using at = await tiny();
  const config = tinyConfig({ vocab_size: 300 }) as TinyConfig;
  const tokenizer = (await byteTokenizer()).replaceAll("<|endoftext|>", "<|end|>");
  await writeTinyModel(at.path("renamed"), { tokenizer });
  await writeTinyModel(at.path("larger"), { config, weights: encodeSafetensors(tinyWeights(config)) });
  for (const name of ["renamed", "larger"]) {
    const changes = {
      before: at.path(name),
      attacks: "membership",
      out: at.path(`out-${name}`),
      json: true,
    } as const;
    const { code, stderr, stdout } = await at.run("attack", changes);
    assertEquals(code, 0, stderr);
    const { left_out, attacks } = JSON.parse(stdout);
    assertEquals(left_out.at(-1), 'membership "before": the model before has other tokens');
    assertEquals(attacks.length, 2 * 4, "all but the ratio of both models");
  }
});

Deno.test("attack refuses what it can not attack", async () => {
  using at = await tiny();
  await writeForget(at.path("empty.parquet"), []);
  await at.fail(
    "attack",
    { forget: at.path("empty.parquet") },
    /Cannot attack with ".*empty.parquet": it has no rows/,
  );
  await writeForget(at.path("none.parquet"), [{ doc_id: "secret-0", spans: [[null, 0, 4]] as unknown[][] }]);
  await at.fail(
    "attack",
    { forget: at.path("none.parquet") },
    /Cannot attack with ".*none.parquet": it names no secrets/,
  );
  await at.fail(
    "attack",
    { attacks: "greedy" },
    'Unknown attack "greedy": expected "exposure", "membership"',
    2,
  );
  await at.fail(
    "attack",
    { "attacks-before": "relearn" },
    /Unknown attack "relearn": expected .*"quantize"$/,
    2,
  );
  await at.fail("attack", { "relearn-steps": "5,none" }, 'Cannot use "none" in --relearn-steps: a whole', 2);
  await at.fail(
    "attack",
    { "relearn-rates": "-1" },
    'Cannot use "-1" in --relearn-rates: a number above 0',
    2,
  );
  const benign = (path: string) => ({ attacks: "relearn", benign: path });
  await at.fail(
    "attack",
    benign(at.path("nothing")),
    /Cannot read corpus ".*nothing": there is no such file/,
  );
  const held =
    "Cannot relearn on texts that hold what was forgotten: 4 of 24 texts, 4 of 4 values: leave these texts out";
  await at.fail("attack", benign(at.corpus), held);
  await writeTexts(at.path("short.jsonl"), { a: "x" });
  await at.fail(
    "attack",
    benign(at.path("short.jsonl")),
    "Cannot train on 2 tokens: a window of two tokens needs",
  );
  await at.fail("attack", { controls: 0 }, /--controls/, 2);
  await at.fail("attack", { before: at.path("nothing") }, /Cannot find model/);
  const key = new Uint8Array(32);
  const moved = [["KEY", 141, 181, fingerprintSecret("another value", key)]];
  await writeForget(at.path("moved.parquet"), [{ doc_id: "secret-0", spans: moved }]);
  await at.fail(
    "attack",
    { forget: at.path("moved.parquet") },
    /another value stands there than was found: .*run detect again/,
  );
});

Deno.test("attack that was killed goes on with the next attack to the same bytes, and over nothing else", async () => {
  using folder = temporaryFolder();
  const files = await writeTinyRun(folder.path);
  const at = { cwd: folder.path, env: { CODESCRUB_KEY: "a key for tests of attacks" } };
  const args = (out: string) =>
    argumentsOf("attack", files, { attacks: "exposure,extract", out: join(folder.path, out) });
  const whole = await runCli(args("whole"), at);
  assertEquals(whole.code, 0, whole.stderr);
  const begun = argumentsOf("attack", files, { attacks: "exposure,extract", out: undefined });
  await killWithParts(begun, "out", { ...at, parts: "out/parts" });
  const model = Deno.readFileSync(join(files.model, "model.safetensors"));
  await writeCertainModel(files.model, "n");
  const changed = await runCli(args("out"), at);
  assertEquals(changed.code, 1);
  assertMatch(
    changed.stderr,
    /Cannot continue ".*out" as what it reads has changed since it began: the model;/,
  );
  Deno.writeFileSync(join(files.model, "model.safetensors"), model);
  const other = await runCli([...args("out"), "--seed", "7"], at);
  assertMatch(other.stderr, /Cannot continue ".*out" with other settings: "seed" was 42, is 7/);
  const { code, stderr } = await runCli(args("out"), at);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /Exposure \(after\): .*of an earlier run/);
  for (const name of ["attacks.parquet", "attacks.json"]) {
    assertEquals(
      Deno.readFileSync(join(folder.path, "out", name)),
      Deno.readFileSync(join(folder.path, "whole", name)),
      name,
    );
  }
  assert(!existsSync(join(folder.path, "out", "parts")));
});
