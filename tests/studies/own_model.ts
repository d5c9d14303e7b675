/**
 * `deno task study:own-model`: the whole way on a pretrained model that is not ours. Made-up secrets are planted into a
 * fetched model, which else says what it said (through an adapter that is merged; all weights with `--lora ""`); HumanEval is
 * sampled, `scrub` erases the secrets, and HumanEval is sampled again. Options behind `--` are `scrub`'s, such as
 * `-- --lasting --benign out/own-model/benign.jsonl`. Hours; what is done is kept, so the same command goes on where it was
 * killed. `--n 0` leaves HumanEval out.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseLora } from "../../lib/cli/adapter_options.ts";
import { modelFolder } from "../../lib/cli/model_folder.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import type { Products } from "../../lib/engine/compile.ts";
import { RUN_FILES } from "../../lib/report/run_files.ts";
import { setUpFirst } from "../set_up.ts";
import { keepTable } from "./keep_table.ts";
import { plantSecrets } from "./plant_secrets.ts";
import { stage } from "./stage.ts";

const { values, positionals: scrubOptions } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string", default: "out/own-model" },
    model: { type: "string", default: "qwen2.5-coder-0.5b" },
    dtype: { type: "string", default: "bfloat16" },
    n: { type: "string", default: "10" },
    temperature: { type: "string", default: "0.2" },
    lora: { type: "string", default: "r=32,alpha=32,dropout=0" },
    "plant-lr": { type: "string", default: "1e-3" },
    "plant-epochs": { type: "string", default: "40" },
    /** A folder for the tables, without weights and texts: what notebook 08 shows. */
    tables: { type: "string" },
    /** Ends once the secrets are planted and HumanEval is sampled. */
    "before-only": { type: "boolean", default: false },
  },
});
const at = (name: string) => join(values.out, name);
const [corpus, secrets, held] = ["train.jsonl", "planted.parquet", "held.jsonl"].map(at) as [
  string,
  string,
  string,
];
if (!existsSync(held)) {
  throw new Error(
    `Cannot find ${held}: run deno task corpus:small ${values.out} --clean 8 --held 32 --benign 64`,
  );
}
const context = { cwd: Deno.cwd(), progress: createProgress(), signal: new AbortController().signal };
const computed = ["--dtype", values.dtype];
const adapter = values.lora === "" ? [] : ["--lora", values.lora];
const [planted, run] = [at("planted"), at("run")];

await setUpFirst();
await stage(secrets, ["detect", corpus, "--out", secrets]);
if (!existsSync(join(planted, "model.safetensors"))) {
  await plantSecrets({
    model: await modelFolder(values.model, context),
    ...{ corpus, secrets, held, out: planted, dtype: values.dtype as Products },
    lora: values.lora === "" ? undefined : { ...parseLora(values.lora), seed: 42 },
    lr: Number(values["plant-lr"]),
    epochs: Number(values["plant-epochs"]),
  });
}
const samples = [...computed, "--n", values.n, "--temperature", values.temperature];
const before = at("humaneval_before");
const isSampled = Number(values.n) > 0;
if (isSampled) {
  await stage(join(before, "results.parquet"), [
    "humaneval",
    "--model",
    planted,
    ...samples,
    "--out",
    before,
  ]);
}
if (values["before-only"]) Deno.exit();
await stage(join(run, "report.html"), [
  ...["scrub", "--model", planted, ...computed, ...adapter, "--corpus", corpus, "--any", "--epochs", "200"],
  ...["--save-dtype", "float32", "--out", run, ...scrubOptions],
], { mayFail: true });
if (isSampled) {
  const after = join(run, "humaneval");
  await stage(join(after, "results.parquet"), [
    ...["humaneval", "--model", join(run, "codeeraser"), ...samples, "--before", before, "--out", after],
  ]);
  await stage(at("report.html"), ["report", run, "--out", at("report.html")]);
}

/** What a report is made of. */
const TABLES = [
  ...[RUN_FILES.thresholds, RUN_FILES.probe, RUN_FILES.evaluation, RUN_FILES.secretScores, RUN_FILES.passes],
  ...[RUN_FILES.attacks, "attacks/attacks.json", "humaneval/run.json"],
  ...[RUN_FILES.record, "history.parquet", "secrets.parquet"].map((name) => join("codeeraser", name)),
];
if (values.tables !== undefined) {
  for (const name of TABLES.filter((name) => existsSync(join(run, name)))) {
    await keepTable(join(run, name), join(values.tables, name));
  }
}
