/**
 * `sample`: texts of a corpus by lot, as thresholds are measured on: without the comments that files begin with, of more
 * than 200 and fewer than 1,000 tokens. Or HumanEval and MBPP, as they stand.
 *
 * @module
 */
import { basename } from "node:path";
import { openModelTokenizer } from "../../checkpoints/model_tokenizer.ts";
import { SAMPLE_ORDERS } from "../../collection/sample_order.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { type RowOf, writeRows } from "../../datasets/row_table.ts";
import { UNSEEN_COLUMNS } from "../../datasets/unseen_columns.ts";
import {
  type CommandResult,
  type Context,
  defineCommand,
  type OptionValues,
  UsageError,
} from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { problemsFile } from "../humaneval_run.ts";
import { modelFolder, modelInput } from "../model_folder.ts";
import { resolvePath } from "../options.ts";
import { PLAN_OPTION } from "../plan.ts";
import { openRunFiles } from "../run_files.ts";
import { sampleCorpus, type SampleOptions } from "../sample_corpus.ts";
import { planSample } from "../sample_plan.ts";
import { unseenProblems } from "../unseen_problems.ts";

const OPTIONS = {
  corpus: {
    kind: "path",
    describe: "source files, table of texts or folder of such, or - for standard input",
    metavar: "C",
    orInput: true,
  },
  problems: {
    kind: "list",
    describe: 'instead: a file of HumanEval or MBPP, or "humaneval" as fetched; may be given twice',
    metavar: "F",
  },
  tokenizer: {
    kind: "string",
    describe: "model whose tokenizer counts, with --corpus; the paper's is codeparrot/codeparrot",
    metavar: "MODEL",
  },
  count: { kind: "int", describe: "texts, at most", default: 10_000, min: 1 },
  minTokens: { kind: "int", describe: "tokens of a text, at least", default: 201, min: 1 },
  maxTokens: { kind: "int", describe: "tokens of a text, at most", default: 999, min: 1 },
  order: {
    kind: "choice",
    describe: "Python's shuffle of the sorted ids, or by a hash of each id: it holds when others come or go",
    choices: SAMPLE_ORDERS,
    default: "python",
  },
  compat: {
    kind: "choice",
    describe: "comments of the file's language are skipped; reference: lines with # and triple quotes",
    choices: ["sound", "paper", "reference"],
    default: "sound",
  },
  ...CORPUS_OPTIONS,
  plan: {
    ...PLAN_OPTION,
    describe: "say how many texts there are, how many fit and how long it takes; write nothing",
  },
  out: { kind: "path", describe: "table of the texts", metavar: "F", required: true },
} as const;

/**
 * The command `sample`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./sample.ts";
 *
 * assertEquals([command.options.minTokens.default, command.options.maxTokens.default], [201, 999]);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: OPTIONS,
  config: true,
  writes: true,
  async run(values, context) {
    if ((values.corpus === undefined) === (values.problems.length === 0)) {
      throw new UsageError("Cannot take a sample: give --corpus or --problems, one of them");
    }
    if (values.minTokens > values.maxTokens) {
      throw new UsageError(
        `Cannot read --min-tokens ${values.minTokens}: it is more than --max-tokens ${values.maxTokens}`,
      );
    }
    const { plan: _, ...settings } = context.settings;
    const recorded = { ...context, settings };
    return values.corpus === undefined
      ? await takeProblems(values, recorded)
      : await takeTexts({ ...values, corpus: values.corpus }, recorded);
  },
});

type Values = OptionValues<typeof OPTIONS>;

async function takeProblems(
  { problems, compat, plan, out }: Values,
  context: Context,
): Promise<CommandResult> {
  const files = problems.map((name) =>
    problemsFile({ problems: name === "humaneval" ? undefined : resolvePath(name, context.cwd) })
  );
  const inputs = Object.fromEntries(files.map((file, i) => [`problems ${i + 1}`, file]));
  if (plan) {
    const texts = (await solutionsOf(files)).length;
    return { text: `Texts: ${texts}`, summary: { plan: true, texts } };
  }
  using run = await openRunFiles([out], { command: "sample", context, inputs });
  const rows = await solutionsOf(files);
  const summary = { texts: rows.length, out };
  await run.finish(summary, () => writeRows(out, numbered(rows, compat), UNSEEN_COLUMNS));
  return { text: `${rows.length} solutions of problems\nwritten: ${out}`, summary };
}

/** Those of all files. */
async function solutionsOf(files: readonly string[]): Promise<RowOf<typeof UNSEEN_COLUMNS>[]> {
  const rows: RowOf<typeof UNSEEN_COLUMNS>[] = [];
  for (const file of files) for (const row of await unseenProblems(file)) rows.push(row);
  const twice = rows.find(({ doc_id }, i) => rows.findIndex((row) => row.doc_id === doc_id) < i);
  if (twice) {
    throw new RangeError(`Cannot take problems: "${twice.doc_id}" is there twice: give each file once`);
  }
  return rows;
}

async function takeTexts(
  { corpus, tokenizer: model, out, compat, ...values }: Values & { corpus: string },
  context: Context,
): Promise<CommandResult> {
  if (model === undefined) {
    throw new UsageError("Cannot count tokens: give --tokenizer, a model whose tokenizer counts");
  }
  using input = await givenCorpus(corpus, values);
  const { count, minTokens, maxTokens, order, plan } = values;
  const optionsOf = async (): Promise<SampleOptions> => ({
    tokenizer: await openModelTokenizer(await modelFolder(model, context)),
    ...{ count, minTokens, maxTokens, order, seed: context.seed, isReference: compat === "reference" },
  });
  if (plan) {
    const own = await resolveCorpus(input.path, input.options);
    return await planSample({ source: own, options: input.options }, await optionsOf(), context);
  }
  using run = await openRunFiles([out], {
    command: "sample",
    context,
    inputs: { corpus: input.input, tokenizer: await modelInput(model, context) },
  });
  const source = await resolveCorpus(input.path, { ...input.options, breathe: context.breathe });
  const { texts, ...counts } = await sampleCorpus(
    { source, options: input.options },
    await optionsOf(),
    context,
  );
  if (texts.length === 0) {
    throw new RangeError(
      `Cannot take a sample of "${source.path}": none of its ${counts.documents} texts has ${minTokens} to ${maxTokens} tokens`,
    );
  }
  const name = corpus === "-" ? "-" : basename(corpus);
  const rows = texts.map(({ docId, text }) => ({ doc_id: docId, corpus: name, text }));
  const read = describeCorpus(source);
  const { documents, tried, fit, skipped } = counts;
  const summary = { texts: rows.length, documents, tried, fit, skipped, ...read.summary, out };
  await run.finish(summary, () => writeRows(out, numbered(rows, compat), UNSEEN_COLUMNS));
  const text = [
    ...read.lines,
    `${rows.length} texts of ${documents}; of the ${tried} whose tokens were counted ${fit} have ${minTokens} to ${maxTokens}`,
    ...rows.length < count ? [`fewer than the ${count} that were asked for: there are no more`] : [],
    `written: ${out}`,
  ];
  return { text: text.join("\n"), summary };
}

/** The reference numbers texts as they come, and has the path in the column `corpus`. */
function numbered(
  rows: readonly RowOf<typeof UNSEEN_COLUMNS>[],
  compat: string,
): readonly RowOf<typeof UNSEEN_COLUMNS>[] {
  if (compat !== "reference") return rows;
  return rows.map(({ doc_id, corpus, text }, i) => ({
    doc_id: String(i),
    corpus: corpus === "human_eval" || corpus === "mbpp" ? corpus : doc_id,
    text,
  }));
}
