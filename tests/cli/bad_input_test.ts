import { readTable } from "../../lib/datasets/tables.ts";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import { tiny } from "./tiny_cases.ts";
import {
  byteTokenizer,
  tinyConfig,
  type TinyRun,
  tinyWeights,
  writeTexts,
  writeTinyModel,
} from "./tiny_run.ts";

/** Weights with one tensor changed. */
function changedWeights(name: string, change: (values: Float32Array, shape: readonly number[]) => number[]) {
  return encodeSafetensors(
    tinyWeights().map((tensor) => {
      if (tensor.name !== name) return tensor;
      const shape = change(tensor.values, tensor.shape);
      return { ...tensor, shape, values: tensor.values.slice(0, shape.reduce((a, b) => a * b, 1)) };
    }),
  );
}

const BIAS = "transformer.ln_f.bias";

Deno.test("codescrub refuses a model folder that is missing, cut, foreign or broken", async () => {
  using at = await tiny();
  const weights = encodeSafetensors(tinyWeights());
  const tokenizer = await byteTokenizer();
  const larger = JSON.parse(tokenizer);
  larger.model.vocab["spare"] = larger.model.vocab["e"]; // more entries than the model, one of which the texts use
  larger.model.vocab["e"] = 257;
  const folders: { [name: string]: [Parameters<typeof writeTinyModel>[1], RegExp] } = {
    "no-weights": [{ weights: null }, /Cannot load model ".*": it has none of model\.safetensors, /],
    "cut-weights": [
      { weights: weights.slice(0, -10) },
      /file has \d+ bytes, header asks for \d+: download it again/,
    ],
    "cut-header": [
      { weights: weights.slice(0, 100) },
      /header ends at byte \d+, file has 100: download it again/,
    ],
    "empty-weights": [{ weights: new Uint8Array() }, /file has 0 bytes, header asks for 8/],
    "foreign-weights": [
      { weights: new TextEncoder().encode("PK\x03\x04 not weights at all") },
      /Cannot read safetensors/,
    ],
    "no-tokenizer": [{ tokenizer: null }, /Cannot use model ".*": it has no tokenizer\.json: copy it/],
    "cut-tokenizer": [{ tokenizer: tokenizer.slice(0, 900) }, /Cannot open tokenizer ".*tokenizer\.json": /],
    "empty-tokenizer": [{ tokenizer: "" }, /Cannot open tokenizer ".*tokenizer\.json": /],
    "large-tokenizer": [
      { tokenizer: JSON.stringify(larger) },
      /Cannot score .*: token 257 is beyond the model's vocabulary of 257/,
    ],
    "no-config": [{ config: null }, /Cannot load model ".*": config\.json cannot be read: no such file/],
    "cut-config": [{ config: '{"model_type": "gp' }, /Cannot load model ".*": config\.json is no valid JSON/],
    "list-config": [{ config: [] }, /Cannot load model ".*": config\.json is no JSON object/],
    "other-family": [
      { config: tinyConfig({ model_type: "bert" }) },
      /Unknown model type "bert": expected "/,
    ],
    "no-family": [{ config: tinyConfig({ model_type: undefined }) }, /Unknown model type/],
    "wrong-field": [
      { config: tinyConfig({ n_head: "2" }) },
      /config\.json": n_head is "2": expected a whole number of at least 1/,
    ],
    "odd-heads": [{ config: tinyConfig({ n_head: 3 }) }, /n_head is 3: expected a divisor of n_embd = 16/],
    "other-size": [
      { config: tinyConfig({ n_embd: 32 }) },
      /"transformer\.wte\.weight" is \[257,16\], expected \[257,32\]/,
    ],
    "more-layers": [
      { config: tinyConfig({ n_layer: 2 }) },
      /12 tensors are missing \("transformer\.h\.1\.ln_1\.weight", .*\.\.\.\)/,
    ],
    "wrong-shape": [
      { weights: changedWeights(BIAS, () => [8]) },
      /"transformer\.ln_f\.bias" is \[8\], expected \[16\]/,
    ],
    "nan-weights": [
      { weights: changedWeights(BIAS, (values, shape) => (values[3] = NaN, [...shape])) },
      /"transformer\.ln_f\.bias" holds NaN at element 3/,
    ],
    "infinite-weights": [
      { weights: changedWeights(BIAS, (values, shape) => (values[0] = -Infinity, [...shape])) },
      /"transformer\.ln_f\.bias" holds -Infinity at element 0/,
    ],
  };
  for (const [name, [files, message]] of Object.entries(folders)) {
    await writeTinyModel(at.path(name), files);
    await at.fail("measure", { model: at.path(name) }, message);
  }
  const missing = { model: at.path("nothing") };
  for (const command of ["measure", "thresholds", "probe", "retain", "unlearn", "evaluate", "attack"]) {
    await at.fail(command, missing, /Cannot find model ".*nothing": there is no folder or file ".*": check/);
    await at.fail(command, { model: at.path("nan-weights") }, /holds NaN at element 3/);
  }
  await at.fail("evaluate", { before: at.path("nothing") }, /Cannot find model/);
});

Deno.test("codescrub refuses a table that is missing, cut, foreign, short of a column or of a wrong type", async () => {
  using at = await tiny();
  const readers: [command: string, flag: string, column: string][] = [
    ["probe", "secrets", "start"],
    ["probe", "proxy", "ma"],
    ["analyze", "probe", "ma"],
    ["select", "probe", "mask_tokens"],
    ["retain", "secrets", "doc_id"],
    ["unlearn", "forget", "spans"],
    ["unlearn", "retain", "bleu4"],
    ["unlearn", "thresholds", "mean"],
    ["evaluate", "forget", "window"],
    ["attack", "forget", "spans"],
    ["evaluate", "retain", "doc_id"],
  ];
  const bytes = await Deno.readFile(at.secrets);
  await Deno.writeFile(at.path("cut.parquet"), bytes.slice(0, bytes.length / 2));
  await Deno.writeTextFile(at.path("empty.parquet"), "");
  await Deno.writeTextFile(at.path("foreign.parquet"), "doc_id,ma\na,1\n");
  await Deno.writeTextFile(at.path("other.csv"), "name,age\nada,36\n");
  await Deno.writeTextFile(at.path("table.xlsx"), "");
  await Deno.mkdir(at.path("folder.parquet"));
  for (const [command, flag, column] of readers) {
    const fail = (name: string, message: RegExp) => at.fail(command, { [flag]: at.path(name) }, message);
    await fail("nothing.parquet", /Cannot read table ".*nothing\.parquet": no such file/);
    await fail("folder.parquet", /Cannot read table ".*folder\.parquet": it is a folder/);
    for (const name of ["cut", "empty", "foreign"]) {
      await fail(`${name}.parquet`, /Cannot read table ".*" as Parquet: /);
    }
    await fail("table.xlsx", /Unknown table format "table\.xlsx": expected /);
    await fail(
      "other.csv",
      /Cannot read table ".*other\.csv": it has no column .*: it has 2 columns of other names/,
    );
    const good = (await readTable(flag === "proxy" ? at.probe : at[flag as keyof TinyRun] as string))
      .toRecords();
    const wrong = good.map((row) => ({ ...row, [column]: column === "doc_id" ? null : true }));
    const lines = wrong.map((row) =>
      JSON.stringify(row, (_, value) => typeof value === "bigint" ? Number(value) : value) + "\n"
    );
    await Deno.writeTextFile(at.path("wrong.jsonl"), lines.join(""));
    await fail("wrong.jsonl", new RegExp(`Cannot read (row 0 of )?".*wrong\\.jsonl".*${column}`));
    await Deno.remove(at.path("wrong.jsonl"));
  }
  await at.fail(
    "report",
    { tables: at.path("nothing") },
    /Cannot report on ".*nothing": it holds no table of a run/,
  );
  await Deno.mkdir(at.path("run"));
  await Deno.copyFile(at.path("cut.parquet"), at.path("run/probe.parquet"));
  await at.fail(
    "report",
    { tables: at.path("run") },
    /Cannot read table ".*run\/probe\.parquet" as Parquet: /,
  );
});

Deno.test("codescrub refuses tables that do not belong to the corpus", async () => {
  using at = await tiny();
  await writeTexts(at.path("other.jsonl"), { other: "x = 1\n".repeat(40) });
  const corpus = at.path("other.jsonl");
  await at.fail("probe", { corpus }, /Cannot probe document "secret-0" as the corpus has no such document/);
  const noSets = /Cannot choose forget sets as the corpus has no document "secret-0", nor 15 others$/;
  await at.fail("select", { corpus }, noSets);
  await at.fail(
    "attack",
    { corpus },
    /Cannot find document "secret-0" in the corpus, nor 3 others: give the/,
  );
  for (const command of ["unlearn", "evaluate"]) {
    await at.fail(
      command,
      { corpus },
      /Cannot find document "secret-0" in the corpus, nor 7 others: give the/,
    );
  }
  const lines = (await Deno.readTextFile(at.corpus)).trimEnd().split("\n").map((line) => JSON.parse(line));
  const hollow = lines.map((row) =>
    JSON.stringify(row.doc_id === "secret-2" ? { ...row, text: null } : row) + "\n"
  );
  await Deno.writeTextFile(at.path("hollow.jsonl"), hollow.join(""));
  await at.fail("select", { corpus: at.path("hollow.jsonl") }, /corpus has no document "secret-2"$/);
  for (const command of ["unlearn", "evaluate", "attack"]) {
    const skipped =
      /Cannot find document "secret-2" in the corpus: what has that name there was skipped \(no text\)/;
    await at.fail(command, { corpus: at.path("hollow.jsonl") }, skipped);
  }
  const short = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`secret-${i}`, "x = 1\n"]));
  await writeTexts(at.path("short.jsonl"), short);
  const message = /Cannot probe the secret at \d+\.\.\d+ of "secret-0": the document has 6 code points/;
  await at.fail("probe", { corpus: at.path("short.jsonl") }, message);
});

Deno.test("codescrub refuses a corpus that is missing, empty or has no text", async () => {
  using at = await tiny();
  await Deno.writeTextFile(at.path("empty.jsonl"), "");
  await Deno.mkdir(at.path("empty"));
  await Deno.mkdir(at.path("binary"));
  await Deno.writeFile(at.path("binary/a.bin"), new Uint8Array([0, 1, 2]));
  await Deno.writeFile(at.path("binary/b.py"), new Uint8Array([0xe9, 0x0a]));
  const commands = ["detect", "measure", "thresholds", "probe", "select", "retain", "unlearn", "evaluate"];
  for (const command of [...commands, "attack", "scrub"]) {
    const flag = ["measure", "thresholds", "retain"].includes(command) ? "texts" : "corpus";
    const fail = (name: string, message: RegExp) => at.fail(command, { [flag]: at.path(name) }, message);
    await fail("nothing", /Cannot read corpus ".*nothing": there is no such file or folder/);
    await fail("empty", /Cannot read corpus ".*empty": it is empty/);
    await fail("empty.jsonl", /Cannot read corpus ".*empty\.jsonl": it is empty/);
    await fail("binary", /Cannot read corpus ".*binary": it is empty \(2 files or rows skipped\)/);
  }
});

Deno.test("codescrub says what a method, thresholds or a set lack", async () => {
  using at = await tiny();
  const none = { thresholds: undefined };
  await at.fail("unlearn", { method: "forgetting" }, /--method.*"forgetting".*"codeeraser"/, 2);
  await at.fail("unlearn", none, "Missing thresholds: give --thresholds F, or --ma and --el10", 2);
  await at.fail(
    "unlearn",
    { ...none, ma: 0.4 },
    "Missing thresholds: give --thresholds F, or --ma and --el10",
    2,
  );
  await at.fail(
    "unlearn",
    { ma: 0.4, el10: 0.1 },
    "Two thresholds: give --thresholds F, or --ma and --el10",
    2,
  );
  const needed = "--thresholds matched judges each secret: it needs --stop secret, --compat sound";
  for (const rule of [{ stop: "group" }, { compat: "paper" }, { compat: "reference" }]) {
    await at.fail("unlearn", { thresholds: "matched", ...rule }, needed, 2);
  }
  const lasting = "--lasting judges each secret: it needs --stop secret, --compat sound";
  await at.fail("unlearn", { lasting: true, stop: "group" }, lasting, 2);
  await at.fail("unlearn", { benign: at.corpus }, '"--benign" is for "--lasting": give both or none', 2);
  await at.fail("unlearn", { lr: "fast" }, /--lr.*"fast"/, 2);
  await at.fail("evaluate", { model: undefined }, /Missing option "--model"/, 2);
  await at.fail("evaluate", { before: at.model, model: at.path("before") }, /Two models of one name/, 2);
  await at.fail("select", { k: 9 }, "Cannot choose 2 forget sets of 9: 16 rows qualify, 18 are needed");
  await at.fail(
    "retain",
    {},
    "Cannot choose a retain set of 4: 0 texts reach BLEU-4 0.95, the best has 0.00: give a smaller --k, more texts, ",
  );
  await at.fail("thresholds", { runs: 25 }, "Cannot deal 24 texts into 25 runs: give a smaller --runs");
  const rows = (await Deno.readTextFile(at.corpus)).split("\n").slice(0, 16).join("\n");
  await Deno.writeTextFile(at.path("only-secrets.jsonl"), rows);
  const withSecrets = { texts: at.path("only-secrets.jsonl") };
  await at.fail("retain", withSecrets, "Cannot choose a retain set of 4: 0 texts reach BLEU-4 0.95");
  for (
    const [name, header] of [["forget", "doc_id,window,spans,ma,mask_tokens\n"], ["retain", "doc_id,bleu4\n"]]
  ) {
    const path = at.path(`empty.csv`);
    await Deno.writeTextFile(path, header!);
    await at.fail("unlearn", { [name!]: path }, /Cannot unlearn with ".*empty\.csv": it has no rows/);
  }
  const thresholds = at.path("thresholds.csv");
  await Deno.writeTextFile(thresholds, "metric,mean,standard_error,texts,runs\nma,0.4,,8,1\nel_10,,,0,1\n");
  await at.fail("unlearn", { thresholds }, /Cannot use ".*thresholds\.csv": it has no mean for el_/);
});
