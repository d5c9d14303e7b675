import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { ATTACK_COLUMNS, FORGET_COLUMNS, PROBE_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { fingerprintSecret } from "../../lib/secrets/fingerprint.ts";
import { contents } from "./contents.ts";
import { cliCommand, runCli, temporaryFolder } from "./run_cli.ts";
import { tiny } from "./tiny_cases.ts";
import { ADDRESS, type Flags, KEY, OTHER_ADDRESS, VALUE, writeScrub } from "./scrub_case.ts";
import { writeTexts } from "./tiny_run.ts";

Deno.test("scrub erases what a request names and writes no value; a later one measures it again", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  const { code, stdout, stderr } = await at.run();
  assertEquals(code, 0, stderr);
  const summary = JSON.parse(stdout);
  assertEquals(summary.request.counts.value, { entries: 2, matched: 1, places: 3 });
  assertEquals([summary.request.unmatched_lines, summary.places, summary.known], [[3], 3, 3]);
  assertMatch(stderr, /^request: line 3 matches no secret of the corpus$/m);
  const forget = await readRows(at.path("run/sets/forget_0.parquet"), FORGET_COLUMNS);
  assertEquals(forget.map(({ doc_id }) => doc_id).sort(), ["pin-0", "pin-1", "pin-2"]);
  const { erased, still_above, below_never_seen } = summary.erased.unlearn.secrets;
  assertEquals([erased + below_never_seen, still_above], [3, 0]);
  const attacks = await readRows(at.path("run/attacks/attacks.parquet"), ATTACK_COLUMNS);
  const extracted = (model: string) =>
    attacks.filter((row) => row.model === model && row.variant === "greedy").map((row) => row.extracted);
  assertEquals([extracted("before"), extracted("after")], [[true, true, true], [false, false, false]]);
  for (const name of ["evaluation.parquet", "retain.parquet", "report.html", "codeeraser/certificate.json"]) {
    assert(existsSync(at.path(`run/${name}`)), name);
  }
  const fingerprint = fingerprintSecret(VALUE, new TextEncoder().encode(KEY));
  const record = JSON.parse(Deno.readTextFileSync(at.path("run/codeeraser/run.json")));
  assertEquals(record.settings.requested, [fingerprint]);
  assertStringIncludes(Deno.readTextFileSync(at.path("run/secrets.parquet")), fingerprint.slice(0, 8));
  for await (const [name, text] of contents(at.path("run"))) {
    for (const value of [VALUE, "no such value"]) assert(!text.includes(value), `${name} holds a value`);
  }
  assert(!(stdout + stderr).includes(VALUE));

  await at.request(`doc:mail-3\n`);
  const later = { model: at.path("run/codeeraser"), out: at.path("later") };
  const forgetful = await at.run(later);
  assertEquals(forgetful.code, 0, forgetful.stderr);
  assertMatch(forgetful.stderr, /the model knows none of them: nothing to erase/);
  assertMatch(forgetful.stderr, /not measured again: 1 values of earlier requests: give --earlier RUN/);
  const planned = await at.run({ ...later, earlier: at.path("run"), plan: true, out: at.path("plan") });
  const again = JSON.parse(planned.stdout).stages.at(-1);
  assertEquals([again.stage, again.of, again.seconds > 0], ["earlier 0", "3 secrets", true]);
  const careful = await at.run({ ...later, earlier: at.path("run"), out: at.path("latest") });
  assertEquals(careful.code, 0, careful.stderr);
  const { earlier, earlier_not_measured, erased: none } = JSON.parse(careful.stdout);
  assertEquals([earlier, earlier_not_measured, none], [
    [{ secrets: 3, above: 0, above_then: 0, untreated: 0, untreated_above: 0 }],
    0,
    undefined,
  ]);
  const back = await at.run({ earlier: at.path("run"), out: at.path("back") }); // by the model as it was
  assertEquals(back.code, 1);
  assertMatch(
    back.stderr,
    /^codescrub: Cannot call the request done: 3 secrets of earlier run 1 have come back$/m,
  );
  // what an earlier scrub knew nothing of is measured again too: it may be known now
  await at.request(`${VALUE}\n`);
  const last = await at.run({ earlier: at.path("later"), out: at.path("last"), attacks: "extract" });
  assertEquals(last.code, 0, last.stderr);
  const { earlier: [unknown], earlier_not_measured: open } = JSON.parse(last.stdout);
  assertEquals([unknown.secrets, unknown.untreated, open], [0, 4, 0]);
  const probed = await readRows(at.path("last/earlier_0_requested.parquet"), PROBE_COLUMNS);
  assertEquals(probed.length, 4, "by the new model");
  assertMatch(
    last.stderr,
    /^earlier run 1: \d of 4 requested places that it did not treat above their thresholds$/m,
  );
});

Deno.test("scrub erases a value of one token", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  await writeTexts(at.path("corpus.jsonl"), {
    a: `${"x = 1\n".repeat(30)}pin = "7"\n`,
    b: "y = 2\n".repeat(30),
  });
  await at.request("7\n");
  const { code, stdout, stderr } = await at.run({ attacks: "exposure" });
  assertEquals(code, 0, stderr);
  assertEquals(JSON.parse(stdout).erased.unlearn.secrets.still_above, 0);
});

Deno.test("scrub --plan matches each kind of entry, says what stages take and leaves nothing", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  const fingerprint = fingerprintSecret(ADDRESS, new TextEncoder().encode(KEY));
  const request = [
    VALUE,
    `fingerprint:${fingerprint}`,
    "path:mail-?",
    "doc:mail-4",
    "doc:nowhere",
    "value:#",
  ];
  await at.request(request.join("\n"));
  const { code, stdout, stderr } = await at.run({ plan: true });
  assertEquals(code, 0, stderr);
  const { plan, request: { counts, unmatched_lines }, places, values, stages, seconds } = JSON.parse(stdout);
  assertEquals(counts, {
    value: { entries: 2, matched: 2, places: 3 + 8 }, // "#" begins each document
    fingerprint: { entries: 1, matched: 1, places: 2 },
    path: { entries: 1, matched: 1, places: 4 },
    doc: { entries: 2, matched: 1, places: 4 }, // the values of one document stand in another too
  });
  assertEquals([plan, unmatched_lines, places, values], [true, [5], 3 + 8 + 4, 4]);
  assertEquals(stages.map(({ stage }: { stage: string }) => stage), [
    "probe",
    "retain",
    "unlearn",
    "evaluate",
    "probe of the request",
    "attack",
  ]);
  assert(seconds > 0 && stages[2].seconds > 0);
  for (const { stage, memory_bytes } of stages) assert(memory_bytes > 1e8, stage);
  assertMatch(stages[3].of, /^\d+ secrets and \d+ retain texts, 2 models$/);
  assertMatch(stderr, /^Time: at most about /m);
  assert(!existsSync(at.path("run")));
  for (const value of [VALUE, ADDRESS, OTHER_ADDRESS]) assert(!(stdout + stderr).includes(value));
});

Deno.test("scrub refuses what it can not do, and names entries by their lines", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  const fail = async (request: string, changes: Flags, message: RegExp, code = 1) => {
    await at.request(request);
    const found = await at.run(changes);
    assertEquals(found.code, code, found.stderr);
    assertMatch(found.stderr.trimEnd().split("\n").at(-1)!, message);
    assert(!found.stderr.includes("letmein"));
    assert(!existsSync(at.path("run")), "something was left");
  };
  await fail(
    "letmein-1\nletmein-2\n",
    {},
    /Cannot scrub by the request: none of its 2 entries matches a secret/,
  );
  await fail("# nothing\n", {}, /Cannot scrub by the request: it has no entries/);
  await fail("a\nfingerprint:letmein\n", {}, /as line 2 is no fingerprint: expected 64 hexadecimal digits/);
  await fail(VALUE, { stop: "group" }, /Missing option "--unseen": --stop group/, 2);
  await fail(VALUE, { attacks: "letme" }, /Unknown attack/, 2);
  await fail(VALUE, { earlier: at.path("model") }, /it is no finished scrub/);
  await fail(VALUE, { request: at.path("none.txt") }, /Cannot read the request ".*none.txt"/);
});

Deno.test("scrub says what to do where every document holds a secret", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  const texts = [0, 1].map((i) => [`pin-${i}`, `# ${i}\n${"x = 1\n".repeat(30)}pin = "${VALUE}"\n`]);
  await writeTexts(at.path("corpus.jsonl"), Object.fromEntries(texts));
  const { code, stderr } = await at.run();
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^codescrub: Cannot scrub by codeeraser, which keeps a retain set: cannot choose .*, or --method ga, ssga, undial, ceu, prod, task-vector or revs, which have none$/m,
  );
  // without a retain set, by thresholds of unseen texts, of which it guesses every second letter
  await writeTexts(at.path("unseen.jsonl"), { a: "7x".repeat(80), b: "7z".repeat(80) });
  const unseen = { unseen: at.path("unseen.jsonl"), stop: "group" };
  const alone = await at.run({ method: "ssga", attacks: "exposure", force: true, ...unseen });
  assertEquals(alone.code, 0, alone.stderr);
  assertMatch(alone.stderr, /^ssga: MA 0\.0000 \(threshold 0\.[45]\d+\)/m);
  const plan = await at.run({ ...unseen, method: "ssga", plan: true, out: at.path("plan") });
  const stages: { stage: string; of: string }[] = JSON.parse(plan.stdout).stages;
  const names = stages.map(({ stage }) => stage);
  assertEquals(names, ["thresholds", "probe", "unlearn", "evaluate", "probe of the request", "attack"]);
  assertMatch(stages[3]!.of, /^\d+ secrets and all unseen texts, 2 models$/); // JSON lines are not counted beforehand
});

Deno.test("select --above takes all windows with a known secret, or says what is left", async () => {
  using at = await tiny();
  const { code, stdout, stderr } = await at.run("select", {
    above: at.thresholds,
    k: 5,
    groups: undefined,
    json: true,
  });
  assertEquals(code, 0, stderr);
  const { groups, k, left, left_values } = JSON.parse(stdout);
  assertEquals([groups, k, left, left_values], [1, 5, 11, 11]);
  assertMatch(
    stderr,
    /a forget set of 5 rows; 11 windows with known secrets are left, and 11 values without a row/,
  );
  await at.fail(
    "select",
    { above: "matched", out: at.path("b") },
    /it has no controls: run probe with --controls/,
  );
});

/** Starts a scrub and kills it when a file is there. */
async function killAt(
  args: string[],
  at: { cwd: string; env: Record<string, string> },
  isThere: () => boolean,
) {
  const child = cliCommand(args, at).spawn();
  const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  let isRunning = true;
  child.status.then(() => isRunning = false);
  while (isRunning && !isThere()) await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill("SIGKILL");
  assertEquals((await child.status).code, 137, (await output).join(""));
}

Deno.test("scrub that was killed in unlearning and in an attack goes on to the same bytes", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  const slow = { lr: "0.05" };
  const cli = { cwd: folder.path, env: { CODESCRUB_KEY: KEY } };
  const whole = await runCli(at.arguments({ ...slow, out: at.path("whole") }), cli);
  assertEquals(whole.code, 0, whole.stderr);
  const args = at.arguments(slow);
  const names = (path: string) => existsSync(path) ? [...Deno.readDirSync(path)].map(({ name }) => name) : [];
  await killAt(
    args,
    cli,
    () => names(at.path("run/codeeraser")).some((name) => name.startsWith("checkpoint-")),
  );
  await at.request(VALUE);
  const other = await runCli(args, cli);
  assertMatch(other.stderr, /Cannot continue ".*run" with other settings: "request" was /);
  await at.request(`# of a user\n${VALUE}\nno such value\n`);
  await killAt(args, cli, () => names(at.path("run/attacks/parts")).some((name) => name.endsWith(".json")));
  const { code, stderr } = await runCli(args, cli);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /^Unlearn: .*of an earlier run/m);
  assertMatch(stderr, /^Exposure \(after\): .*of an earlier run/m);
  const files = ["codeeraser/model.safetensors", "codeeraser/history.parquet", "attacks/attacks.parquet"];
  for (const name of [...files, "evaluation.parquet", "secrets.parquet"]) {
    assertEquals(
      Deno.readFileSync(at.path(`run/${name}`)),
      Deno.readFileSync(at.path(`whole/${name}`)),
      name,
    );
  }
  const again = await runCli(args, cli);
  assertMatch(again.stderr, /Cannot write into ".*run": it is finished already: give --force to replace it/);
});
