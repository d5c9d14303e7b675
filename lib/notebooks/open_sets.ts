/**
 * The forget and the retain set of a notebook's run, as unlearning and evaluation take them.
 *
 * @module
 */
import { type ForgetExample, forgetExamples, retainExamples } from "../datasets/examples.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { NotebookRun } from "./run.ts";
import { openCorpus } from "./session.ts";

/** Which rows of which corpus. */
export interface OpenSetsOptions {
  /** The model's. */
  tokenizer: Tokenizer;
  /** As `openCorpus` names it. */
  corpus: string;
  /** Rows of the forget set: the first. */
  rows: number;
  /** Rows of the retain set. */
  kept: number;
}

/** Both sets, and how much of the forget set is secret. */
export interface OpenedSets {
  /** Its rows' tokens, secrets and mask. */
  forget: ForgetExample[];
  /** Token ids. */
  retain: Int32Array[];
  /** The share of the forget set's tokens that belong to secrets, 0 to 1. */
  secretShare: number;
}

/**
 * Reads the sets that notebook 04 chose, and their documents.
 *
 * @throws {Error} where a table is missing, saying which notebook makes it; as `forgetExamples`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { openRun } from "./run.ts";
 * import { openSets } from "./open_sets.ts";
 *
 * const run = await openRun(await Deno.makeTempDir());
 * const corpus = `${run.folder}/corpus.csv`;
 * await Deno.writeTextFile(corpus, "doc_id,text\na,pin = 4417\nb,x = 1\n");
 * await run.write("forget", [{ doc_id: "a", window: 0, spans: '[["KEY",6,10]]', ma: 1, mask_tokens: 4 }]);
 * await run.write("retain", [{ doc_id: "b", bleu4: 1 }]);
 * const tokenizer = await openTokenizer("data/model");
 * const { forget, retain, secretShare } = await openSets(run, { tokenizer, corpus, rows: 8, kept: 8 });
 * assertEquals([forget.length, retain.length, secretShare > 0 && secretShare < 1], [1, 1, true]);
 * ```
 */
export async function openSets(
  run: NotebookRun,
  { tokenizer, corpus, rows, kept }: OpenSetsOptions,
): Promise<OpenedSets> {
  const source = { tokenizer, documents: (await openCorpus(corpus)).documents };
  const [toForget, toKeep] = [await run.read("forget"), await run.read("retain")];
  const forget = await forgetExamples(source, toForget.slice(0, rows));
  const marks = forget.flatMap(({ mask }) => Array.from(mask));
  return {
    forget,
    retain: await retainExamples(source, toKeep.slice(0, kept).map(({ doc_id }) => doc_id)),
    secretShare: marks.filter((mark) => mark === 1).length / marks.length,
  };
}
