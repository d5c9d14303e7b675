/**
 * `train`: a small GPT-2 model from a corpus, with a tokenizer of its own, resumable at its checkpoints. The embedded
 * model was made by it: `deno task train` reads the recipe in data/model_recipe.json.
 *
 * @module
 */
import { join } from "node:path";
import { readCorpus } from "../datasets/corpus.ts";
import { buildEmbeddedCorpus } from "../datasets/embedded_corpus.ts";
import { PythonRandom } from "../datasets/random.ts";
import { trainTokenizer } from "../datasets/train_tokenizer.ts";
import { writeFileAtomic } from "../write_file.ts";
import { architectureOf } from "../models/models.ts";
import { newModel } from "../models/new_model.ts";
import { saveModel } from "../models/save.ts";
import type { StorageDtype } from "../models/float_types.ts";
import { openTokenizer, parseTokenizer } from "../tokenizers/tokenizer.ts";
import { Adam } from "../training/adam.ts";
import { readCheckpoint, removeCheckpoints, writeCheckpoint } from "../training/checkpoint.ts";
import { trainModel, type TrainStep } from "../training/train.ts";
import { type Context, defineCommand } from "./command.ts";
import { openEngine } from "./session.ts";
import { resolvePath } from "./options.ts";
import { openRunFolder } from "./run_folder.ts";

const STORAGE = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const satisfies Record<
  string,
  StorageDtype
>;
const BETAS = [0.9, 0.95] as const;
const SAVE_EVERY_STEPS = 100;
const LOG_EVERY_STEPS = 10;

/**
 * The command `train`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./train.ts";
 *
 * assertEquals(command.options.layers.default, 4);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    corpus: { kind: "string", describe: 'folder or table of texts, or "embedded"', default: "embedded" },
    tokenizer: {
      kind: "path",
      describe: "folder with tokenizer.json; without it one is trained",
      metavar: "DIR",
    },
    out: { kind: "path", describe: "folder of the checkpoint", metavar: "DIR", required: true },
    layers: { kind: "int", describe: "L", default: 4, min: 1 },
    width: { kind: "int", describe: "D", default: 256, min: 1 },
    heads: { kind: "int", describe: "H, a divisor of the width", default: 4, min: 1 },
    positions: { kind: "int", describe: "longest sequence", default: 512, min: 2 },
    vocabulary: {
      kind: "int",
      describe: "entries of a trained tokenizer",
      default: 4096,
      min: 257,
      max: 30000,
    },
    steps: { kind: "int", describe: "updates", default: 1000, min: 1 },
    batch: { kind: "int", describe: "windows an update", default: 8, min: 1 },
    length: { kind: "int", describe: "tokens a window", default: 512, min: 2 },
    lr: { kind: "float", describe: "highest learning rate", default: 2e-3, min: 0 },
    finalShare: {
      kind: "float",
      describe: "last rate as a share of the highest",
      default: 0.05,
      min: 0,
      max: 1,
    },
    warmup: { kind: "int", describe: "steps over which the rate rises", default: 100, min: 0 },
    maxNorm: { kind: "float", describe: "the gradients' norm is cut to this", default: 1, min: 0 },
    dtype: {
      kind: "choice",
      describe: "how weights are stored",
      choices: ["float32", "float16", "bfloat16"],
      default: "float16",
    },
  },
  config: true,
  writes: true,
  async run(values, context) {
    const { out, steps, batch, length } = values;
    if (length > values.positions) {
      throw new RangeError(
        `Cannot train on windows of ${length} tokens: the model has ${values.positions} positions`,
      );
    }
    const texts = await readTexts(values.corpus, context);
    const tokenizerJson = await readTokenizer(values, texts);
    const tokenizer = parseTokenizer(tokenizerJson, "tokenizer.json");
    if (tokenizer.endOfText === null) {
      throw new RangeError("Cannot train with a tokenizer that has no end-of-text token");
    }
    const architecture = architectureOf("gpt2");
    const configJson = gpt2Json(values, tokenizer);
    const config = architecture.readConfig(configJson, "the options");
    using run = await openRunFolder(out, {
      command: "train",
      settings: context.settings,
      force: context.force,
    });
    await writeFileAtomic(await run.path("tokenizer.json"), tokenizerJson);
    const stage = context.progress.start("Tokenizing", texts.all.length, "documents");
    const encoded = await tokenizer.encodeBatch(texts.all, (done) => stage.advance(done));
    stage.done();
    using _engine = await openEngine();
    using model = newModel(architecture, config, normal(context.seed));
    using optimizer = new Adam(model.weights, { betas: BETAS, maxNorm: values.maxNorm });
    const log = await restoreLog(out, { weights: model.weights, optimizer });
    const training = context.progress.start("Training", steps, "steps");
    training.advance(optimizer.steps);
    const save = async () => {
      await writeFileAtomic(await run.path("training_log.jsonl"), log.join("\n") + "\n");
      await writeCheckpoint(out, { weights: model.weights, optimizer }, { log });
    };
    await trainModel(model, { optimizer, documents: encoded.map(({ ids }) => ids) }, {
      steps,
      batch,
      length,
      seed: context.seed,
      endOfText: tokenizer.endOfText,
      learningRate: values.lr,
      finalShare: values.finalShare,
      warmup: values.warmup,
      betas: BETAS,
      maxNorm: values.maxNorm,
    }, {
      signal: context.signal,
      onStep: async (step) => {
        training.advance(1, `loss ${step.loss.toFixed(3)}`);
        if (step.step % LOG_EVERY_STEPS === 0 || step.step === 1) log.push(logLine(step));
        if (step.step % SAVE_EVERY_STEPS === 0) await save();
        await context.breathe().catch(async (error) => {
          await save();
          throw error;
        });
      },
    });
    training.done();
    await saveModel(model, out, { configJson, dtype: STORAGE[values.dtype], tokenizerFolder: out });
    await writeFileAtomic(await run.path("training_log.jsonl"), log.join("\n") + "\n");
    await removeCheckpoints(out);
    const last = JSON.parse(log.at(-1)!) as TrainStep;
    const summary = { steps, parameters: model.parameterCount, loss: last.loss, out };
    await run.finish(summary);
    return {
      text: `trained ${summary.parameters} parameters to a loss of ${last.loss}\nwritten: ${out}`,
      summary,
    };
  },
});

interface Texts {
  all: string[];
  /** tokenizer.json's text, where the corpus comes with one. */
  tokenizerJson?: string;
}

async function readTexts(corpus: string, { cwd }: Pick<Context, "cwd">): Promise<Texts> {
  if (corpus === "embedded") {
    const { train, tokenizer } = await buildEmbeddedCorpus();
    return { all: train.map(({ text }) => text), tokenizerJson: tokenizer };
  }
  return { all: (await readCorpus(resolvePath(corpus, cwd))).documents.map(({ text }) => text) };
}

/** tokenizer.json of the given folder, of the corpus or of a new tokenizer. */
async function readTokenizer(
  { tokenizer: folder, vocabulary }: { tokenizer: string | undefined; vocabulary: number },
  texts: Texts,
): Promise<string> {
  if (folder === undefined) {
    return texts.tokenizerJson ?? await trainTokenizer(texts.all, { vocabularySize: vocabulary });
  }
  await openTokenizer(folder); // says what is wrong with it
  return await Deno.readTextFile(join(folder, "tokenizer.json"));
}

function gpt2Json(
  { layers, width, heads, positions }: { layers: number; width: number; heads: number; positions: number },
  tokenizer: { vocabularySize: number; endOfText: number | null },
): Record<string, unknown> {
  return {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: tokenizer.vocabularySize,
    n_positions: positions,
    n_embd: width,
    n_layer: layers,
    n_head: heads,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    bos_token_id: tokenizer.endOfText,
    eos_token_id: tokenizer.endOfText,
  };
}

/** Normally distributed numbers by Box and Muller's method. */
function normal(seed: number): () => number {
  const random = new PythonRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random.random())) * Math.cos(2 * Math.PI * random.random());
}

function logLine({ step, loss, norm, rate }: TrainStep): string {
  const round = (value: number) => Number(value.toPrecision(5));
  return JSON.stringify({ step, loss: round(loss), norm: round(norm), rate: round(rate) });
}

/** Continues from the newest checkpoint: its weights, moments and log. */
async function restoreLog(out: string, state: Parameters<typeof readCheckpoint>[1]): Promise<string[]> {
  const restored = await readCheckpoint(out, state);
  return restored ? (restored.notes as { log: string[] }).log : [];
}
