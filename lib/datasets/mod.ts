/**
 * Corpora, tables and sets: documents read from folders and tables, rows with checked columns in Parquet, JSON lines or
 * CSV, masks that say which tokens are secret, forget sets and the examples that unlearning takes. Importing this loads the native add-ons of nodejs-polars and tokenizers.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRows, writeRows } from "./mod.ts";
 *
 * const columns = { doc_id: "text", ma: "float" } as const;
 * const path = `${await Deno.makeTempDir()}/scores.parquet`;
 * await writeRows(path, [{ doc_id: "a.py", ma: 0.5 }], columns);
 * assertEquals(await readRows(path, columns), [{ doc_id: "a.py", ma: 0.5 }]);
 * ```
 *
 * @module
 */
export type { WriteFileOptions } from "../files/write_file.ts";
export { type AllowList, isAllowed, parseAllowList, readAllowList } from "./allow_list.ts";
export {
  type Columns,
  type ColumnType,
  DETECT_COLUMNS,
  DISTRIBUTION_COLUMNS,
  DUPLICATION_COLUMNS,
  EVALUATION_COLUMNS,
  FORGET_COLUMNS,
  FOUND_COLUMNS,
  HISTORY_COLUMNS,
  HUMANEVAL_PROBLEM_COLUMNS,
  HUMANEVAL_SAMPLE_COLUMNS,
  HYPERPARAMETER_COLUMNS,
  MEASURE_COLUMNS,
  NORM_COLUMNS,
  PLANTED_COLUMNS,
  PROBE_COLUMNS,
  PROBE_EL_COLUMNS,
  RETAIN_COLUMNS,
  SECRET_COLUMNS,
  SECRET_SCORE_COLUMNS,
  SKIPPED_COLUMNS,
  THRESHOLD_COLUMNS,
  WRITTEN_COLUMNS,
} from "./columns.ts";
export type { ArrowBatch } from "./arrow_batches.ts";
export {
  type Corpus,
  type CorpusCounts,
  type Document,
  readCorpus,
  type ReadCorpusOptions,
  streamDocuments,
} from "./corpus.ts";
export { chooseDocuments, type ChooseDocumentsOptions } from "./choose_documents.ts";
export {
  findDocuments,
  type FindDocumentsOptions,
  pickDocuments,
  type PickDocumentsOptions,
} from "./find_documents.ts";
export type { ColumnNames, CorpusColumns, CorpusRow } from "./corpus_columns.ts";
export {
  type CorpusPiece,
  type FilesSource,
  type FrameSource,
  type LinesSource,
  type PieceContent,
  type PieceSource,
  readPiece,
  type Shard,
  type SkippedDocument,
} from "./corpus_piece.ts";
export { corpusPieces, countDocuments, type PieceOptions } from "./corpus_pieces.ts";
export type { CorpusFormatName } from "./corpus_tables.ts";
export type { FrameRange } from "./frame_table.ts";
export type { JsonStyle } from "./json_row_ends.ts";
export { type CorpusOptions, type CorpusSource, resolveCorpus } from "./resolve_corpus.ts";
export {
  type ExampleSecret,
  type ExampleSource,
  type ForgetExample,
  forgetExamples,
  retainExamples,
} from "./examples.ts";
export {
  chooseForgetSets,
  type ForgetOptions,
  type ForgetRow,
  type ProbedSecret,
  qualifyingRows,
} from "./forget_set.ts";
export type { Glob } from "./glob.ts";
export type { IgnoreRule, IgnoreRules } from "./ignore_rules.ts";
export { type ForgetPlace, readForgetSpans } from "./forget_spans.ts";
export { type FoundPlace, type Place, placeKey, type SecretPlace } from "./place.ts";
export { PythonRandom } from "./python_random.ts";
export { type RedactOptions, type RedactPlace, redactText, type Replacement } from "./redact_text.ts";
export {
  type ColumnValue,
  frameOfRows,
  readRows,
  type ReadRowsOptions,
  type RowOf,
  writeRows,
} from "./row_table.ts";
export {
  maskSecrets,
  type SecretMask,
  type SecretWindow,
  type SecretWindows,
  secretWindows,
  type TokenOffsets,
  type WindowsOptions,
} from "./secret_mask.ts";
export {
  type SecretRow,
  secretRows,
  type SecretRowsOptions,
  secretTable,
  type SecretTableOptions,
} from "./secret_table.ts";
export { type SecretInText, type TokenizedSecret, tokenizeSecrets } from "./secret_tokens.ts";
export { PREFIX_TOKENS, SECRET_TOKENS, TEXT_TOKENS, WINDOW_TOKENS } from "./token_counts.ts";
export { pl, readTable, type ReadTableOptions, type TableFormat, writeTable } from "./tables.ts";
export { trainTokenizer, type TrainTokenizerOptions } from "./train_tokenizer.ts";
export { ERASURE_COLUMNS } from "./sweep_columns.ts";
