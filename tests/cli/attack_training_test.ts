import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { depthScores } from "../../lib/attacks/depth.ts";
import { scoreControls } from "../../lib/attacks/matched_controls.ts";
import { halfOfForgetSet, relearn } from "../../lib/attacks/relearn.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { chooseDocuments } from "../../lib/datasets/choose_documents.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { forgetSecrets } from "../../lib/cli/attack_secrets.ts";
import { ATTACK_COLUMNS, FORGET_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { killWithParts } from "./kill_with_parts.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";
import { argumentsOf, tiny } from "./tiny_cases.ts";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import {
  type TinyConfig,
  tinyConfig,
  tinyWeights,
  writeBenign,
  writeTinyModel,
  writeTinyRun,
} from "./tiny_run.ts";

Deno.env.set("CODESCRUB_KEY", "a key for tests of attacks");

Deno.test("attack --plan says how much there is to do and writes nothing", async () => {
  using at = await tiny();
  const { code, stdout, stderr } = await at.run("attack", {
    plan: true,
    attacks: "exposure,extract",
    json: true,
  });
  assertEquals(code, 0, stderr);
  const { secrets, models, continuations, decoded, steps } = JSON.parse(stdout);
  assertEquals([secrets, models, continuations, decoded, steps], [
    ...[4, 2],
    ...[2 * 4 * (21 + 2), 2 * 4 * 3 * 8, 0],
  ]);
  const trained = await at.run("attack", { plan: true, attacks: "relearn", benign: at.corpus, json: true });
  assertEquals(JSON.parse(trained.stdout).steps, 2 * 2 * (5 + 20 + 100));
  assertMatch(stderr, /^Time: about .*\nMemory: about \d+\.\d GB/m);
  const relearn = { plan: true, attacks: "relearn", "relearn-length": 512, json: true } as const;
  const long = JSON.parse((await at.run("attack", relearn)).stdout);
  assertEquals(long.steps, JSON.parse(trained.stdout).steps / 2); // half of the forget set alone
  assert(long.memory_bytes > JSON.parse(trained.stdout).memory_bytes);
  const membership = await at.run("attack", { plan: true, attacks: "membership", json: true });
  assertEquals(
    JSON.parse(membership.stdout).continuations,
    4 * 3 * 11,
    "both for the one after, one for the one before",
  );
  assert(!existsSync(at.path("out")));
});

Deno.test("attack trains at the rate of the model's own record besides, on windows as long as asked for", async () => {
  using at = await tiny();
  const benign = await writeBenign(at.path("benign.jsonl"));
  const given = { attacks: "relearn", "relearn-steps": "1", benign, json: true } as const;
  const variants = async (changes: Record<string, string | number | undefined>, out: string) => {
    const { code, stderr, stdout } = await at.run("attack", { ...given, ...changes, out: at.path(out) });
    assertEquals(code, 0, stderr);
    const rows = await readRows(at.path(`${out}/attacks.parquet`), ATTACK_COLUMNS);
    const named = Map.groupBy(rows, ({ variant }) => variant);
    const scores = new Map([...named].map(([name, own]) => [name, own.map(({ score }) => score).join()]));
    return { scores, left: JSON.parse(stdout).left_out as string[] };
  };
  const none = await variants({}, "none");
  const both = [
    "1 steps at 0.0001",
    "1 steps at 0.0003",
    "half, 1 steps at 0.0001",
    "half, 1 steps at 0.0003",
  ];
  assertEquals([...none.scores.keys()].sort(), both);
  assert(
    none.left.some((line) => line.startsWith("relearn at the model's own rate: no record of a training")),
  );
  const log = [0.005, 0.01, 0.002].map((rate) => JSON.stringify({ step: 1, loss: 1, norm: 1, rate }));
  await Deno.writeTextFile(join(at.model, "training_log.jsonl"), log.join("\n") + '\n{"ste');
  const own = await variants({ before: undefined }, "own");
  const names = ["1 steps at its own 0.01", "half, 1 steps at its own 0.01"];
  assertEquals([...own.scores.keys()].sort(), [...both, ...names].sort());
  assert(own.left.every((line) => !line.startsWith("relearn at the model's own")));
  for (const name of both) assertEquals(own.scores.get(name), none.scores.get(name), name);
  const plain = await variants({ "relearn-rates": "0.01", "relearn-length": 16 }, "short");
  assertEquals([...plain.scores.keys()].sort(), ["1 steps at 0.01", "half, 1 steps at 0.01"]);
  const long = await variants({ "relearn-rates": "own", "relearn-length": 128 }, "long");
  for (const name of names) assertEquals(long.scores.get(name), own.scores.get(name), name);
  const plan = async (rates?: string) => {
    const { code, stdout, stderr } = await at.run("attack", {
      ...{ ...given, plan: true },
      ...rates && { "relearn-rates": rates },
    });
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout).steps as number;
  };
  assertEquals([await plan(), await plan("0.0001")], [2 * 3, 2]);
  await Deno.remove(join(at.model, "training_log.jsonl"));
  await at.fail(
    "attack",
    { "relearn-rates": "own" },
    'Cannot use "own" in --relearn-rates: no record of a',
    2,
  );
});

Deno.test("attack relearns and looks into layers as the library does, and the weights are then what they were", async () => {
  using at = await tiny();
  const changed = tinyWeights().map((tensor) => ({
    ...tensor,
    values: tensor.values.map((value, i) => value + 0.05 * Math.cos(i)),
  }));
  await writeTinyModel(at.path("after"), { weights: encodeSafetensors(changed) });
  const benign = await writeBenign(at.path("benign.jsonl"));
  const training = { benign, "max-benign": 5, "relearn-steps": "2,3", "relearn-rates": "0.01,1e9" };
  const given = { model: at.path("after"), "attacked-controls": 3, json: true, ...training } as const;
  const { code, stdout, stderr } = await at.run("attack", { ...given, attacks: "depth,relearn" });
  assertEquals(code, 0, stderr);
  const rows = await readRows(at.path("out/attacks.parquet"), ATTACK_COLUMNS);
  using _engine = await openTensorFlow({ device: "cpu" });
  using loaded = await loadModel(at.path("after"), { trainable: true });
  using before = await loadModel(at.model);
  const tokenizer = await openTokenizer(at.model);
  const source = { source: await resolveCorpus(at.corpus), options: { onRead: () => {} }, tokenizer };
  const forgotten = await forgetSecrets(
    { ...source, key: new TextEncoder().encode("a key for tests of attacks") },
    await readRows(at.forget, FORGET_COLUMNS),
  );
  const secrets = forgotten.flatMap(({ secrets }) => secrets.map(({ secret }) => secret));
  const names = (row: { variant: string; doc_id: string }) => `${row.variant} ${row.doc_id}`;
  const found = new Map(rows.filter(({ model }) => model === "after").map((row) => [names(row), row]));
  const options = { controls: 3, seed: 42 };
  const depths = await depthScores(
    { model: loaded.model, before: before.model, tokenizer },
    secrets,
    options,
  );
  assert(
    depths.secrets.some(({ uds }) => uds !== null && uds !== 0) ||
      depths.layers.some(({ drop }) => drop !== 0),
  );
  depths.secrets.forEach(({ uds }, i) => assertEquals(found.get(`uds secret-${i}`)!.score, uds));
  depths.layers.forEach(({ lens }, i) => assertEquals(found.get(`lens 0 secret-${i}`)!.score, lens));
  const own = await scoreControls({ model: loaded.model, tokenizer }, secrets, options);
  own.rows.forEach(({ ma }, i) => { // after the last layer the lens is MA
    const row = found.get(`lens 0 secret-${i}`)!;
    const { ma: controls } = own.distributions[i]!;
    assertEquals([row.score, row.controls_score], [ma, controls.reduce((sum, ma) => sum + ma, 0) / 3]);
  });
  const documents = await chooseDocuments(benign, { seed: 42, count: 5 });
  const texts = await tokenizer.encodeIds(documents.map(({ text }) => text));
  const half = halfOfForgetSet(
    forgotten.map((row) => ({ ...row, secrets: row.secrets.map(({ secret }) => secret) })),
    { seed: 42 },
  );
  // the command trains at 0.01, then until it diverges, then on the half: each time from the weights as they were
  for (const [name, inputs] of [["", { texts, secrets }], ["half, ", half]] as const) {
    const runs = { steps: [2, 3], learningRates: [0.01] };
    const expected = await relearn({ model: loaded.model, tokenizer }, inputs, { ...options, ...runs });
    assertEquals(expected.length, 2 * inputs.secrets.length);
    for (const { id, steps, ma, controls_ma, ma_threshold } of expected) {
      const row = found.get(`${name}${steps} steps at 0.01 ${id.split(" ")[0]}`)!;
      assertEquals(
        [row.score, row.controls_score, row.threshold, row.extracted],
        [ma, controls_ma, ma_threshold, ma === 1],
      );
    }
  }
  const { left_out } = JSON.parse(stdout);
  assertEquals(left_out.slice(-4), [
    ...["2 steps", "3 steps", "half, 2 steps", "half, 3 steps"].map((what) =>
      `relearn, ${what} at 1000000000: the training diverged, its numbers are not finite`
    ),
  ]);
});

Deno.test("attack scores depth relative to a model that never saw the secrets, where one is given", async () => {
  using at = await tiny();
  const write = async (name: string, by: number) => {
    const weights = tinyWeights().map((tensor) => ({
      ...tensor,
      values: tensor.values.map((value, i) => value + by * Math.cos(i)),
    }));
    await writeTinyModel(at.path(name), { weights: encodeSafetensors(weights) });
    return at.path(name);
  };
  const [model, neverSeen] = [await write("after", 0.1), await write("never", 0.5)];
  const depthsOf = async (tested: string, out: string) => {
    const given = { model: tested, "never-seen": neverSeen, attacks: "depth", out: at.path(out) };
    const { code, stderr } = await at.run("attack", given);
    assertEquals(code, 0, stderr);
    const rows = await readRows(at.path(`${out}/attacks.parquet`), ATTACK_COLUMNS);
    return rows.filter(({ variant }) => variant === "uds").map(({ score }) => score);
  };
  const found = await depthsOf(model, "out");
  assert(found.some((uds) => uds !== null && uds > 0 && uds < 1), found.join());
  assertEquals(await depthsOf(neverSeen, "never-out"), found.map((uds) => uds === null ? null : 1));
  assertEquals(await depthsOf(at.model, "before-out"), found.map((uds) => uds === null ? null : 0));
  using _engine = await openTensorFlow({ device: "cpu" });
  using tested = await loadModel(model);
  using never = await loadModel(neverSeen);
  using before = await loadModel(at.model);
  const tokenizer = await openTokenizer(at.model);
  const source = { source: await resolveCorpus(at.corpus), options: { onRead: () => {} }, tokenizer };
  const forgotten = await forgetSecrets(
    { ...source, key: new TextEncoder().encode("a key for tests of attacks") },
    await readRows(at.forget, FORGET_COLUMNS),
  );
  const secrets = forgotten.flatMap(({ secrets }) => secrets.map(({ secret }) => secret));
  const models = { model: tested.model, before: before.model, neverSeen: never.model, tokenizer };
  const expected = await depthScores(models, secrets);
  assertEquals(found, expected.secrets.map(({ uds }) => uds));
  const alone = { "never-seen": neverSeen, attacks: "depth", before: undefined };
  await at.fail("attack", alone, '"--never-seen" is for depth, which takes "--before"', 2);
  const config = tinyConfig({ n_embd: 8 }) as TinyConfig;
  await writeTinyModel(at.path("narrow"), { config, weights: encodeSafetensors(tinyWeights(config)) });
  const other = {
    "never-seen": at.path("narrow"),
    attacks: "depth",
    out: at.path("other"),
    json: true,
  } as const;
  const { stdout } = await at.run("attack", other);
  assertEquals(JSON.parse(stdout).left_out.at(-1), "depth: the model of --never-seen has other sizes");
});

Deno.test("attack leaves out what models of other sizes, one document and no benign texts do not allow", async () => {
  using at = await tiny();
  const config = tinyConfig({ n_embd: 8 }) as TinyConfig;
  await writeTinyModel(at.path("narrow"), { config, weights: encodeSafetensors(tinyWeights(config)) });
  const rows = await readRows(at.forget, FORGET_COLUMNS);
  await writeRows(at.path("one.parquet"), rows.slice(0, 1), FORGET_COLUMNS);
  const attacks = { attacks: "depth,relearn", json: true, forget: at.path("one.parquet") } as const;
  const { code, stderr, stdout } = await at.run("attack", { ...attacks, before: at.path("narrow") });
  assertEquals(code, 0, stderr);
  const half =
    "relearn on half of the forget set: Cannot cut 1 documents into halves: a value of each stands in another one's half";
  const other = "relearn on other texts: it takes texts without the secrets, --benign";
  assertEquals(JSON.parse(stdout).left_out.slice(-3), [
    other,
    half,
    "depth: the model before has other sizes",
  ]);
  assertEquals(JSON.parse(stdout).attacks, []);
  const alone = await at.run("attack", { ...attacks, before: undefined, out: at.path("alone") });
  assertEquals(alone.code, 0, alone.stderr);
  assertEquals(JSON.parse(alone.stdout).left_out.slice(-3), [
    "depth: it takes the model before, --before",
    other,
    half,
  ]);
});

Deno.test("attack that was killed in the middle of relearn goes on with the next training to the same bytes", async () => {
  using folder = temporaryFolder();
  const files = await writeTinyRun(folder.path);
  const benign = await writeBenign(join(folder.path, "benign.jsonl"));
  const at = { cwd: folder.path, env: { CODESCRUB_KEY: "a key for tests of attacks" } };
  const changes = { attacks: "relearn", benign, "relearn-steps": "2,3", "relearn-rates": "0.01" };
  const args = (out: string | undefined) => argumentsOf("attack", files, { ...changes, out });
  const whole = await runCli(args(join(folder.path, "whole")), at);
  assertEquals(whole.code, 0, whole.stderr);
  await killWithParts(args(undefined), "out", { ...at, parts: "out/parts" });
  const { code, stderr } = await runCli(args(join(folder.path, "out")), at);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /Relearn \(after\): .*of an earlier run/);
  for (const name of ["attacks.parquet", "attacks.json"]) {
    const [own, other] = ["out", "whole"].map((out) => Deno.readFileSync(join(folder.path, out, name)));
    assertEquals(own, other, name);
  }
});
