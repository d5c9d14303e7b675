/**
 * A run in miniature, for the tests of bad input and of interrupts: a random GPT-2 model of one layer whose tokens are
 * bytes, sixteen documents with made-up secrets, eight without, and the tables of every stage.
 */
import { join } from "node:path";
import {
  FORGET_COLUMNS,
  PROBE_COLUMNS,
  RETAIN_COLUMNS,
  SECRET_COLUMNS,
  THRESHOLD_COLUMNS,
} from "../../lib/datasets/columns.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";
import { SECRET_FORMATS, secretPieces } from "../../lib/embedded/secret_formats.ts";
import { trainTokenizer } from "../../lib/datasets/train_tokenizer.ts";
import { gpt2 } from "../../lib/models/gpt2.ts";
import { parseTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { encodeSafetensors, type TensorToStore } from "../checkpoints/safetensors_bytes.ts";

/** The paths of a tiny run, all in one folder. */
export interface TinyRun {
  folder: string;
  model: string;
  corpus: string;
  secrets: string;
  probe: string;
  forget: string;
  retain: string;
  thresholds: string;
  /** Of the values of three documents, for `scrub`. */
  request: string;
  /** Two problems, of which its model solves none. */
  problems: string;
  /** Pieces of the secrets, for `assertShowsNone`. */
  pieces: string[];
}

const CONFIG = {
  model_type: "gpt2",
  vocab_size: 257,
  n_positions: 512,
  n_embd: 16,
  n_layer: 1,
  n_head: 2,
  activation_function: "gelu_new",
};

/** The fields of the tiny model's config.json. */
export type TinyConfig = typeof CONFIG;

/** The tiny model's weights, the same on every machine. */
export function tinyWeights(config: TinyConfig = CONFIG): TensorToStore[] {
  const random = new PythonRandom(5);
  const shapes = gpt2.shapes(gpt2.readConfig(config, "config.json"));
  return Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length: size }, () => 0.2 * (random.random() - 0.5));
    if (/ln_\w+\.weight$/.test(name)) values.fill(1);
    return { name, shape, dtype: "F32", values };
  });
}

/** Writes a model folder; what is given replaces the good file, null leaves it out. */
export async function writeTinyModel(
  folder: string,
  files: { config?: unknown; weights?: Uint8Array | null; tokenizer?: string | null } = {},
): Promise<void> {
  const { config = CONFIG, weights = encodeSafetensors(tinyWeights()), tokenizer } = files;
  await Deno.mkdir(folder, { recursive: true });
  const text = typeof config === "string" ? config : JSON.stringify(config);
  if (config !== null) await Deno.writeTextFile(join(folder, "config.json"), text);
  if (weights) await Deno.writeFile(join(folder, "model.safetensors"), weights);
  const json = tokenizer === undefined ? await byteTokenizer() : tokenizer;
  if (json !== null) await Deno.writeTextFile(join(folder, "tokenizer.json"), json);
}

/**
 * Writes a tiny model that says one character after everything, so that it knows that much of a text.
 *
 * @param gain how much each number of what its layers make counts beside that; by default nothing
 */
export async function writeCertainModel(
  folder: string,
  character: string,
  gain: (i: number) => number = () => 0,
): Promise<void> {
  const tokenizer = parseTokenizer(await byteTokenizer(), "tokenizer.json");
  const id = (await tokenizer.encode(character)).ids[0]!;
  const weights = tinyWeights().map((tensor) => {
    if (tensor.name.endsWith("ln_f.weight")) {
      return {
        ...tensor,
        values: tensor.values.map((_, i) => gain(i)),
      };
    }
    if (tensor.name.endsWith("ln_f.bias")) return { ...tensor, values: tensor.values.map(() => 1) };
    if (!tensor.name.endsWith("wte.weight")) return tensor;
    const width = tensor.shape[1]!;
    return { ...tensor, values: tensor.values.map((_, i) => Math.floor(i / width) === id ? 1 : 0) };
  });
  await writeTinyModel(folder, { weights: encodeSafetensors(weights) });
}

let byteTokenizerJson: string | undefined;

/** The tokenizer.json of a token for each byte and one for the end of text. */
export async function byteTokenizer(): Promise<string> {
  return byteTokenizerJson ??= await trainTokenizer(["x = 1\n"], { vocabularySize: 257 });
}

/** The tiny model's configuration with other fields. */
export function tinyConfig(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...CONFIG, ...changes };
}

/** A made-up secret of 40 characters. */
export function drawSecret(seed: number): string {
  return SECRET_FORMATS.npm(new PythonRandom(seed));
}

/** Writes texts as a corpus. */
export async function writeTexts(path: string, texts: Readonly<Record<string, string>>): Promise<void> {
  const rows = Object.entries(texts).map(([doc_id, text]) => ({ doc_id, text }));
  await writeRows(path, rows, { doc_id: "text", text: "text" });
}

/** Texts without secrets. */
export async function writeBenign(path: string): Promise<string> {
  const texts = Array.from(
    { length: 6 },
    (_, i) => [`b${i}`, `for x in range(${i}):\n    print(x)\n`.repeat(6)],
  );
  await writeTexts(path, Object.fromEntries(texts));
  return path;
}

/** Writes a whole tiny run into `folder`. */
export async function writeTinyRun(folder: string): Promise<TinyRun> {
  const path = (name: string) => join(folder, name);
  const run = {
    folder,
    model: path("model"),
    corpus: path("corpus.jsonl"),
    secrets: path("secrets.parquet"),
    probe: path("probe.parquet"),
    forget: path("forget.parquet"),
    retain: path("retain.parquet"),
    thresholds: path("thresholds.parquet"),
    request: path("request.txt"),
    problems: path("problems.jsonl"),
  };
  const values = Array.from({ length: 16 }, (_, i) => drawSecret(i));
  const before = (i: number) => `# document ${i}\n${"x = 1\n".repeat(20)}token = "`;
  const texts = values.map((value, i) => [`secret-${i}`, `${before(i)}${value}"\n`]);
  const clean = Array.from({ length: 8 }, (_, i) => [`clean-${i}`, `# text ${i}\n${"y = 2\n".repeat(25)}`]);
  const places = values.map((value, i) => {
    const start = before(i).length;
    return { doc_id: `secret-${i}`, tag: "KEY", start, end: start + value.length };
  });
  await writeTinyModel(run.model);
  await writeTexts(run.corpus, Object.fromEntries([...texts, ...clean]));
  await writeRows(run.secrets, places, SECRET_COLUMNS);
  const scores = { window: 0, ma: 0.95, mask_tokens: 42 };
  await writeRows(run.probe, places.map((row) => ({ ...row, ...scores, secret_tokens: 32 })), PROBE_COLUMNS);
  const forget = places.slice(0, 4).map(({ doc_id, tag, start, end }) => ({
    doc_id,
    spans: JSON.stringify([[tag, start, end]]),
    ...scores,
  }));
  await writeRows(run.forget, forget, FORGET_COLUMNS);
  await writeRows(
    run.retain,
    clean.slice(0, 4).map(([doc_id]) => ({ doc_id: doc_id!, bleu4: 1 })),
    RETAIN_COLUMNS,
  );
  const metrics = { ma: 0.4, el_3: 0.2, el_5: 0.1, el_10: 0.05 };
  const thresholds = Object.entries(metrics).map(([metric, mean]) => ({
    metric,
    mean,
    standard_error: null,
    texts: 8,
    runs: 1,
  }));
  await writeRows(run.thresholds, thresholds, THRESHOLD_COLUMNS);
  const problems = ["one", "two"].map((name, i) => ({
    ...{ task_id: name, prompt: `def ${name}():`, entry_point: name },
    test: `def check(candidate):\n    assert candidate() == ${i + 1}\n`,
  }));
  await Deno.writeTextFile(run.problems, problems.map((row) => JSON.stringify(row) + "\n").join(""));
  await Deno.writeTextFile(run.request, `${values.slice(0, 3).join("\n")}\n`);
  return { ...run, pieces: values.flatMap((value) => secretPieces(value)) };
}
