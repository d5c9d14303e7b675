import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CHUNK_COLUMNS, CHUNK_EPOCH_COLUMNS } from "../../lib/datasets/chunk_columns.ts";
import { HISTORY_COLUMNS, OUTCOME_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { loadRun } from "../../lib/report/load_run.ts";
import { cliCommand, runCli, temporaryFolder } from "./run_cli.ts";
import { tiny } from "./tiny_cases.ts";
import { type TinyRun, writeCertainModel, writeTinyRun } from "./tiny_run.ts";

/** At such a rate a model that says one character after everything goes on saying it, so each chunk takes all its epochs. */
const LASTING = {
  thresholds: undefined,
  ma: 0,
  el10: 0,
  lr: 1e-7,
  epochs: 3,
  retain: undefined,
  method: "ga",
};

Deno.test("unlearn --chunk-rows refuses what makes no sense in a line, and leaves nothing", async () => {
  using at = await tiny();
  const cases: [Parameters<typeof at.fail>[1], RegExp | string, number][] = [
    [{ replay: 0.5 }, "Cannot use --replay without --chunk-rows", 2],
    [{ "chunk-order": "random" }, "Cannot use --chunk-order without --chunk-rows", 2],
    [{ "chunk-passes": 2 }, "Cannot use --chunk-passes without --chunk-rows", 2],
    [{ "chunk-sample": 2 }, "Cannot use --chunk-sample without --chunk-rows", 2],
    [{ "chunk-rows": 2, lasting: true }, "Cannot use --lasting with --chunk-rows: the training", 2],
    [{ "chunk-rows": 0 }, "--chunk-rows", 2],
    [{ "chunk-rows": -3 }, "--chunk-rows", 2],
    [{ "chunk-rows": 1.5 }, "--chunk-rows", 2],
    [{ "chunk-rows": "many" }, "--chunk-rows", 2],
    [{ "chunk-rows": 2, replay: 1.01 }, "--replay", 2],
    [{ "chunk-rows": 2, replay: -0.1 }, "--replay", 2],
    [{ "chunk-rows": 2, replay: "NaN" }, "--replay", 2],
    [{ "chunk-rows": 2, "chunk-order": "kind" }, "--chunk-order", 2],
    [{ "chunk-rows": 2, "chunk-passes": 0 }, "--chunk-passes", 2],
  ];
  for (const [changes, message, code] of cases) await at.fail("unlearn", changes, message, code);
});

Deno.test("unlearn --chunk-rows --plan says how many chunks there are and how long they take, and writes nothing", async () => {
  using at = await tiny();
  const { code, stdout } = await at.run("unlearn", { "chunk-rows": 3, plan: true, epochs: 7 });
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^Chunks: 2, the largest of 3 rows; 1 earlier rows with each\nTime: about \S+ s an epoch of a chunk/,
  );
  assertStringIncludes(stdout, "2 chunks of at most 7 epochs take at most ");
  assertStringIncludes(stdout, "It takes --micro-batch ");
  assertEquals(existsSync(at.path("out")), false);
});

Deno.test("unlearn --chunk-rows writes its tables, all secrets, a card and a record that say what was done", async () => {
  using at = await tiny();
  await writeCertainModel(at.model, "n");
  const out = at.path("out");
  const { code, stdout, stderr } = await at.run("unlearn", { ...LASTING, "chunk-rows": 2, json: true });
  assertEquals(code, 1, stderr);
  const { status, done, epochs, epoch, chunks } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals([status, done, epochs, epoch], ["not-converged", false, 12, 12]);
  assertEquals(chunks, {
    ...{ count: 2, largest: 2, larger: 0, replayed: 1, passes: 2 },
    ...{ ended: { "not-converged": 4 }, above: [4, 4] },
  });
  assertStringIncludes(
    stderr,
    "2 chunks of at most 2 rows, 1 earlier ones with each; 2 passes: 4 not-converged",
  );
  const turns = await readRows(join(out, "chunks.parquet"), CHUNK_COLUMNS);
  assertEquals(
    turns.filter(({ part }) => part === "this").map((row) => [row.turn, row.pass, row.chunk, row.epochs]),
    [
      [1, 1, 1, 3],
      [2, 1, 2, 3],
      [3, 2, 1, 3],
      [4, 2, 2, 3],
    ],
  );
  const each = await readRows(join(out, "chunk_epochs.parquet"), CHUNK_EPOCH_COLUMNS);
  assertEquals(
    each.map(({ turn, epoch }) => 10 * turn + epoch),
    [1, 2, 3, 4].flatMap((i) => [0, 1, 2, 3].map((e) => 10 * i + e)),
  );
  const history = await readRows(join(out, "history.parquet"), HISTORY_COLUMNS);
  assertEquals(history.map(({ epoch }) => epoch), [0, 6, 12]);
  const secrets = await readRows(join(out, "secrets.parquet"), OUTCOME_COLUMNS);
  assertEquals(secrets.map(({ status }) => status), Array(4).fill("still above"));
  assert(secrets.every(({ epochs }) => epochs >= 6), "each had two turns");
  const card = await Deno.readTextFile(join(out, "README.md"));
  assertStringIncludes(card, "`chunkRows` 2, `chunkOrder` given, `replay` 0.25");
  const { settings } = JSON.parse(await Deno.readTextFile(join(out, "run.json")));
  assertEquals([settings.chunkRows, settings.replay, settings.chunkPasses], [2, 0.25, 2]);
  const run = await loadRun(out, { version: "1" });
  assertEquals([run.history!.length, run.unlearned![0]!.epochs], [3, 12]);
});

Deno.test("unlearn without --chunk-rows says nothing of chunks in its card and record", async () => {
  using at = await tiny();
  await writeCertainModel(at.model, "n");
  await at.run("unlearn", LASTING);
  const texts = ["README.md", "run.json"].map((name) => Deno.readTextFileSync(at.path(join("out", name))));
  for (const text of texts) assert(!/chunk|replay/.test(text), text);
});

Deno.test("unlearn --chunk-rows of all rows writes what unlearn writes", async () => {
  using at = await tiny();
  await writeCertainModel(at.model, "n", (i) => i % 2 * 0.05);
  const how = { thresholds: undefined, ma: 0, el10: 0, lr: 1e-3, epochs: 5, json: true } as const;
  const plain = await at.run("unlearn", { ...how, out: at.path("plain") });
  const cut = await at.run("unlearn", { ...how, "chunk-rows": 99, out: at.path("cut") });
  const [one, other] = [plain, cut].map(({ stdout }) => JSON.parse(stdout.trimEnd().split("\n").at(-1)!));
  assertEquals(other.chunks.ended, { [one.status]: 1 });
  for (const name of ["status", "secrets", "after", "thresholds", "epochs"]) {
    assertEquals(other[name], one[name], name);
  }
  for (const name of ["model.safetensors", "secrets.parquet"]) {
    const [before, after] = ["plain", "cut"].map((folder) => Deno.readFileSync(at.path(join(folder, name))));
    assertEquals(after, before, name);
  }
  assert(one.epochs > 0, "there was nothing to do");
});

function chunkArguments({ model, corpus, forget, retain }: TinyRun, out: string): string[] {
  const sets = [
    "--model",
    model,
    "--corpus",
    corpus,
    "--forget",
    forget,
    "--retain",
    retain,
    "--chunk-rows",
    "2",
  ];
  const how = ["--method", "codeeraser", "--ma", "0", "--el10", "0", "--lr", "1e-7", "--epochs", "4"];
  return ["unlearn", ...sets, ...how, "--out", out, "--json"];
}

Deno.test("unlearn --chunk-rows that was killed in its second chunk goes on there to the same bytes", async () => {
  using folder = temporaryFolder();
  const files = await writeTinyRun(folder.path);
  await writeCertainModel(files.model, "n");
  const [whole, out] = [join(folder.path, "whole"), join(folder.path, "killed")];
  await runCli(chunkArguments(files, whole));
  const child = cliCommand(chunkArguments(files, out)).spawn();
  const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  while (!existsSync(join(out, "checkpoint-2.turn/checkpoint-4"))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill("SIGKILL");
  assertEquals((await child.status).code, 137);
  await Promise.all(texts);
  assert(existsSync(join(out, "checkpoint-1")), "the first chunk is safe");
  const { code, stderr } = await runCli(chunkArguments(files, out));
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "2 chunks");
  const tables = ["history.parquet", "chunk_epochs.parquet", "secrets.parquet", "metrics.jsonl"];
  for (const name of ["model.safetensors", ...tables]) {
    assertEquals(Deno.readFileSync(join(out, name)), Deno.readFileSync(join(whole, name)), name);
  }
  const names = [...Deno.readDirSync(out)].map(({ name }) => name);
  assertEquals(names.filter((name) => name.startsWith("checkpoint")), []);
});
