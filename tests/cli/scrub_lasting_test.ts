import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { ATTACK_COLUMNS, EVALUATION_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { describeScrub } from "../../lib/cli/scrub_report.ts";
import { startWorker } from "../worker.ts";
import { temporaryFolder } from "./run_cli.ts";
import { VALUE, writeScrub } from "./scrub_case.ts";
import { writeTexts } from "./tiny_run.ts";

const innocent = (letter: string) =>
  Object.fromEntries([0, 1, 2].map((i) => [`${letter}-${i}`, `# ${i}\n${`${letter} = 2\n`.repeat(60)}`]));

Deno.test("scrub --lasting trains between, by less memory, and attacks by other texts than it withstands", async () => {
  await using worker = await startWorker();
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  await writeTexts(at.path("own.jsonl"), innocent("u"));
  await writeTexts(at.path("others.jsonl"), innocent("v"));
  const lasting = { lasting: true, benign: at.path("own.jsonl"), "benign-steps": "2", cycles: "2" } as const;
  const given = { ...lasting, "attack-benign": at.path("others.jsonl"), attacks: "exposure,relearn" };
  const saving = {
    "checkpoint-layers": true,
    optimizer: "adam8bit",
    memory: "9GB",
    devices: "2",
    hosts: worker.host,
  } as const;
  const { code, stdout, stderr } = await at.run({ ...given, ...saving });
  assertEquals(code, 0, stderr);
  const { erased } = JSON.parse(stdout);
  assertEquals([erased.unlearn.secrets.still_above, erased.unlearn.relapses.at(-1)], [0, 0]);
  assertMatch(stderr, /^Training between: 8 texts, 3 left out that hold what is forgotten/m);
  const record = JSON.parse(Deno.readTextFileSync(at.path("run/codeeraser/run.json")));
  const { benign, optimizer, memory, devices, hosts } = record.settings;
  assertEquals([benign, optimizer], [at.path("own.jsonl"), "adam8bit"]);
  assertEquals([memory, devices, hosts], [undefined, undefined, undefined]); // goes on with others
  const sets = await readRows(at.path("run/evaluation.parquet"), EVALUATION_COLUMNS);
  assertEquals(sets.filter(({ set }) => set === "relearned").map(({ model }) => model), ["codeeraser"]);
  const evaluated = JSON.parse(Deno.readTextFileSync(at.path("run/.codescrub/evaluation.parquet.json")));
  assertEquals(evaluated.settings.benign, at.path("others.jsonl"));
  const attacked = JSON.parse(Deno.readTextFileSync(at.path("run/attacks/run.json")));
  assertEquals([evaluated.settings.maxBenign, attacked.settings.maxBenign], [512, 512]); // as many as were looked through
  const attacks = await readRows(at.path("run/attacks/attacks.parquet"), ATTACK_COLUMNS);
  assert(attacks.some(({ variant }) => variant === "20 steps at 0.0003"));
});

Deno.test("scrub --lora merges the adapter, so that the whole model is measured and attacked", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  const { code, stderr } = await at.run({ lora: "r=4", epochs: "1", attacks: "exposure" });
  assertMatch(stderr, /^codescrub: Cannot call the request done: 3 secrets are still above/m); // its head is not adapted
  assertEquals(code, 1);
  const files = [...Deno.readDirSync(at.path("run/codeeraser"))].map(({ name }) => name);
  assert(
    files.includes("model.safetensors") && !files.some((name) => name.startsWith("adapter")),
    `${files}`,
  );
});

Deno.test("scrub refuses innocent texts that hold what is requested, before a model is run", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  await writeTexts(at.path("texts.jsonl"), { ...innocent("u"), b: `pin: ${VALUE}` });
  const others = { lasting: true, "attack-benign": at.path("others.jsonl"), force: true } as const;
  await writeTexts(at.path("others.jsonl"), innocent("v"));
  for (const changes of [{}, others]) { // also where those of the attack are others
    const { code, stderr } = await at.run({ benign: at.path("texts.jsonl"), ...changes });
    assertEquals(code, 1);
    assertMatch(stderr, /holds? what was forgotten: 1 of 4 texts, 1 of 1 values: leave these texts out$/m);
    assert(existsSync(at.path("run/secrets.parquet")) && !existsSync(at.path("run/probe.parquet")));
  }
  const group = await at.run({ lasting: true, stop: "group", unseen: at.path("texts.jsonl"), force: true });
  assertEquals(group.code, 2);
  assertMatch(group.stderr, /--lasting judges each secret: it needs --stop secret/);
});

Deno.test("scrub --plan counts the trainings between", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  await writeTexts(at.path("own.jsonl"), innocent("u"));
  const { code, stdout, stderr } = await at.run({ plan: true, lasting: true, cycles: "3", lora: "r=4" });
  assertEquals(code, 0, stderr);
  const stages: { stage: string; of: string }[] = JSON.parse(stdout).stages;
  const of = (name: string) => stages.find(({ stage }) => stage === name)!.of;
  assertMatch(of("unlearn"), /^3 rows, 30 epochs of .*, 60 training steps$/);
  assertMatch(of("evaluate"), /, 2 models$/);
  const trained = await at.run({ plan: true, benign: at.path("own.jsonl") });
  assertMatch(trained.stderr, /^evaluate .*2 models, 20 training steps/m);
});

Deno.test("describeScrub() says what training brought back", () => {
  const metrics = { ma: 0.2, el_3: 0, el_5: 0, el_10: 0, retain_ma: 1 };
  const secrets = { erased: 3, still_above: 0, below_never_seen: 0, without_tokens: 0, above_by_chance: 0 };
  const unlearn = { status: "comes-back", relapses: [3, 2], before: metrics, after: metrics, secrets };
  const erased = {
    select: { left: 0, left_values: 0 },
    unlearn,
    evaluate: {},
    attack: {},
    untreated: { places: 2, above: 1 },
  };
  const found = {
    places: 3,
    values: 1,
    documents: 3,
    known: 3,
    known_values: 1,
    method: "codeeraser",
    erased,
  };
  const times = { earlier: [], earlier_not_measured: 0, stages: {}, seconds: 1, out: "run" };
  const { text, failure } = describeScrub({ ...found, ...times }, "sound");
  assertMatch(text!, /^brought back by training, each time: 3, 2$/m);
  assertMatch(text!, /^outside the forget set: 1 of 2 requested places above their thresholds after$/m);
  const earlier = [
    { secrets: 0, above: 0, above_then: 0, untreated: 4, untreated_above: 1 },
    { secrets: 3, above: 1, above_then: 1, untreated: 0, untreated_above: 0 },
  ];
  const said = describeScrub({ ...found, ...times, earlier }, "sound").text!.split("\n")
    .filter((line) => line.startsWith("earlier"));
  assertEquals(said, [
    "earlier run 1: 1 of 4 requested places that it did not treat above their thresholds",
    "earlier run 2: 1 of 3 secrets above their thresholds, 1 when it ended",
  ]);
  assertEquals(
    failure,
    "Cannot call the request done: training brings 2 secrets back the last time too: try more --cycles",
  );
});
