/**
 * `deno task study:own-model`: the whole way on a pretrained model that is not ours, by the commands that a user runs. A
 * fetched model learns a small corpus with made-up secrets by heart among other code, through an adapter that is merged (of
 * all weights with `--lora ""`); the most memorized secrets are unlearned, and HumanEval is sampled before and after. Hours;
 * what is done is kept, so the same command goes on where it was killed.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { RUN_FILES } from "../../lib/report/run_files.ts";
import { setUpFirst } from "../set_up.ts";
import { stage } from "./stage.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "out/own-model" },
    model: { type: "string", default: "qwen2.5-coder-0.5b" },
    dtype: { type: "string", default: "bfloat16" },
    n: { type: "string", default: "10" },
    k: { type: "string", default: "6" },
    lora: { type: "string", default: "r=32,alpha=32,dropout=0" },
    steps: { type: "string", default: "80" },
    "train-lr": { type: "string", default: "2e-4" },
    lr: { type: "string", default: "1e-4" },
    method: { type: "string", default: "codeeraser" },
    /** A folder for the tables, without weights and texts: what notebook 08 shows. */
    tables: { type: "string" },
  },
});
const at = (name: string) => join(values.out, name);
const computed = ["--dtype", values.dtype];
const trained = values.lora === "" ? [] : ["--lora", values.lora, "--merge"];
const corpus = at("train.jsonl"), mixed = at("mixed.jsonl");
if (!existsSync(mixed)) {
  const made = `corpus:small ${values.out} --clean 8 --copies 16 --others 200`;
  throw new Error(`Cannot find ${mixed}: run deno task ${made}`);
}

const TUNED = at("tuned"), ERASED = at("erased");
const weightsOf = (model: string) => join(model, "model.safetensors");
const forget = join(at(RUN_FILES.sets), "forget_0.parquet");
const retain = at(RUN_FILES.retain);

await setUpFirst();
await stage(weightsOf(TUNED), [
  ...["train", "--model", values.model, ...trained, "--corpus", mixed, "--steps", values.steps],
  ...["--batch", "4", "--length", "256", "--lr", values["train-lr"], "--warmup", "8"],
  ...[...computed, "--save-dtype", "float32", "--out", TUNED],
]);
const sampled = [...computed, "--n", values.n];
const before = at("humaneval_before");
await stage(join(before, "results.parquet"), ["humaneval", "--model", TUNED, ...sampled, "--out", before]);
await stage(at(RUN_FILES.secrets), ["detect", corpus, "--out", at(RUN_FILES.secrets)]);
await stage(at(RUN_FILES.thresholds), [
  ...["thresholds", "--model", TUNED, ...computed, "--texts", at("unseen.jsonl"), "--runs", "1"],
  ...["--out", at(RUN_FILES.thresholds)],
]);
await stage(at(RUN_FILES.probe), [
  ...["probe", "--model", TUNED, ...computed, "--corpus", corpus, "--secrets", at(RUN_FILES.secrets)],
  ...["--out", at(RUN_FILES.probe)],
]);
await stage(forget, [
  ...["select", "--probe", at(RUN_FILES.probe), "--corpus", corpus, "--groups", "1", "--k", values.k],
  ...["--out", at(RUN_FILES.sets)],
]);
await stage(retain, [
  ...["retain", "--model", TUNED, ...computed, "--texts", corpus, "--secrets", at(RUN_FILES.secrets)],
  ...["--k", values.k, "--out", retain],
]);
await stage(weightsOf(ERASED), [
  ...["unlearn", "--model", TUNED, ...trained, ...computed],
  ...["--corpus", corpus, "--forget", forget, "--retain", retain, "--thresholds", at(RUN_FILES.thresholds)],
  ...["--method", values.method, "--stop", "group", "--lr", values.lr, "--epochs", "20"],
  ...["--micro-batch", "2", "--save-dtype", "float32", "--out", ERASED],
], { mayFail: true });
await stage(at(RUN_FILES.evaluation), [
  ...["evaluate", "--before", TUNED, "--model", ERASED, ...computed, "--corpus", corpus, "--forget", forget],
  ...["--retain", retain, "--unseen", at("unseen.jsonl"), "--benign", at("unseen.jsonl")],
  ...["--out", at(RUN_FILES.evaluation)],
]);
const after = at("humaneval");
await stage(join(after, "results.parquet"), [
  ...["humaneval", "--model", ERASED, ...sampled, "--before", before, "--out", after],
]);
await stage(at("report.html"), ["report", values.out, "--out", at("report.html")]);

/** What a report is made of. */
const TABLES = [
  ...[RUN_FILES.thresholds, RUN_FILES.probe, RUN_FILES.evaluation, RUN_FILES.secretScores, RUN_FILES.passes],
  ...[RUN_FILES.record, "history.parquet"].map((name) => join("erased", name)),
  join("humaneval", RUN_FILES.record),
];
if (values.tables !== undefined) {
  for (const name of TABLES) {
    await Deno.mkdir(dirname(join(values.tables, name)), { recursive: true });
    const [from, to] = [at(name), join(values.tables, name)];
    if (!name.endsWith(".json")) await Deno.copyFile(from, to);
    // a record tells where this machine has its files
    else await Deno.writeTextFile(to, (await Deno.readTextFile(from)).replaceAll(`${Deno.cwd()}/`, ""));
  }
}
