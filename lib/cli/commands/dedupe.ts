/**
 * `dedupe`: a corpus without texts that are there twice, or nearly so, or that a training corpus holds; streamed, in
 * memory of some 64 bytes a text (600 with `--near`). The output is written beside its place and put there as a whole, so
 * a run that was killed leaves nothing that could be taken for it, and begins again.
 *
 * @module
 */
import { join } from "node:path";
import { DISTINCT_TOKENS, SHARED_TOKENS } from "../../collection/shared_windows.ts";
import { emptyCorpus } from "../../datasets/corpus.ts";
import { corpusFormat } from "../../datasets/corpus_format.ts";
import { type CorpusSource, resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { writeRows } from "../../datasets/row_table.ts";
import { tableFormat } from "../../datasets/tables.ts";
import { DROPPED_COLUMNS } from "../../datasets/unseen_columns.ts";
import { makeFolder, removePath, renamePath } from "../../files/folders.ts";
import { notWritten, temporaryPath } from "../../files/write_file.ts";
import { defineCommand } from "../command.ts";
import { besideCorpus, CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { decideKept, writeKept } from "../dedupe_corpus.ts";
import { planDedupe } from "../dedupe_plan.ts";
import { type DedupeCounts, DedupeTexts } from "../dedupe_texts.ts";
import { lstat } from "../output.ts";
import { PLAN_OPTION } from "../plan.ts";
import { openRunFiles } from "../run_files.ts";

/**
 * The command `dedupe`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./dedupe.ts";
 *
 * assertEquals(command.options.near.max, 1);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    corpus: {
      kind: "path",
      describe: "source files, table of texts or folder of such, or - for standard input",
      metavar: "C",
      required: true,
      orInput: true,
    },
    near: {
      kind: "float",
      describe: "drop texts, too, whose Jaccard index with an earlier one is at least so high, as 0.7",
      min: 0.3,
      max: 1,
    },
    against: {
      kind: "path",
      describe: "training corpus: drop texts that share 50 words and marks in a row with it",
      metavar: "TRAINING",
    },
    distinct: {
      kind: "int",
      describe:
        "with --against: of the 50 at least so many must be different, so that rulers are not shared code",
      default: DISTINCT_TOKENS,
      min: 1,
      max: SHARED_TOKENS,
    },
    ...CORPUS_OPTIONS,
    dropped: { kind: "path", describe: "table of what was dropped, and as what", metavar: "F" },
    plan: { ...PLAN_OPTION, describe: "say how many texts, how long and how much memory, and write nothing" },
    out: { kind: "path", describe: "folder of the corpus that is left", metavar: "DIR", required: true },
  },
  config: true,
  writes: true,
  async run({ corpus: given, near, against, distinct, dropped, out, ...values }, context) {
    using input = await givenCorpus(given, values);
    const source = await resolveCorpus(input.path, { ...input.options, breathe: context.breathe });
    refuseArrow(source, out);
    const trainingOptions = besideCorpus(input.options);
    const training = against === undefined
      ? undefined
      : { source: await resolveCorpus(against, trainingOptions), options: trainingOptions };
    const corpus = { source, options: input.options };
    if (values.plan) return await planDedupe({ corpus, training, near, distinct }, context);
    if (dropped !== undefined) tableFormat(dropped);
    const { plan: _, dropped: __, ...settings } = context.settings;
    using run = await openRunFiles([out, ...(dropped === undefined ? [] : [dropped])], {
      command: "dedupe",
      context: { ...context, settings },
      kind: "folder",
      inputs: { corpus: input.input, against },
    });
    const temporary = temporaryPath(out);
    await makeFolder(temporary);
    try {
      const scratch = join(temporary, ".shingles");
      using texts = new DedupeTexts({ near, scratch, distinct, isListed: dropped !== undefined });
      const passes = training ? await decideKept(corpus, training, texts, context) : 0;
      let number = 0;
      const { kept, skipped } = await writeKept(
        corpus,
        temporary,
        training ? () => texts.isKept(number++) : (document) => texts.add(document),
        context,
      );
      const { documents, ...counts } = texts.counts;
      if (documents === 0) throw emptyCorpus(source.path, Array(skipped).fill({ reason: "no text" }));
      if (near !== undefined) await removePath(scratch);
      const read = describeCorpus(source);
      const summary = { texts: documents, kept, ...counts, skipped, passes, ...read.summary, out };
      await run.finish(summary, async () => {
        if (dropped !== undefined) await writeRows(dropped, texts.dropped, DROPPED_COLUMNS);
        const old = temporaryPath(out);
        if (await lstat(out)) await renamePath(out, old);
        await renamePath(temporary, out);
        if (await lstat(old)) await removePath(old);
      });
      return { text: [...read.lines, describe(summary)].join("\n"), summary };
    } catch (error) {
      await Deno.remove(temporary, { recursive: true }).catch(() => {}); // what made it fail is said
      if ((error as { code?: string }).code === undefined) throw error;
      throw notWritten(out, error);
    }
  },
});

/** @throws {RangeError} before the work of hours. */
function refuseArrow({ tables }: CorpusSource, out: string): void {
  if (!tables.some((table) => corpusFormat(table)?.rows === "arrow")) return;
  throw new RangeError(
    `Cannot write "${out}": Arrow files are read only: save the data set as Parquet first`,
  );
}

type Summary = Omit<DedupeCounts, "documents"> & {
  texts: number;
  kept: number;
  skipped: number;
  passes: number;
  out: string;
};

function describe(summary: Summary): string {
  const { texts, kept, exact, near, shared, too_short, skipped, passes, out } = summary;
  return [
    `${kept} of ${texts} texts kept: ${exact} are the same as an earlier one, ${near} nearly so` +
    (passes > 0 ? `, ${shared} share 50 words and marks in a row with the training corpus` : ""),
    ...too_short > 0
      ? [
        `${too_short} of those that were kept are too short, or of too few different words, to tell by 50 in a row`,
      ]
      : [],
    ...passes > 1 ? [`the training corpus was read ${passes} times`] : [],
    ...skipped > 0 ? [`${skipped} files or rows without a text that can be read were left out`] : [],
    `written: ${out}`,
  ].join("\n");
}
