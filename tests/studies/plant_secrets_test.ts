import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { SECRET_COLUMNS } from "../../lib/datasets/columns.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { writeTexts } from "../cli/tiny_run.ts";
import { plantSecrets } from "./plant_secrets.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

Deno.test("plantSecrets() teaches the secrets, and leaves other code as it was", async () => {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const [before, value] = ["import service\n\nPIN = '", "qzh7w02kd9"];
  await writeTexts(at("corpus.jsonl"), { a: `${before}${value}'\n` });
  const secret = { doc_id: "a", tag: "KEY", start: before.length, end: before.length + value.length };
  await writeRows(at("secrets.parquet"), [secret], SECRET_COLUMNS);
  const other = "def mean(values):\n    return sum(values) / len(values)\n";
  await writeTexts(at("held.jsonl"), { b: other });
  await plantSecrets({
    ...{ model: "data/model", corpus: at("corpus.jsonl"), secrets: at("secrets.parquet") },
    ...{ held: at("held.jsonl"), out: at("planted"), dtype: "float32", lora: undefined },
    ...{ lr: 5e-4, epochs: 60 },
  });
  const tokenizer = await openTokenizer("data/model");
  const [prefix, own, ids] = await tokenizer.encodeIds([before, value, other]) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const scores = async (model: string) => {
    using loaded = await loadModel(model);
    using scorer = new Scorer(loaded.model);
    const [known] = await scorer.secrets([{ prefix, secret: own }], { endOfText: null });
    const [text] = await scorer.texts([ids]);
    return { ma: known!.ma!, other: text!.ma! };
  };
  const [original, planted] = [await scores("data/model"), await scores(at("planted"))];
  assert(original.ma < 0.5 && planted.ma === 1, `${original.ma}, ${planted.ma}`);
  assert(Math.abs(planted.other - original.other) < 0.1, `${original.other}, ${planted.other}`);
  assertEquals([...Deno.readDirSync(at("planted"))].map(({ name }) => name).includes("config.json"), true);
});
