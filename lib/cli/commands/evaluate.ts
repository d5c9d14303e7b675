/**
 * `evaluate`: MA, EL_3, EL_5 and EL_10 of models on forget set, retain set and unseen texts, and of every secret.
 *
 * @module
 */
import { basename } from "node:path";
import { CHANGE_COLUMNS } from "../../datasets/change_columns.ts";
import { chooseDocuments } from "../../datasets/choose_documents.ts";
import {
  EVALUATION_COLUMNS,
  FORGET_COLUMNS,
  INTERVAL_COLUMNS,
  RETAIN_COLUMNS,
  SECRET_SCORE_COLUMNS,
  secretScoresPath,
} from "../../datasets/columns.ts";
import { forgetExamples, retainExamples } from "../../datasets/examples.ts";
import { findDocuments } from "../../datasets/find_documents.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows, writeRows } from "../../datasets/row_table.ts";
import { RETAIN_TOKENS, windowTokensOf } from "../../datasets/token_counts.ts";
import { utilityPaths } from "../../datasets/utility_columns.ts";
import { CODE_LANGUAGE_NAMES, type CodeLanguage } from "../../evaluation/code_languages.ts";
import {
  countItems,
  evaluateSets,
  type EvaluationSets,
  type MeasuredSet,
  type SecretScores,
  type SetSamples,
} from "../../evaluation/evaluate_sets.ts";
import { openScorer } from "../../metrics/score_memo.ts";
import { ADAPTER_OPTION, adapterInput } from "../adapter_options.ts";
import { type Context, defineCommand, UsageError } from "../command.ts";
import {
  besideCorpus,
  CORPUS_OPTIONS,
  describeCorpus,
  type GivenCorpus,
  givenCorpus,
} from "../corpus_options.ts";
import { describeRelearned, formatSets } from "../evaluated_sets.ts";
import { readOtherSecrets, UtilityTables } from "../evaluate_utility.ts";
import {
  benignTraining,
  evaluateRelearned,
  prepareBenign,
  RELEARNED_OPTIONS,
} from "../evaluate_relearned.ts";
import { formatUtility } from "../utility_report.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { modelInput } from "../model_folder.ts";
import { startReading } from "../reading.ts";
import { type LeftOut, REFERENCE_OPTIONS, type TreatedRows, treatedRows } from "../reference_options.ts";
import { openRunFiles } from "../run_files.ts";
import { secretKey } from "../secret_key.ts";
import type { RunInput } from "../run_record.ts";
import { type ModelSession, openModel } from "../session.ts";

/**
 * The command `evaluate`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./evaluate.ts";
 *
 * assertEquals(command.options.model.kind, "list");
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    model: {
      kind: "list",
      describe: "model, once or more; it is called by the last part of its name",
      metavar: "DIR",
    },
    adapter: { ...ADAPTER_OPTION, describe: `${ADAPTER_OPTION.describe}; not for --before` },
    dtype: DTYPE_OPTION,
    before: { kind: "string", describe: 'the model before, called "before"', metavar: "DIR" },
    corpus: { kind: "path", describe: "the corpus", metavar: "C", required: true, orInput: true },
    ...CORPUS_OPTIONS,
    forget: { kind: "path", describe: "forget set that select wrote", metavar: "F", required: true },
    retain: { kind: "path", describe: "retain set that retain wrote", metavar: "F" },
    ...REFERENCE_OPTIONS,
    unseen: { kind: "path", describe: "unseen texts", metavar: "F" },
    maxTexts: { kind: "int", describe: "unseen texts, chosen by the seed; all by default", min: 1 },
    skipUnseenEl: {
      kind: "flag",
      describe: "of unseen texts MA and loss alone: their EL_n takes longest of all",
    },
    ...RELEARNED_OPTIONS,
    utility: {
      kind: "flag",
      describe:
        "how code is predicted by class of token, language and line, and calibration: tables beside --out",
    },
    secrets: {
      kind: "path",
      describe: "secrets that detect found: those outside the forget set are measured too, with --utility",
      metavar: "F",
    },
    maxSecrets: { kind: "int", describe: "values of --secrets, chosen by the seed", default: 256, min: 1 },
    language: {
      kind: "choice",
      describe: "what texts are written in whose names do not tell, for --utility",
      choices: CODE_LANGUAGE_NAMES,
    },
    out: {
      kind: "path",
      describe: "table of the sets; that of the secrets stands beside it",
      metavar: "F",
      required: true,
    },
  },
  config: true,
  writes: true,
  async run({ model, adapter, dtype, before, out, corpus: given, ...inputs }, context) {
    if (model.length === 0) throw new UsageError('Missing option "--model": model folder');
    if (adapter !== undefined && model.length > 1) {
      throw new UsageError("--adapter is for one model: give a single --model");
    }
    const names = [
      ...before === undefined ? [] : [["before", before]],
      ...model.map((name) => [basename(adapter ?? name), name, adapter]),
    ];
    if (new Set(names.map(([name]) => name)).size < names.length) {
      throw new UsageError("Two models of one name: their folders must be called differently");
    }
    if (inputs.secrets !== undefined && !inputs.utility) {
      throw new UsageError('Cannot use "--secrets" without "--utility"');
    }
    using corpus = await givenCorpus(given, inputs);
    const { forget, retain, unseen, secrets: found, benign } = inputs;
    const models: [string, RunInput][] = [];
    for (const [name, path] of names) models.push([`model "${name}"`, await modelInput(path!, context)]);
    const more = inputs.utility ? Object.values(utilityPaths(out)) : [];
    using run = await openRunFiles([out, secretScoresPath(out), ...more], {
      command: "evaluate",
      context,
      inputs: {
        ...{ corpus: corpus.input, forget, retain, unseen, secrets: found, benign },
        ...Object.fromEntries(models),
        ...adapterInput(adapter),
      },
    });
    const training = await benignTraining(inputs, corpus.options, context);
    const { examplesOf, source, use } = await readInputs({ ...inputs, corpus }, context);
    const leftOut: { [model: string]: LeftOut } = {};
    const tables = inputs.utility ? new UtilityTables(use) : undefined;
    const read = describeCorpus(source);
    const sets: MeasuredSet[] = [];
    const secrets: SecretScores[] = [];
    let samplesBefore: SetSamples | undefined; // of the first of them, if that is the one before
    for (const [name, folder, adapter] of names as [string, string, string?][]) {
      const isBefore = before !== undefined && name === "before";
      const further = isBefore ? undefined : training;
      using session = await openModel(folder, context, {
        ...{ products: dtype, adapter },
        trainable: further !== undefined,
      });
      using scorer = openScorer(session.loaded.model, context.memo);
      const { left, ...examples } = await examplesOf(session);
      if (left) leftOut[name] = left;
      const prepared = further && await prepareBenign(session, examples.forget, further);
      const stage = context.progress.start(`Evaluating ${name}`, countItems(examples), "secrets and texts");
      const scored = await evaluateSets(scorer, examples, {
        model: name,
        before: samplesBefore,
        endOfText: session.tokenizer.endOfText,
        inBatches: inputs.compat === "reference",
        unseenEl: !inputs.skipUnseenEl,
        onProgress: async (done) => {
          stage.advance(done);
          await context.breathe();
        },
      });
      stage.done();
      sets.push(...scored.sets);
      secrets.push(...scored.secrets);
      if (isBefore) samplesBefore = scored.samples;
      if (prepared) {
        const how = { model: name, before: scored.samples, training: prepared, context };
        sets.push(await evaluateRelearned(session, examples.forget, how));
      }
      await tables?.add(name, session, { ...context, forget: examples.forget });
    }
    const utility = tables?.rows.filter((row) => row.language === "all" && row.class === "all");
    const summary = {
      sets: sets.map((row) => ({ ...row })),
      ...utility && { utility: utility.map((row) => ({ ...row })) },
      ...Object.keys(leftOut).length > 0 && { left_out: leftOut },
      ...read.summary,
      out,
    };
    await run.finish(summary, async () => {
      await tables?.write(out);
      await writeRows(secretScoresPath(out), secrets, SECRET_SCORE_COLUMNS);
      await writeRows(out, sets, { ...EVALUATION_COLUMNS, ...INTERVAL_COLUMNS, ...CHANGE_COLUMNS });
    });
    const shown = tables ? formatUtility(tables.rows, { unknown: tables.countUnknown() }) : [];
    const lines = [formatSets(sets), ...training ? [describeRelearned(training.steps)] : [], ...shown];
    return { text: [...read.lines, ...lines, `written: ${out}`].join("\n"), summary };
  },
});

interface Inputs {
  corpus: Pick<GivenCorpus, "path" | "options">;
  forget: string;
  retain: string | undefined;
  unseen: string | undefined;
  maxTexts: number | undefined;
  secrets: string | undefined;
  maxSecrets: number;
  compat: "sound" | "reference";
  keepShort: boolean;
  language: CodeLanguage | undefined;
}

/** Reads the tables, and of the corpus what they name, once; the tokens are each model's own. */
async function readInputs(inputs: Inputs, context: Pick<Context, "seed" | "progress" | "breathe" | "log">) {
  const forget = await readRows(inputs.forget, FORGET_COLUMNS);
  const kept = inputs.retain === undefined ? [] : await readRows(inputs.retain, RETAIN_COLUMNS);
  const retain = kept.map(({ doc_id }) => doc_id);
  const { seed } = context;
  const others = await readOtherSecrets(inputs.secrets, forget, { seed, count: inputs.maxSecrets });
  const { path, options } = inputs.corpus;
  const source = await resolveCorpus(path, options);
  const reading = await startReading({ source, options }, context);
  const ids = [...[...forget, ...others].map(({ doc_id }) => doc_id), ...retain];
  const documents = await findDocuments(source, ids, reading.options);
  reading.done();
  const reads = { ...besideCorpus(options), breathe: context.breathe };
  const unseen = inputs.unseen === undefined
    ? []
    : await chooseDocuments(inputs.unseen, { ...reads, seed, count: inputs.maxTexts });
  const examplesOf = async (
    { tokenizer, loaded }: ModelSession,
  ): Promise<EvaluationSets & Pick<TreatedRows, "left">> => {
    const found = { tokenizer, documents, key: secretKey, windowTokens: windowTokensOf(loaded.model.config) };
    const { rows, left } = await treatedRows(forget, found, {
      ...inputs,
      log: context.log,
    });
    const encoded = await tokenizer.encodeBatch(unseen.map(({ text }) => text));
    return {
      left,
      forget: await forgetExamples(found, rows),
      retain: await retainExamples({ tokenizer, documents }, retain),
      unseen: encoded.map(({ ids }) => ids.subarray(0, RETAIN_TOKENS)),
    };
  };
  return { examplesOf, source, use: { unseen, documents, retain, others, language: inputs.language } };
}
