import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import {
  FORGET_COLUMNS,
  HISTORY_COLUMNS,
  PROBE_COLUMNS,
  SECRET_SCORE_COLUMNS,
  WRITTEN_COLUMNS,
} from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import { tiny } from "./tiny_cases.ts";
import {
  drawSecret,
  type TinyConfig,
  tinyConfig,
  tinyWeights,
  writeTexts,
  writeTinyModel,
} from "./tiny_run.ts";

const FILLER = "x = 1\n".repeat(90); // 540 tokens of a byte each

async function recordOf(path: string) {
  return JSON.parse(await Deno.readTextFile(`${path}/run.json`));
}

Deno.test("--compat reference has the reference's commands' letters and margin, and what is given wins", async () => {
  using at = await tiny();
  const how = { compat: "reference", "keep-short": true, epochs: 1 } as const;
  const cases = [[{}, [0.1, 1, 0.3]], [{ gamma: 0.7, margin: 0.2 }, [0.7, 1, 0.2]]] as const;
  for (const [i, [given, expected]] of cases.entries()) {
    const out = at.path(`out${i}`);
    const { code, stderr } = await at.run("unlearn", { ...how, ...given, out });
    assertEquals(code, 0, stderr);
    const { settings: { gamma, alpha, margin }, summary } = await recordOf(out);
    assertEquals([gamma, alpha, margin], expected);
    assertEquals(summary.left_out, { windows: 0, short: 0, secrets: 0 });
  }
});

Deno.test("unlearn and evaluate by --compat reference drop documents shorter than a window, unless told to keep them", async () => {
  using at = await tiny();
  const refused = `as the reference does: it leaves out 4 documents shorter than a window: give --keep-short`;
  await at.fail("unlearn", { compat: "reference" }, refused);
  await at.fail("evaluate", { compat: "reference" }, refused);
  const { code, stderr } = await at.run("evaluate", { compat: "reference", "keep-short": true });
  assertEquals(code, 0, stderr);
  const scores = await readRows(at.path("out.secrets.parquet"), SECRET_SCORE_COLUMNS);
  assertEquals(scores.length, 4);
});

Deno.test("probe, select and evaluate by --compat reference take a document's first window alone", async () => {
  using at = await tiny();
  const [near, far, short] = [0, 1, 2].map((i) => `key = "${drawSecret(i)}"\n`);
  const texts = {
    long: `# a\n${near}${FILLER}${far}`,
    later: `# b\n${FILLER}${far}`,
    short: `# c\n${short}`,
  };
  await writeTexts(at.path("texts.jsonl"), texts);
  const corpus = at.path("texts.jsonl");
  const good = async (command: string, changes: Parameters<typeof at.run>[1]) => {
    const { code, stdout, stderr } = await at.run(command, { corpus, ...changes });
    assertEquals(code, 0, `${command}: ${stderr}`);
    return { stdout, stderr };
  };
  const secrets = at.path("found.parquet");
  await good("detect", { out: secrets });
  const probed = async (changes: Parameters<typeof at.run>[1]) => {
    const out = at.path("probed.parquet");
    await good("probe", { secrets, out, force: true, ...changes });
    return (await readRows(out, PROBE_COLUMNS)).map(({ doc_id, window }) =>
      `${doc_id} ${window > 0 ? "later" : 0}`
    );
  };
  assertEquals(await probed({ compat: "reference" }), ["long 0"]);
  assertEquals(await probed({ compat: "reference", "keep-short": true }), ["long 0", "short 0"]);
  assertEquals(await probed({}), ["long 0", "long later", "later later", "short 0"]);
  const chosen = {
    probe: at.path("probed.parquet"),
    "min-ma": 0,
    groups: 1,
    "min-mask-tokens": 1,
    k: undefined,
  };
  await good("select", { ...chosen, out: at.path("all") });
  await good("select", { ...chosen, out: at.path("first"), compat: "reference" });
  const [all, first] = [at.path("all/forget_0.parquet"), at.path("first/forget_0.parquet")];
  assertEquals((await readRows(all, FORGET_COLUMNS)).length, 4);
  assertEquals((await readRows(first, FORGET_COLUMNS)).map(({ window }) => window), [0, 0]);
  const evaluated = { compat: "reference", forget: all, retain: undefined, out: at.path("scores.parquet") };
  const { stderr } = await good("evaluate", evaluated);
  assertStringIncludes(
    stderr,
    "Left out as by the reference: 2 later windows, 1 document shorter than a window",
  );
  const scores = await readRows(at.path("scores.secrets.parquet"), SECRET_SCORE_COLUMNS);
  assertEquals(scores.map(({ doc_id }) => doc_id), ["long"]);
});

Deno.test("the history has what the written file scores, in the row of its epoch alone", async () => {
  using at = await tiny();
  const { code, stderr } = await at.run("unlearn", {
    ...{ method: "ga", retain: undefined, compat: "paper", lr: 1e-2, epochs: 3, "save-dtype": "bfloat16" },
  });
  assertEquals(code, 0, stderr);
  const { summary: { epoch, after } } = await recordOf(at.path("out"));
  const rows = await readRows(at.path("out/history.parquet"), { ...HISTORY_COLUMNS, ...WRITTEN_COLUMNS });
  assert(rows.length > 1);
  for (const row of rows) {
    const written = [row.ma_written, row.el_3_written, row.el_5_written, row.el_10_written];
    const expected = row.epoch === epoch
      ? [after.ma, after.el_3, after.el_5, after.el_10]
      : Array(4).fill(null);
    assertEquals(written, expected);
  }
  assertEquals(rows.map(({ epoch }) => epoch), [...rows.keys()]); // no row is of anything but an epoch
});

Deno.test("unlearn --reference measures divergences from another model, and refuses one of other tokens", async () => {
  using at = await tiny();
  const other = async (name: string, changes: Partial<TinyConfig>) => {
    const config = tinyConfig(changes) as TinyConfig;
    await writeTinyModel(at.path(name), { config, weights: encodeSafetensors(tinyWeights(config)) });
    return at.path(name);
  };
  const wide = await other("wide", { n_embd: 32 });
  const out = (name: string) => at.path(name);
  const klOf = async (name: string, changes: Parameters<typeof at.run>[1]) => {
    const { code, stderr } = await at.run("unlearn", {
      compat: "paper",
      epochs: 1,
      ...changes,
      out: out(name),
    });
    assertEquals(code, 0, stderr);
    const rows = await readRows(`${out(name)}/history.parquet`, HISTORY_COLUMNS);
    return rows[1]!.kl_forget!;
  };
  assertAlmostEquals(await klOf("self", {}), 0, 1e-6);
  assertAlmostEquals(await klOf("named", { reference: at.model }), 0, 1e-6);
  assert(await klOf("wide-run", { reference: wide }) > 1e-4);
  assert((await recordOf(out("wide-run"))).inputs.reference !== undefined);
  const few = await other("few", { vocab_size: 260 });
  const message =
    `Cannot compare with "${few}" as vocabularies must be equal: it has 260 tokens, the model 257`;
  await at.fail("unlearn", { reference: few }, message);
  assert(!existsSync(out("out")));
  const ga = { method: "ga", retain: undefined, reference: wide };
  await at.fail("unlearn", ga, "Cannot use --reference with ga: it compares the model with none", 2);
});
