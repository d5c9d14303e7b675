/**
 * `thresholds`: mean and standard error of MA, EL_3, EL_5 and EL_10 over unseen texts.
 *
 * The texts are shuffled by the seed and dealt into `--runs` equal parts, as the paper averages runs: the mean is that of the
 * parts' means, the standard error theirs. With one run it is that of the texts.
 *
 * @module
 */
import { readCorpus } from "../../datasets/corpus.ts";
import { THRESHOLD_METRICS } from "../../datasets/metrics.ts";
import { PythonRandom } from "../../datasets/python_random.ts";
import { writeRows } from "../../datasets/row_table.ts";
import { TEXT_TOKENS } from "../../datasets/token_counts.ts";
import { meanAndError } from "../../evaluation/thresholds.ts";
import { leastMean } from "../../metrics/threshold.ts";
import { openScorer } from "../../metrics/score_memo.ts";
import { defineCommand } from "../command.ts";
import { formatTable } from "../console.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { measureTexts } from "./measure.ts";
import { MODEL_OPTION, modelInput } from "../model_folder.ts";
import { openRunFiles } from "../run_files.ts";
import { openModel } from "../session.ts";
import { THRESHOLD_COLUMNS } from "../../datasets/columns.ts";

/**
 * The command `thresholds`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./thresholds.ts";
 *
 * assertEquals(command.options.runs.default, 5);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    model: MODEL_OPTION,
    dtype: DTYPE_OPTION,
    texts: {
      kind: "path",
      describe: "texts that the model cannot have seen",
      metavar: "F",
      required: true,
      orInput: true,
    },
    ...CORPUS_OPTIONS,
    runs: { kind: "int", describe: "parts whose means are averaged", default: 5, min: 1 },
    maxTexts: { kind: "int", describe: "take so many texts, chosen by the seed; all by default", min: 1 },
    tokens: { kind: "int", describe: "tokens of each text, at most", default: TEXT_TOKENS, min: 2 },
    out: { kind: "path", describe: "table of the thresholds", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run({ model, dtype, runs, maxTexts, tokens, out, ...values }, context) {
    using texts = await givenCorpus(values.texts, values);
    using run = await openRunFiles([out], {
      command: "thresholds",
      context,
      inputs: { model: await modelInput(model, context), texts: texts.input },
    });
    const corpus = await readCorpus(texts.path, texts.options);
    const read = describeCorpus(corpus.source);
    const documents = new PythonRandom(context.seed).shuffle(corpus.documents).slice(0, maxTexts);
    if (documents.length < runs) {
      throw new RangeError(`Cannot deal ${documents.length} texts into ${runs} runs: give a smaller --runs`);
    }
    using session = await openModel(model, context, { products: dtype });
    using scorer = openScorer(session.loaded.model, context.memo);
    const scores = await measureTexts({ scorer, tokenizer: session.tokenizer }, documents, {
      tokens,
      context,
    });
    const rows = THRESHOLD_METRICS.map((metric) => {
      const values = (part: number | null) =>
        scores.filter((_, i) => part === null || i % runs === part).flatMap((row) =>
          row[metric] === null ? [] : [row[metric]]
        );
      const means = Array.from({ length: runs }, (_, part) => meanAndError(values(part)).mean).filter((
        mean,
      ) => mean !== null);
      return { metric, ...meanAndError(runs === 1 ? values(null) : means), texts: values(null).length, runs };
    });
    const show = (value: number | null) => value === null ? null : value.toFixed(4);
    const table = formatTable(
      ["metric", "mean", "standard error", "texts"],
      rows.map((row) => [row.metric, show(row.mean), show(row.standard_error), row.texts]),
    );
    const summary = {
      thresholds: Object.fromEntries(rows.map(({ metric, mean }) => [metric, mean])),
      texts: scores.length,
      skipped: corpus.skipped.length,
      ...read.summary,
      out,
    };
    await run.finish(summary, () => writeRows(out, rows, THRESHOLD_COLUMNS));
    return {
      text: [...read.lines, table, ...rows.flatMap((row) => zeroNote(row, tokens)), `written: ${out}`].join(
        "\n",
      ),
      summary,
    };
  },
});

/** A mean of 0 is no more than the texts can tell. */
function zeroNote(
  { metric, mean, texts }: { metric: string; mean: number | null; texts: number },
  tokens: number,
) {
  const n = Number(/^el_(\d+)$/.exec(metric)?.[1]);
  if (mean !== 0 || !(tokens > n)) return [];
  const least = leastMean(n, { texts, tokens }).toExponential(1);
  return [`${metric} 0: less than ${texts} texts can resolve, whose least mean above 0 is ${least}`];
}
