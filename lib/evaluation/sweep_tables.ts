/**
 * A sweep's means as tables that people read, in the shape of the paper's: what each method forgot (its table 3) and what it
 * kept (its table 4) beside the paper's own numbers, and what attacks found, where there were any; tables of their own for
 * each study.
 *
 * @module
 */
import { mean } from "../metrics/mean.ts";
import { PAPER_TABLES, type PaperMethod } from "../metrics/paper_tables.ts";
import { sweepGroup, type SweepMeanRow } from "./sweep_means.ts";

/** A table of texts. */
export interface TextTable {
  /** What it shows. */
  title: string;
  /** What its numbers are. */
  note: string;
  header: readonly string[];
  rows: readonly (readonly string[])[];
}

type Show = (value: number) => string;
const percent: Show = (value) => (100 * value).toFixed(2);
const nats: Show = (value) => value.toFixed(3);
const whole: Show = (value) => value.toFixed(1);
const bits: Show = (value) => value.toFixed(2);

/** A column: its head, the measure, how it is shown, and where the paper has it. */
interface Column {
  readonly head: string;
  readonly measure: string;
  readonly before?: string;
  readonly show: Show;
  readonly paper?: keyof PaperMethod;
}

const FORGETTING: readonly Column[] = [
  { head: "MA", measure: "ma", before: "ma_before", show: percent, paper: "ma" },
  { head: "EL_3", measure: "el_3", before: "el_3_before", show: percent, paper: "el_3" },
  { head: "EL_5", measure: "el_5", before: "el_5_before", show: percent, paper: "el_5" },
  { head: "EL_10", measure: "el_10", before: "el_10_before", show: percent, paper: "el_10" },
  { head: "reduction", measure: "reduction", show: percent, paper: "reduction" },
  { head: "epochs", measure: "epochs", show: whole },
  { head: "seconds", measure: "seconds", show: whole },
];

const USE: readonly Column[] = [
  { head: "retain MA", measure: "retain_ma", before: "retain_ma_before", show: percent },
  { head: "retain EL_10", measure: "retain_el_10", before: "retain_el_10_before", show: percent },
  { head: "unseen MA", measure: "unseen_ma", before: "unseen_ma_before", show: percent },
  { head: "unseen loss", measure: "unseen_nll", before: "unseen_nll_before", show: nats },
  { head: "pass@1", measure: "pass_at_1", before: "pass_at_1_before", show: percent, paper: "pass_at_1" },
  { head: "kept", measure: "retention", show: percent, paper: "retention" },
];

const ATTACKS: readonly Column[] = [
  { head: "MA after relearning", measure: "relearned_ma", show: percent },
  { head: "above controls", measure: "recovered", show: percent },
  { head: "extracted", measure: "extracted", before: "extracted_before", show: percent },
  { head: "of controls", measure: "extracted_controls", show: percent },
  { head: "exposure, bits", measure: "exposure", before: "exposure_before", show: bits },
  { head: "membership, area", measure: "membership", before: "membership_before", show: percent },
];

const UNITS = "Percent, but for losses (nats), bits, epochs and seconds";

const CHANGES: readonly Column[] = [
  ...FORGETTING.filter(({ measure }) => ["ma", "epochs"].includes(measure)),
  ...USE.filter(({ measure }) => ["retain_ma", "retain_el_10", "unseen_nll", "pass_at_1"].includes(measure)),
];

/**
 * The tables of each study, in percent but for losses, bits, epochs and seconds: mean, and the standard deviation over
 * forget sets; and what settings changed, set by set, with 95 % intervals.
 *
 * @param model what the sweep's model is called
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sweepTables } from "./sweep_tables.ts";
 *
 * const row = { study: "methods", method: "ga", k: 32, settings: null, runs: 5, deviation: 0.01, low: 0, high: 1 };
 * const [forgetting] = sweepTables([{ ...row, measure: "ma", mean: 0.25 }], "embedded");
 * assertEquals(forgetting!.rows[1]!.slice(0, 6), ["embedded", "ga", "32", "-", "5", "25.00 ± 1.00"]);
 * assertEquals(forgetting!.rows[2]!.slice(0, 6), ["CodeParrot-small 110M (paper)", "before", "32", "-", "5", "99.74"]);
 * ```
 */
export function sweepTables(means: readonly SweepMeanRow[], model: string): TextTable[] {
  return [...Map.groupBy(means, ({ study }) => study)].flatMap(([study, rows]) => [
    ...([["forgetting", FORGETTING], ["use", USE], ["attacks", ATTACKS]] as const).flatMap(([what, all]) => {
      const columns = all.filter(({ measure }) => rows.some((row) => row.measure === measure));
      if (columns.length === 0) return [];
      return [{
        title: `${study}: ${what}`,
        note: `${UNITS}: means over forget sets and seeds, and their standard deviations.`,
        header: ["model", "method", "k", "settings", "runs", ...columns.map(({ head }) => head)],
        rows: [...ownRows(rows, { columns, model }), ...paperRows(rows, columns)],
      }];
    }),
    ...changesTable(study, rows),
  ]);
}

/** What settings changed beside the same method's runs without any; none where no study's runs can be compared. */
function changesTable(study: string, rows: readonly SweepMeanRow[]): TextTable[] {
  const changed = rows.filter(({ difference }) => typeof difference === "number");
  const columns = CHANGES.filter(({ measure }) => changed.some((row) => row.measure === measure));
  if (columns.length === 0) return [];
  return [{
    title: `${study}: what settings change`,
    note:
      `${UNITS}: means over sets and seeds, less the same method's runs without settings, and 95 % intervals.`,
    header: ["method", "k", "settings", "runs", ...columns.map(({ head }) => head)],
    rows: [...Map.groupBy(changed, sweepGroup).values()].map((own) => {
      const { method, k, settings, runs } = own[0]!;
      return [
        ...[method, String(k), settings ?? "-", String(runs)],
        ...columns.map(({ measure, show }) => {
          const { difference, difference_low: low, difference_high: high } = own.find((each) =>
            each.measure === measure
          ) ?? {};
          if (difference == null) return "-";
          return `${difference > 0 ? "+" : ""}${show(difference)} [${show(low!)}, ${show(high!)}]`;
        }),
      ];
    }),
  }];
}

function ownRows(
  rows: readonly SweepMeanRow[],
  { columns, model }: { columns: readonly Column[]; model: string },
): string[][] {
  const groups = [...Map.groupBy(rows, sweepGroup).values()];
  const before = [...Map.groupBy(rows, ({ k }) => k)].map(([k, own]) => [
    ...[model, "before", String(k), "-", String(Math.max(...own.map(({ runs }) => runs)))],
    ...columns.map(({ before, show }) => {
      const values = own.filter(({ measure }) => measure === before).map((row) => row.mean);
      return values.length === 0 ? "-" : show(mean(values));
    }),
  ]);
  return [
    ...before,
    ...groups.map((own) => {
      const { method, k, settings } = own[0]!;
      return [
        ...[model, method, String(k), settings ?? "-", String(Math.max(...own.map(({ runs }) => runs)))],
        ...columns.map(({ measure, show }) => {
          const row = own.find((each) => each.measure === measure);
          if (!row) return "-";
          return row.deviation === null ? show(row.mean) : `${show(row.mean)} ± ${show(row.deviation)}`;
        }),
      ];
    }),
  ];
}

/** The paper's smallest model, by the methods that a study has at its size. */
function paperRows(rows: readonly SweepMeanRow[], columns: readonly Column[]): string[][] {
  const { model } = PAPER_TABLES[0]!;
  const methods = new Set(
    rows.filter(({ k, settings }) => k === PAPER_K && settings === null).map((row) => row.method),
  );
  if (!columns.some(({ paper }) => paper)) return [];
  return PAPER_TABLES.filter((row) => row.model === model && methods.size > 0)
    .filter(({ method }) => method === "before" || methods.has(method))
    .map((row) => [
      ...[`${model} (paper)`, row.method, String(PAPER_K), "-", "5"],
      ...columns.map(({ paper }) => {
        const value = paper === undefined ? null : row[paper];
        return typeof value === "number" ? value.toFixed(2) : "-";
      }),
    ]);
}

/** Rows of the paper's forget sets. */
const PAPER_K = 32;

/**
 * Tables as Markdown.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { markdownTables } from "./sweep_tables.ts";
 *
 * const text = markdownTables([{ title: "a", note: "n", header: ["x", "y"], rows: [["1", "2"]] }]);
 * assertEquals(text, "## a\n\nn\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n");
 * ```
 */
export function markdownTables(tables: readonly TextTable[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return tables.map(({ title, note, header, rows }) =>
    [`## ${title}`, "", note, "", line(header), line(header.map(() => "---")), ...rows.map(line), ""].join(
      "\n",
    )
  ).join("\n");
}
