/**
 * What `train` starts from: a new GPT-2 with random weights and a tokenizer of its own, or a model that exists.
 *
 * @module
 */
import { join } from "node:path";
import { PythonRandom } from "../datasets/python_random.ts";
import { trainTokenizer } from "../datasets/train_tokenizer.ts";
import type { Products } from "../engine/compile.ts";
import type { Engine } from "../engine/engine.ts";
import type { Model } from "../models/model.ts";
import { architectureOf } from "../models/models.ts";
import { newModel } from "../models/new_model.ts";
import { saveModel } from "../checkpoints/save.ts";
import { type ModelSizes, sizesOf } from "../training/step_memory.ts";
import { readTokenizer, type TokenizerText } from "../tokenizers/read_tokenizer.ts";
import { openTokenizer, parseTokenizer, type Tokenizer } from "../tokenizers/tokenizer.ts";
import { temporaryPath, writeFileAtomic } from "../files/write_file.ts";
import { modelInputs, type TrainedModel, trainedOptions, trainedSizes } from "./adapter_options.ts";
import type { Context } from "./command.ts";
import type { ModelContext } from "./model_folder.ts";
import { type SaveDtype, storageOf } from "./dtype_options.ts";
import { resolvePath } from "./options.ts";
import { checkSpace } from "./output.ts";
import { startMegabytes } from "./reading.ts";
import type { RunOptions } from "./run_record.ts";
import { saveTrained } from "./save_trained.ts";
import { openEngine, openModel } from "./session.ts";
import type { TrainingTexts } from "./training_texts.ts";

/** Texts lie in the run's folder twice while a tokenizer learns from them: unpacked, so it may take more than this. */
const TOKENIZER_COPIES = 2;

/** The options that a start depends on. */
export interface StartOptions extends Omit<TrainedModel, "model"> {
  /** A model to go on from. */
  model: string | undefined;
  /** What products are computed in. */
  dtype: string;
  /** A new model's tokenizer. */
  tokenizer: string | undefined;
  /** Entries of a trained one. */
  vocabulary: number;
  /** L */
  layers: number;
  /** D */
  width: number;
  /** H */
  heads: number;
  /** The longest sequence. */
  positions: number;
  /** The run's folder: texts stand in it while a tokenizer learns from them. */
  out?: string;
}

/** A model that is ready to be trained; `using` frees it. */
export interface TrainingStart extends Disposable {
  /** TensorFlow. */
  engine: Engine;
  /** The model, its weights in float32. */
  model: Model;
  /** Its tokenizer. */
  tokenizer: Tokenizer;
  /** What stands between documents. */
  endOfText: number;
  /** Writes the model into a folder, tokenizer and all, or its adapter; without a type as it came, a new one in float16. */
  save(folder: string, dtype: SaveDtype | undefined): Promise<void>;
}

/**
 * What `train` reads, for the record of its run.
 *
 * @throws {Error} as `modelFolder`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { trainingInputs } from "./train_start.ts";
 *
 * const context = { cwd: "/a", progress: createProgress(), signal: new AbortController().signal };
 * const { corpus } = await trainingInputs({ corpus: "src", model: undefined, tokenizer: undefined }, context);
 * assertEquals(corpus, { path: "/a/src", exclude: [] });
 * ```
 */
export async function trainingInputs(
  { corpus, model, adapter, tokenizer, exclude = [] }:
    & Pick<StartOptions, "model" | "adapter" | "tokenizer">
    & { corpus: string; exclude?: readonly string[] },
  context: ModelContext,
): Promise<NonNullable<RunOptions["inputs"]>> {
  return {
    corpus: corpus === "embedded" ? undefined : { path: resolvePath(corpus, context.cwd), exclude },
    ...model !== undefined && await modelInputs({ model, adapter }, context),
    tokenizer: tokenizer === undefined ? undefined : { path: tokenizer, isFlat: true },
  };
}

/**
 * Opens TensorFlow and the model to be trained.
 *
 * @throws {Error} as `openModel` for a model that exists; {RangeError} for sizes that make no model, or a tokenizer
 * without an end-of-text token
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { openStart } from "./train_start.ts";
 *
 * const sizes = { layers: 1, width: 8, heads: 2, positions: 16, vocabulary: 257 };
 * const options = { ...sizes, model: undefined, tokenizer: undefined, dtype: "float32" };
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal, seed: 42 };
 * async function* pieces() {
 *   yield { texts: ["x = 1\n"], read: 6 };
 * }
 * using start = await openStart(options, { bytes: 6, pieces }, context);
 * assertEquals([start.model.config.layers, start.tokenizer.vocabularySize], [1, 257]);
 * ```
 */
export async function openStart(
  options: StartOptions,
  texts: TrainingTexts,
  context: ModelContext & Pick<Context, "seed">,
): Promise<TrainingStart> {
  return options.model === undefined
    ? await newStart(options, texts, context)
    : await existingStart({ ...options, model: options.model }, context);
}

/**
 * The sizes of the model that `openStart` will open, by its configuration or the options; a tokenizer that is to be
 * trained may get fewer entries than it is asked for.
 *
 * @throws {Error} as `modelFolder`, `readConfig` and `openTokenizer`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { startSizes } from "./train_start.ts";
 *
 * const sizes = { layers: 1, width: 8, heads: 2, positions: 16, vocabulary: 257 };
 * const options = { ...sizes, model: undefined, tokenizer: undefined, dtype: "float32" };
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * assertEquals((await startSizes(options, context)).parameters, 257 * 8 + 16 * 8 + 872 + 16);
 * ```
 */
export async function startSizes(options: StartOptions, context: ModelContext): Promise<ModelSizes> {
  const { model, tokenizer: folder, vocabulary } = options;
  const dtype = options.dtype as Products;
  if (model !== undefined) return await trainedSizes({ ...options, model, dtype }, context);
  const tokenizer = folder === undefined
    ? { vocabularySize: vocabulary, endOfText: 0 }
    : await openTokenizer(folder);
  const architecture = architectureOf("gpt2");
  const config = architecture.readConfig(gpt2Json(options, tokenizer), "the options");
  return sizesOf(config, architecture.shapes(config));
}

async function existingStart(
  options: StartOptions & { model: string },
  context: ModelContext & Pick<Context, "seed">,
): Promise<TrainingStart> {
  const session = await openModel(options.model, context, {
    ...trainedOptions(options, context.seed),
    products: options.dtype as Products,
  });
  const { engine, loaded, tokenizer } = session;
  try {
    return {
      engine,
      model: loaded.model,
      tokenizer,
      endOfText: endOfTextOf(tokenizer),
      save: (folder, saveDtype) => saveTrained(loaded, folder, { ...options, saveDtype }),
      [Symbol.dispose]: () => session[Symbol.dispose](),
    };
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}

async function newStart(
  options: StartOptions,
  texts: TrainingTexts,
  { seed, progress }: Pick<Context, "seed" | "progress">,
): Promise<TrainingStart> {
  const { text, special, settings } = await tokenizerOf(options, texts, progress);
  const tokenizer = parseTokenizer(text, "tokenizer.json", special);
  const architecture = architectureOf("gpt2");
  const configJson = gpt2Json(options, tokenizer);
  const config = architecture.readConfig(configJson, "the options");
  const endOfText = endOfTextOf(tokenizer);
  const engine = await openEngine();
  const model = newModel(architecture, config, normal(seed), options.dtype as Products);
  return {
    engine,
    model,
    tokenizer,
    endOfText,
    save: async (folder, saveDtype) => {
      await writeFileAtomic(join(folder, "tokenizer.json"), text);
      if (Object.keys(settings).length > 0) {
        await writeFileAtomic(
          join(folder, "tokenizer_config.json"),
          JSON.stringify(settings, null, 2) + "\n",
        );
      }
      const dtype = storageOf(saveDtype, "F16");
      await saveModel(model, folder, { configJson, dtype, tokenizerFolder: folder });
    },
    [Symbol.dispose]: () => {
      model[Symbol.dispose]();
      engine[Symbol.dispose]();
    },
  };
}

function endOfTextOf(tokenizer: Tokenizer): number {
  if (tokenizer.endOfText === null) {
    throw new RangeError("Cannot train with a tokenizer that has no end-of-text token");
  }
  return tokenizer.endOfText;
}

/**
 * Whether a new model's tokenizer is learnt from the texts: none is given, and none comes with the corpus.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { learnsTokenizer } from "./train_start.ts";
 *
 * assertEquals(learnsTokenizer({ model: undefined, tokenizer: "folder" }, {}), false);
 * ```
 */
export function learnsTokenizer(
  { model, tokenizer }: Pick<StartOptions, "model" | "tokenizer">,
  { tokenizerJson }: Pick<TrainingTexts, "tokenizerJson">,
): boolean {
  return model === undefined && tokenizer === undefined && tokenizerJson === undefined;
}

/** The tokenizer of the given folder, of the corpus or a new one. */
async function tokenizerOf(
  { tokenizer: folder, vocabulary, out }: Pick<StartOptions, "tokenizer" | "vocabulary" | "out">,
  texts: TrainingTexts,
  progress: Context["progress"],
): Promise<Pick<TokenizerText, "text" | "special" | "settings">> {
  if (folder !== undefined) {
    await openTokenizer(folder); // says what is wrong with it
    return await readTokenizer(folder);
  }
  const own = { special: {}, settings: {} };
  if (texts.tokenizerJson !== undefined) return { text: texts.tokenizerJson, ...own };
  if (out !== undefined) checkSpace(out, TOKENIZER_COPIES * texts.bytes);
  const stage = startMegabytes(progress, "Learning a tokenizer", texts.bytes);
  async function* all() {
    for await (const { texts: some, read } of texts.pieces()) {
      yield* some;
      stage.show(read);
    }
  }
  const text = await trainTokenizer(all(), {
    vocabularySize: vocabulary,
    ...(out !== undefined && { folder: temporaryPath(join(out, "tokenizer.json")) }),
  });
  stage.done();
  return { text, ...own };
}

function gpt2Json(
  { layers, width, heads, positions }: StartOptions,
  tokenizer: Pick<Tokenizer, "vocabularySize" | "endOfText">,
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
