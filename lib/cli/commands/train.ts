/**
 * `train`: a small GPT-2 model from a corpus, with a tokenizer of its own, or a model that exists, trained further;
 * resumable at its checkpoints. The embedded model was made by it: `deno task train` reads the recipe in
 * data/model_recipe.json.
 *
 * @module
 */
import { writeFileAtomic } from "../../files/write_file.ts";
import { Adam } from "../../training/adam.ts";
import { checkpointBytes, CHECKPOINTS, readCheckpoint, writeCheckpoint } from "../../training/checkpoint.ts";
import { RateWatch } from "../../training/rate_watch.ts";
import { TOKEN_FILES } from "../../training/token_file.ts";
import { TRAIN_DEFAULTS, trainModel, type TrainStep } from "../../training/train.ts";
import { LORA_OPTIONS, type TrainedModel, trainedOptions } from "../adapter_options.ts";
import { type Context, defineCommand, UsageError } from "../command.ts";
import { CORPUS_OPTIONS } from "../corpus_options.ts";
import {
  CHECKPOINT_LAYERS_OPTION,
  MEMORY_OPTION,
  MEMORY_PLAN_OPTION,
  OPTIMIZER_OPTION,
  readMemory,
} from "../memory_options.ts";
import { countDevices, DEVICES_OPTIONS, engineDevices, type GivenDevices } from "../devices_option.ts";
import { DTYPE_OPTION, SAVE_DTYPE_OPTION } from "../dtype_options.ts";
import { checkSpace } from "../output.ts";
import { EVENT_FILES, openEventLog, TENSORBOARD_OPTION } from "../event_log.ts";
import { openRunFolder } from "../run_folder.ts";
import { trainedFiles } from "../save_trained.ts";
import { openEngine } from "../session.ts";
import { STEP_FILE, StepLog } from "../step_log.ts";
import { openStart, trainingInputs } from "../train_start.ts";
import { openTrainingTokens } from "../train_tokens.ts";
import { fitTraining, planTraining } from "../train_plan.ts";
import { openTrainingTexts } from "../training_texts.ts";
import { describeRate } from "../unlearn_report.ts";

const { betas } = TRAIN_DEFAULTS;
const SAVE_EVERY_STEPS = 100;
const LOG_EVERY_STEPS = 10;
const LOG_FILE = "training_log.jsonl";

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
    ...CORPUS_OPTIONS,
    model: {
      kind: "string",
      metavar: "MODEL",
      describe: "a model to go on from, instead of a new one; as other commands' --model",
    },
    ...LORA_OPTIONS,
    tokenizer: {
      kind: "path",
      describe: "a new model's: folder with tokenizer.json; without it one is trained",
      metavar: "DIR",
    },
    out: { kind: "path", describe: "folder of the checkpoint", metavar: "DIR", required: true },
    layers: { kind: "int", describe: "a new model's L", default: 4, min: 1 },
    width: { kind: "int", describe: "a new model's D", default: 256, min: 1 },
    heads: { kind: "int", describe: "a new model's H, a divisor of the width", default: 4, min: 1 },
    positions: { kind: "int", describe: "a new model's longest sequence", default: 512, min: 2 },
    vocabulary: {
      kind: "int",
      describe: "entries of a trained tokenizer",
      default: 4096,
      min: 257,
      max: 30000,
    },
    steps: { kind: "int", describe: "updates", default: 1000, min: 1 },
    batch: { kind: "int", describe: "windows an update", default: TRAIN_DEFAULTS.batch, min: 1 },
    length: { kind: "int", describe: "tokens a window", default: 512, min: 2 },
    lr: { kind: "float", describe: "highest learning rate", default: 2e-3, min: 0 },
    finalShare: {
      kind: "float",
      describe: "last rate as a share of the highest",
      default: TRAIN_DEFAULTS.finalShare,
      min: 0,
      max: 1,
    },
    warmup: { kind: "int", describe: "steps over which the rate rises", default: 100, min: 0 },
    maxNorm: {
      kind: "float",
      describe: "the gradients' norm is cut to this",
      default: TRAIN_DEFAULTS.maxNorm,
      min: 0,
    },
    checkpointLayers: CHECKPOINT_LAYERS_OPTION,
    optimizer: OPTIMIZER_OPTION,
    microBatch: {
      kind: "int",
      describe:
        "windows at once on each device: gradients of a batch are added up, with the same result but for rounding; by default all of them, or as many as fit into --memory",
      min: 1,
    },
    memory: MEMORY_OPTION,
    ...DEVICES_OPTIONS,
    plan: MEMORY_PLAN_OPTION,
    tensorboard: TENSORBOARD_OPTION,
    dtype: DTYPE_OPTION,
    saveDtype: {
      ...SAVE_DTYPE_OPTION,
      describe: "how weights are stored; a new model's in float16, else as they were",
    },
  },
  config: true,
  writes: true,
  async run(values, context) {
    const { out, steps, batch, length } = values;
    checkTrained(values, context);
    const limit = readMemory(values.memory);
    using engine = await openEngine({ ...engineDevices(values), memory: limit });
    if (values.plan) return await planTraining(values, { ...context, limit });
    const fit = (log: Context["log"]) => fitTraining(values, { ...context, limit, log });
    if (limit !== undefined) await fit(() => {}); // what cannot be is refused before a folder is made
    using run = await openRunFolder(out, {
      command: "train",
      context: { ...context, settings: settingsOf(context.settings, values.model) },
      inputs: await trainingInputs(values, context),
      outputs: [...trainedFiles(values), LOG_FILE, STEP_FILE, EVENT_FILES],
      scratch: [CHECKPOINTS, TOKEN_FILES],
      versions: { tensorflow: engine.version },
    });
    const texts = await openTrainingTexts(values.corpus, context, values);
    const { microBatch, bytes: memory } = await fit(context.log);
    using start = await openStart(values, texts, context);
    const { model, tokenizer, endOfText } = start;
    if (length > model.config.maxPositions) {
      throw new RangeError(
        `Cannot train on windows of ${length} tokens: the model has ${model.config.maxPositions} positions`,
      );
    }
    const otherBytes = checkpointBytes(model.trainableCount, { states: 3 });
    checkSpace(out, otherBytes);
    const { vocabularySize } = model.config;
    const source = { texts, tokenizer, vocabularySize, otherBytes };
    await using tokens = await openTrainingTokens(out, source, context);
    using optimizer = new Adam(model.trainable, {
      ...{ betas, maxNorm: values.maxNorm, in8Bits: values.optimizer === "adam8bit" },
    });
    const { log, notes } = await restoreNotes(out, { weights: model.trainable, optimizer });
    const first = log[0] === undefined ? undefined : (JSON.parse(log[0]) as TrainStep).loss;
    const watch = new RateWatch({
      lr: values.lr,
      warmup: values.warmup,
      isNew: values.model === undefined,
      first,
    });
    using events = openEventLog(run.folder, values);
    using stepLog = new StepLog(await run.path(STEP_FILE));
    const training = context.progress.start("Training", steps, "steps");
    training.skip(optimizer.steps);
    const save = async () => {
      await writeFileAtomic(await run.path(LOG_FILE), log.join("\n") + "\n");
      await writeCheckpoint(out, { weights: model.trainable, optimizer }, { log, notes });
    };
    await trainModel(model, { optimizer, documents: tokens.file }, {
      steps,
      batch,
      length,
      seed: context.seed,
      endOfText,
      learningRate: values.lr,
      finalShare: values.finalShare,
      warmup: values.warmup,
      betas,
      maxNorm: values.maxNorm,
      ...{ microBatch, recomputesLayers: values.checkpointLayers },
    }, {
      signal: context.signal,
      onStep: async (step) => {
        training.advance(1, `loss ${step.loss.toFixed(3)}`);
        events.scalars(step.step, { loss: step.loss, norm: step.norm, rate: step.rate });
        await stepLog.append({ ...step });
        if (step.step % LOG_EVERY_STEPS === 0 || step.step === 1) log.push(logLine(step));
        const rate = watch.add(step.step, step.loss);
        if (rate && notes.length === 0) {
          notes.push(describeRate(rate));
          context.log(notes[0]!);
        }
        if (step.step % SAVE_EVERY_STEPS === 0) await save();
        await context.breathe().catch(async (error) => {
          await save();
          throw error;
        });
      },
    });
    training.done();
    events[Symbol.dispose](); // the record holds what the file has then
    await start.save(out, values.saveDtype);
    await writeFileAtomic(await run.path(LOG_FILE), log.join("\n") + "\n");
    const last = JSON.parse(log.at(-1)!) as TrainStep;
    const summary = {
      steps,
      parameters: model.parameterCount,
      loss: last.loss,
      notes,
      memory_bytes: memory,
      out,
    };
    await run.finish(summary);
    return {
      text: `trained ${summary.parameters} parameters to a loss of ${last.loss}\nwritten: ${out}`,
      summary,
    };
  },
});

/** Refuses what cannot be trained before anything is read. */
function checkTrained(
  values: Omit<TrainedModel, "model"> & { model: string | undefined; batch: number } & GivenDevices,
  { seed }: Pick<Context, "seed">,
): void {
  const devices = countDevices(values);
  if (values.batch < devices) {
    const given = values.hosts === undefined ? `--devices ${devices} needs` : `${devices} devices need`;
    throw new UsageError(
      `${given} as large a --batch, which is ${values.batch}: each takes windows of its own`,
    );
  }
  trainedOptions(values, seed);
  if (values.model !== undefined || (values.lora === undefined && values.adapter === undefined)) return;
  throw new UsageError("An adapter stands beside a model that exists: --lora and --adapter need --model");
}

/** What a new model is made with says nothing of one that exists. */
const NEW_MODEL_SETTINGS = ["tokenizer", "layers", "width", "heads", "positions", "vocabulary"];

function settingsOf(all: Context["settings"], model: string | undefined): Context["settings"] {
  if (model === undefined) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !NEW_MODEL_SETTINGS.includes(name)));
}

function logLine({ step, loss, norm, rate }: TrainStep): string {
  const round = (value: number) => Number(value.toPrecision(5));
  return JSON.stringify({ step, loss: round(loss), norm: round(norm), rate: round(rate) });
}

/** Continues from the newest checkpoint: its weights, moments, log and what was said of the learning rate. */
async function restoreNotes(
  out: string,
  state: Parameters<typeof readCheckpoint>[1],
): Promise<{ log: string[]; notes: string[] }> {
  const restored = await readCheckpoint(out, state);
  const { log = [], notes = [] } = (restored?.notes ?? {}) as { log?: string[]; notes?: string[] };
  return { log, notes };
}
