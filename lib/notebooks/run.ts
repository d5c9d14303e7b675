/**
 * A run's folder as the notebooks share it: each reads the tables of those before it and replaces its own, under the
 * names that `demo` gives them, so a notebook goes on from a demo and a report is made of what notebooks wrote.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readRunRecord } from "../cli/run_folder.ts";
import { CHANGE_COLUMNS } from "../datasets/change_columns.ts";
import {
  ATTACK_COLUMNS,
  DUPLICATION_COLUMNS,
  EVALUATION_COLUMNS,
  FORGET_COLUMNS,
  HISTORY_COLUMNS,
  type HYPERPARAMETER_COLUMNS,
  INTERVAL_COLUMNS,
  PROBE_COLUMNS,
  RETAIN_COLUMNS,
  SECRET_COLUMNS,
  SECRET_SCORE_COLUMNS,
  THRESHOLD_COLUMNS,
} from "../datasets/columns.ts";
import {
  type MetricValues,
  perMetric,
  THRESHOLD_METRICS,
  type ThresholdMetric,
} from "../datasets/metrics.ts";
import { type Columns, readRows, type RowOf, writeRows } from "../datasets/row_table.ts";
import { refuseQueuedCell } from "../figures/notebook_kernel.ts";
import { RUN_FILES } from "../report/run_files.ts";
import { reasonOf } from "../files/reason.ts";

/** Every table of a run: its file, its columns, and the notebook that writes it. */
export const NOTEBOOK_TABLES = {
  thresholds: { file: RUN_FILES.thresholds, columns: THRESHOLD_COLUMNS, by: "01_thresholds" },
  secrets: {
    file: RUN_FILES.secrets,
    columns: { ...SECRET_COLUMNS, path: "text?", detector: "text", fingerprint: "text" },
    by: "02_secrets",
  },
  probe: { file: RUN_FILES.probe, columns: PROBE_COLUMNS, by: "03_memorization" },
  twins: { file: RUN_FILES.twins, columns: PROBE_COLUMNS, by: "03_memorization" },
  duplication: { file: RUN_FILES.duplication, columns: DUPLICATION_COLUMNS, by: "03_memorization" },
  forget: { file: `${RUN_FILES.sets}/forget_0.parquet`, columns: FORGET_COLUMNS, by: "04_sets" },
  retain: { file: RUN_FILES.retain, columns: RETAIN_COLUMNS, by: "04_sets" },
  evaluation: {
    file: RUN_FILES.evaluation,
    columns: EVALUATION_COLUMNS,
    optional: { ...INTERVAL_COLUMNS, ...CHANGE_COLUMNS },
    by: "06_evaluation",
  },
  secretScores: { file: RUN_FILES.secretScores, columns: SECRET_SCORE_COLUMNS, by: "06_evaluation" },
  attacks: { file: RUN_FILES.attacks, columns: ATTACK_COLUMNS, by: "07_attacks" },
} as const satisfies { [name: string]: TableOfRun };

/** A table of a run; columns that are optional are written where rows have them, and null where a table is without. */
interface TableOfRun {
  readonly file: string;
  readonly columns: Columns;
  readonly optional?: Columns;
  readonly by: string;
}

/** What the fifth writes beside these: a folder for each method. */
const UNLEARNED = { file: "codeeraser/history.parquet", columns: HISTORY_COLUMNS, by: "05_unlearning" };

/** A table's name. */
export type NotebookTable = keyof typeof NOTEBOOK_TABLES;

/** A row of a table. */
export type NotebookRow<N extends NotebookTable> = RowOf<(typeof NOTEBOOK_TABLES)[N]["columns"]>;

/**
 * Opens the folder of a run; it is made if it is not there.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { openRun } from "./run.ts";
 *
 * const run = await openRun(await Deno.makeTempDir());
 * await run.write("retain", [{ doc_id: "a.py", bleu4: 1 }]);
 * assertEquals((await run.read("retain"))[0]!.bleu4, 1);
 * await assertRejects(() => run.read("probe"), Error, "run notebook 03_memorization first");
 * ```
 */
export async function openRun(folder: string): Promise<NotebookRun> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    const reason = (cause as { code?: string }).code === "EEXIST" ? "it is a file" : reasonOf(cause);
    throw new Error(`Cannot open run "${folder}": ${reason}: set RUN to a folder`, { cause });
  }
  return new NotebookRun(folder);
}

/**
 * A run's folder; see {@linkcode openRun}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { NotebookRun } from "./run.ts";
 *
 * const run = new NotebookRun("../out/run");
 * assertEquals([run.path("retain.parquet"), run.has("retain")], ["../out/run/retain.parquet", false]);
 * ```
 */
export class NotebookRun {
  /** The folder, as the parameter named it. */
  readonly folder: string;

  /** @param folder that is there */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** The path of a file or folder of the run. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Whether a table is there. */
  has(name: NotebookTable): boolean {
    return existsSync(this.path(NOTEBOOK_TABLES[name].file));
  }

  /**
   * The rows of a table.
   *
   * @throws {Error} where it is missing, saying which notebook makes it; as `readRows` where it is damaged; as
   * `refuseQueuedCell`
   */
  async read<N extends NotebookTable>(name: N): Promise<NotebookRow<N>[]> {
    refuseQueuedCell();
    const { file, columns, optional = {}, by }: TableOfRun = NOTEBOOK_TABLES[name];
    if (!this.has(name)) throw this.#missing(file, by);
    const all = { ...columns, ...optional };
    return await readRows(this.path(file), all, { optional: Object.keys(optional) }) as NotebookRow<N>[];
  }

  /**
   * What unseen text scores on average: the thresholds.
   *
   * @throws {Error} as {@linkcode NotebookRun.read}; {RangeError} where MA or EL_10 has no mean
   */
  async readThresholds(): Promise<MetricValues<ThresholdMetric> & { ma: number; el_10: number }> {
    const rows = await this.read("thresholds");
    const means = perMetric(
      THRESHOLD_METRICS,
      (metric) => rows.find((row) => row.metric === metric)?.mean ?? null,
    );
    const { ma, el_10 } = means;
    if (ma !== null && el_10 !== null) return { ...means, ma, el_10 };
    throw new RangeError(
      `Cannot use the thresholds of run "${this.folder}": ${ma === null ? "MA" : "EL_10"} has no mean: ` +
        "run notebook 01_thresholds with longer texts",
    );
  }

  /**
   * Writes a table; what is there is replaced.
   *
   * @throws {Error} as `refuseQueuedCell`: rows of an earlier run are not written again
   */
  async write<N extends NotebookTable>(name: N, rows: readonly NotebookRow<N>[]): Promise<void> {
    refuseQueuedCell();
    const { file, columns, optional = {} }: TableOfRun = NOTEBOOK_TABLES[name];
    const none = Object.fromEntries(Object.keys(optional).map((column) => [column, null]));
    const path = this.path(file);
    await mkdir(dirname(path), { recursive: true });
    const all = rows.map((row) => ({ ...none, ...row })) as readonly RowOf<Columns>[];
    await writeRows(path, all, { ...columns, ...optional });
  }

  /**
   * A method's unlearning, from its folder: every epoch with what the run was set to and how it ended.
   *
   * @throws {Error} as {@linkcode NotebookRun.read}; {SyntaxError} where its record does not tell
   */
  async readUnlearning(method: string): Promise<RowOf<typeof HYPERPARAMETER_COLUMNS>[]> {
    refuseQueuedCell();
    const file = `${method}/history.parquet`;
    if (!existsSync(this.path(file))) throw this.#missing(file, "05_unlearning");
    const history = await readRows(this.path(file), HISTORY_COLUMNS);
    const { settings = {}, summary } = await readRunRecord(this.path(method)) ?? {};
    const { gamma, lambda, alpha, lr } = settings;
    const isNumber = (value: unknown) => typeof value === "number";
    if (![gamma, lambda, alpha, lr].every(isNumber) || typeof summary?.status !== "string") {
      throw new SyntaxError(
        `Cannot read "${method}/run.json" of run "${this.folder}": it does not tell how the run was set and ended: ` +
          "run notebook 05_unlearning again",
      );
    }
    const { status } = summary;
    return history.map((row) => {
      return { ...{ method, gamma, lambda, alpha, lr, unseen_nll: null, status }, ...row };
    }) as RowOf<typeof HYPERPARAMETER_COLUMNS>[];
  }

  /** Every table of the pipeline, in its order: which notebook writes it, and its rows; null where it is not there yet. */
  async tables(): Promise<{ notebook: string; table: string; rows: number | null }[]> {
    refuseQueuedCell();
    const all = [...Object.values(NOTEBOOK_TABLES), UNLEARNED].sort((a, b) =>
      a.by < b.by ? -1 : a.by > b.by ? 1 : 0
    );
    return await Promise.all(all.map(async ({ by, file, columns }) => {
      const path = this.path(file);
      return {
        notebook: by,
        table: file,
        rows: existsSync(path) ? (await readRows(path, columns)).length : null,
      };
    }));
  }

  #missing(file: string, by: string): Error {
    return new Error(
      `Cannot read "${file}" of run "${this.folder}": it is not there: ` +
        `run notebook ${by} first, or "npx -y deno task demo" and set RUN to "../out/demo"`,
    );
  }
}
