/**
 * What a table is, told by its columns whatever its file is called: those that the report shows, and the others of the
 * pipeline, so that one given by mistake is called by its name.
 *
 * @module
 */
import { CHANGE_COLUMNS } from "../datasets/change_columns.ts";
import { CHUNK_COLUMNS, CHUNK_EPOCH_COLUMNS } from "../datasets/chunk_columns.ts";
import {
  ATTACK_COLUMNS,
  type Columns,
  DISTRIBUTION_COLUMNS,
  DUPLICATION_COLUMNS,
  EVALUATION_COLUMNS,
  FORGET_COLUMNS,
  FOUND_COLUMNS,
  HISTORY_COLUMNS,
  HUMANEVAL_PROBLEM_COLUMNS,
  HUMANEVAL_SAMPLE_COLUMNS,
  HYPERPARAMETER_COLUMNS,
  INTERVAL_COLUMNS,
  MEASURE_COLUMNS,
  NORM_COLUMNS,
  OUTCOME_COLUMNS,
  PROBE_COLUMNS,
  RETAIN_COLUMNS,
  SECRET_SCORE_COLUMNS,
  SKIPPED_COLUMNS,
  THRESHOLD_COLUMNS,
  WRITTEN_COLUMNS,
} from "../datasets/columns.ts";
import { SWEEP_COLUMNS, SWEEP_LATER_COLUMNS, SWEEP_MEAN_COLUMNS } from "../datasets/sweep_columns.ts";
import { RELIABILITY_COLUMNS, UTILITY_COLUMNS } from "../datasets/utility_columns.ts";
import { nameColumns } from "../datasets/name_columns.ts";

interface TableKind {
  /** What the table holds, in a few words, with the command that writes it. */
  readonly what: string;
  /** The columns that must be there. */
  readonly columns: Columns;
  /** Columns that it may have besides. */
  readonly optional?: Columns;
  /** Whether the report takes several, as of several models. */
  readonly isMany?: boolean;
}

/** The tables that the report shows. */
export const REPORT_TABLES = {
  found: { what: "secrets that detect wrote", columns: FOUND_COLUMNS },
  thresholds: { what: "thresholds", columns: THRESHOLD_COLUMNS },
  probe: { what: "scores that probe wrote", columns: PROBE_COLUMNS },
  evaluation: {
    what: "sets that evaluate wrote",
    columns: EVALUATION_COLUMNS,
    optional: { ...INTERVAL_COLUMNS, ...CHANGE_COLUMNS },
    isMany: true,
  },
  scores: { what: "secrets that evaluate wrote", columns: SECRET_SCORE_COLUMNS, isMany: true },
  utility: { what: "measures that evaluate --utility wrote", columns: UTILITY_COLUMNS, isMany: true },
  reliability: {
    what: "bins of certainty that evaluate --utility wrote",
    columns: RELIABILITY_COLUMNS,
    isMany: true,
  },
  history: {
    what: "a history that unlearn wrote",
    columns: HISTORY_COLUMNS,
    optional: { ...NORM_COLUMNS, ...WRITTEN_COLUMNS },
    isMany: true,
  },
  attacks: { what: "attacks that attack wrote", columns: ATTACK_COLUMNS },
  passes: { what: "problems that humaneval wrote", columns: HUMANEVAL_PROBLEM_COLUMNS },
  duplication: { what: "scores by number of copies that demo wrote", columns: DUPLICATION_COLUMNS },
  sweep: { what: "runs that sweep wrote", columns: SWEEP_COLUMNS, optional: SWEEP_LATER_COLUMNS },
} as const satisfies Record<string, TableKind>;

/** A key of {@linkcode REPORT_TABLES}. */
export type ReportTable = keyof typeof REPORT_TABLES;

/** Those that it does not. */
const OTHER_TABLES: readonly TableKind[] = [
  { what: "secrets that unlearn wrote", columns: OUTCOME_COLUMNS },
  { what: "chunks that unlearn wrote", columns: CHUNK_COLUMNS },
  { what: "epochs of chunks that unlearn wrote", columns: CHUNK_EPOCH_COLUMNS },
  { what: "scores that measure wrote", columns: MEASURE_COLUMNS },
  { what: "samples that humaneval wrote", columns: HUMANEVAL_SAMPLE_COLUMNS },
  { what: "a forget set", columns: FORGET_COLUMNS },
  { what: "a retain set", columns: RETAIN_COLUMNS },
  { what: "a distribution that analyze wrote", columns: DISTRIBUTION_COLUMNS },
  { what: "files that detect skipped", columns: SKIPPED_COLUMNS },
  { what: "means that sweep wrote", columns: SWEEP_MEAN_COLUMNS },
  { what: "histories by hyperparameters", columns: HYPERPARAMETER_COLUMNS },
];

/**
 * Tells which of the report's tables has these columns: of those whose columns are all there, the one with the most.
 *
 * @param path for messages
 * @throws {TypeError} naming the columns that the most similar table has besides, or what the table is instead
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { recognizeTable } from "./table_kinds.ts";
 *
 * assertEquals(recognizeTable(["metric", "mean", "standard_error", "texts", "runs"], "a.csv"), "thresholds");
 * const lacking = 'it is most like thresholds, but has no column "runs"';
 * assertThrows(() => recognizeTable(["metric", "mean", "standard_error", "texts"], "a.csv"), TypeError, lacking);
 * assertThrows(() => recognizeTable(["doc_id", "bleu4"], "a.csv"), TypeError, "it holds a retain set");
 * ```
 */
export function recognizeTable(found: readonly string[], path: string): ReportTable {
  const own = Object.entries(REPORT_TABLES).map(([name, kind]) => ({ ...kind, name: name as ReportTable }));
  const [best] = [...own, ...OTHER_TABLES]
    .filter(({ columns }) => missingIn(found, columns).length === 0)
    .toSorted((a, b) => Object.keys(b.columns).length - Object.keys(a.columns).length);
  if (best && "name" in best) return best.name;
  const refuse = (what: string): never => {
    const shown = own.map((kind) => kind.what);
    const list = `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
    throw new TypeError(`Cannot report on "${path}": ${what}: give ${list}`);
  };
  if (best) return refuse(`it holds ${best.what}, which no report shows`);
  const share = ({ columns }: TableKind) =>
    1 - missingIn(found, columns).length / Object.keys(columns).length;
  const nearest = own.toSorted((a, b) => share(b) - share(a))[0]!;
  if (share(nearest) < LEAST_SHARE) return refuse(`no table of a run has its columns: ${nameColumns(found)}`);
  const missing = missingIn(found, nearest.columns).map((name) => `"${name}"`).join(", ");
  throw new TypeError(
    `Cannot report on "${path}": it is most like ${nearest.what}, but has no column ${missing}: ` +
      `it has ${nameColumns(found)}`,
  );
}

/** Tables that share fewer of their columns have nothing to do with each other. */
const LEAST_SHARE = 0.5;

function missingIn(found: readonly string[], columns: Columns): string[] {
  return Object.keys(columns).filter((name) => !found.includes(name));
}
