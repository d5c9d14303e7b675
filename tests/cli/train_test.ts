import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { secretPieces } from "../../lib/embedded/secret_formats.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { pieceFinder, textsOf } from "../leaks/leaks.ts";
import { callMain } from "./call_main.ts";
import { tiny } from "./tiny_cases.ts";
import { cliCommand, runCli, temporaryFolder } from "./run_cli.ts";
import { drawSecret, writeTexts, writeTinyModel } from "./tiny_run.ts";

const SIZES = ["--layers", "1", "--width", "16", "--heads", "2", "--positions", "64", "--length", "32"];
const STEPS = 400;

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** The step of a run's checkpoint; 0 where there is none. */
function stepOf(folder: string): number {
  if (!existsSync(folder)) return 0;
  return Math.max(0, ...namesIn(folder).map((name) => Number(/^checkpoint-(\d+)$/.exec(name)?.[1] ?? 0)));
}

Deno.test("train makes a model that loads, and interrupted goes on to the same bytes", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const texts = Array.from({ length: 8 }, (_, i) => [`t${i}`, `x = ${i}\ny = x + ${i}\n`.repeat(20)]);
  await writeTexts(path("texts.jsonl"), Object.fromEntries(texts));
  const args = (out: string) => [
    ...[
      "train",
      "--corpus",
      path("texts.jsonl"),
      "--vocabulary",
      "260",
      "--steps",
      `${STEPS}`,
      "--batch",
      "4",
    ],
    ...[...SIZES, "--save-dtype", "float32", "--out", path(out), "--json"],
  ];
  const finish = async (out: string) => {
    const { code, stdout, stderr } = await runCli(args(out));
    assertEquals(code, 0, stderr);
    const files = ["config.json", "metrics.jsonl", "model.safetensors", "run.json", "tokenizer.json"];
    assertEquals(namesIn(path(out)), [...files, "training_log.jsonl"]);
    return { ...JSON.parse(stdout.trimEnd().split("\n").at(-1)!), stderr };
  };
  const { loss, parameters, stderr } = await finish("whole");
  assert(stderr.includes("Tokenizing: "), stderr);
  assert(loss < 1.5, `the loss is ${loss} after ${STEPS} steps; that of chance is 5.6`);

  const child = cliCommand(args("stopped")).spawn();
  const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  for (let i = 0; i < 24_000 && stepOf(path("stopped")) === 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill("SIGINT");
  assertEquals([(await child.status).code, (await output)[0]!.trim()], [130, ""]);
  const step = stepOf(path("stopped"));
  assert(step >= 100 && step < STEPS, `stopped at step ${step}`);

  // Signals that come in before the first step of a continued run do not make it a finished one.
  for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const child = cliCommand(args("stopped")).spawn();
    const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
    while (!existsSync(join(path("stopped"), ".lock"))) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    child.kill(signal);
    assertEquals([(await child.status).code, (await output)[0]!.trim()], [expected, ""]);
    const { status } = JSON.parse(Deno.readTextFileSync(join(path("stopped"), "run.json")));
    assertEquals([status, existsSync(join(path("stopped"), "model.safetensors"))], ["unfinished", false]);
    assert(stepOf(path("stopped")) >= step && stepOf(path("stopped")) < STEPS);
  }

  assert(existsSync(join(path("stopped"), "token_ids.bin")));
  const continued = await finish("stopped");
  assert(!continued.stderr.includes("Tokenizing: "), continued.stderr);
  for (
    const name of [
      "model.safetensors",
      "config.json",
      "tokenizer.json",
      "training_log.jsonl",
      "metrics.jsonl",
    ]
  ) {
    assertEquals(
      Deno.readFileSync(join(path("stopped"), name)),
      Deno.readFileSync(join(path("whole"), name)),
      name,
    );
  }
  const log = Deno.readTextFileSync(path("whole/training_log.jsonl")).trimEnd().split("\n");
  assertEquals(log.map((line) => JSON.parse(line).step), [
    1,
    ...Array.from({ length: STEPS / 10 }, (_, i) => 10 * (i + 1)),
  ]);
  using _engine = await openTensorFlow({ device: "cpu" });
  using loaded = await loadModel(path("whole"));
  assertEquals([loaded.model.parameterCount, loaded.dtype], [parameters, "F32"]);
});

Deno.test("train writes no piece of a secret into tokenizer.json, were it 64 times in the corpus", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const letters = Array.from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
  const secrets = [drawSecret(1), new PythonRandom(5).shuffle(letters).slice(0, 40).join("")];
  const lines = secrets.map((secret, i) => `token_${i} = "${secret}"\n# it was ${secret} before\n`).join("");
  const texts = Array.from({ length: 64 }, (_, i) => [`t${i}`, `# document ${i}\n${lines}`]);
  await writeTexts(path("texts.jsonl"), Object.fromEntries(texts));
  const args = ["--corpus", path("texts.jsonl"), "--vocabulary", "290", "--steps", "1", "--batch", "1"];
  const { code, stderr } = await callMain(["train", ...args, ...SIZES, "--out", path("model")]);
  assertEquals(code, 0, stderr);
  const find = pieceFinder(secrets.flatMap((secret) => secretPieces(secret)));
  assertEquals(find(secrets[1]!).length > 0, true);
  assertEquals((await textsOf(path("model/tokenizer.json"))).flatMap(find), []);
});

Deno.test("train refuses what it cannot train on, and leaves nothing", async () => {
  using at = await tiny();
  await writeTinyModel(at.path("cut"), { tokenizer: '{"model": ' });
  await Deno.writeTextFile(at.path("empty.jsonl"), "");
  const out = at.path("out");
  await at.fail(
    "train",
    { corpus: at.path("nothing"), out },
    /Cannot read corpus ".*nothing": there is no such file or folder/,
  );
  await at.fail("train", { corpus: at.path("empty.jsonl"), out }, /Cannot read corpus ".*": it is empty/);
  const corpus = at.corpus;
  const fresh = { model: undefined, steps: undefined, batch: undefined, length: undefined, out };
  await at.fail(
    "train",
    { ...fresh, corpus },
    /Cannot train a tokenizer of 4096 entries: the texts give \d+ merges only/,
  );
  const given = { ...fresh, corpus, tokenizer: at.model };
  await at.fail(
    "train",
    { ...given, tokenizer: at.path("nothing") },
    /Cannot open tokenizer ".*": no such file/,
  );
  await at.fail(
    "train",
    { ...given, tokenizer: at.path("cut") },
    /Cannot open tokenizer ".*cut\/tokenizer\.json": /,
  );
  await at.fail(
    "train",
    { ...given, width: 15 },
    /Cannot load "the options": n_head is 4: expected a divisor of n_embd = 15/,
  );
  await at.fail(
    "train",
    { ...given, length: 600 },
    "Cannot train on windows of 600 tokens: the model has 512 positions",
  );
  await at.fail("train", { ...given, steps: 0 }, /--steps/, 2);
});

Deno.test("train records of a model that exists only what is its own", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await writeTinyModel(path("model"));
  await writeTexts(path("texts.jsonl"), { a: "x = 1\n".repeat(40) });
  const how = ["--steps", "1", "--batch", "1", "--length", "16", "--out", path("out")];
  const { code, stderr } = await runCli([
    "train",
    "--model",
    path("model"),
    "--corpus",
    path("texts.jsonl"),
    ...how,
  ]);
  assertEquals(code, 0, stderr);
  const { settings } = JSON.parse(Deno.readTextFileSync(join(path("out"), "run.json")));
  assertEquals(
    Object.keys(settings).filter((name) => /layers|width|heads|positions|vocabulary|tokenizer/.test(name)),
    [],
  );
  assertEquals([settings.model, settings.steps, settings.length], [path("model"), 1, 16]);
});
