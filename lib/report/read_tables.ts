/**
 * The tables of a report wherever they stand: those of a run's folder by the names that `demo` gives them, and single
 * files by their columns, whatever they are called.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { type Columns, HISTORY_COLUMNS } from "../datasets/columns.ts";
import { placeKey } from "../datasets/place.ts";
import { readRows, type RowOf } from "../datasets/row_table.ts";
import { readTable } from "../datasets/tables.ts";
import type { HistoryRow } from "../figures/forgetting_curves.ts";
import { exists, readJson, toRecord } from "./read_json.ts";
import { RUN_FILES, SWEEP_RUN_FILES } from "./run_files.ts";
import { readSweepRun } from "./sweep_run_folder.ts";
import { recognizeTable, REPORT_TABLES, type ReportTable } from "./table_kinds.ts";

/** The epochs of one method. */
export interface History {
  /** Its folder's or file's name, by which `evaluate` calls the model. */
  readonly folder: string;
  /** The method, as the run's record names it, else the same as `folder`. */
  readonly method: string;
  /** Its run.json. */
  readonly record: Readonly<Record<string, unknown>>;
  readonly rows: readonly Omit<HistoryRow, "method">[];
}

type Rows<K extends ReportTable> = RowOf<typeof REPORT_TABLES[K]["columns"]>[];

/** All tables of a report; each may be missing. */
export type ReportSources = { readonly [K in Exclude<ReportTable, "history">]: Rows<K> | undefined } & {
  /** The table of secrets that the model never trained on, with the columns of `probe`. */
  readonly twins: Rows<"probe"> | undefined;
  readonly histories: readonly History[];
  /** Where `found` was read. */
  readonly foundPath: string | undefined;
  /** Where `attacks` was read. */
  readonly attacksPath: string | undefined;
  /** Where `passes` was read. */
  readonly passesPath: string | undefined;
  /** All tables that were read. */
  readonly paths: readonly string[];
  /** The folders among the sources. */
  readonly folders: readonly string[];
};

/** The names in a run's folder; twins have a probe's columns, so they are known by their name only. */
const FILES = {
  found: RUN_FILES.secrets,
  thresholds: RUN_FILES.thresholds,
  probe: RUN_FILES.probe,
  twins: RUN_FILES.twins,
  evaluation: RUN_FILES.evaluation,
  scores: RUN_FILES.secretScores,
  utility: RUN_FILES.utility,
  reliability: RUN_FILES.reliability,
  duplication: RUN_FILES.duplication,
  attacks: RUN_FILES.attacks,
  passes: RUN_FILES.passes,
  sweep: RUN_FILES.sweep,
} as const satisfies Partial<Record<ReportTable | "twins", string>>;

type Source = ReportTable | "twins";

/**
 * Reads the tables of folders and files; a file that is named twice counts once.
 *
 * @param paths of runs' folders and of tables
 * @param options.twins the table of twins, which no columns tell from a probe; instead of a folder's
 * @throws {Error} when a folder has no table, or a table cannot be read; {TypeError} when one is none of a report's;
 * {RangeError} when two of them exclude each other
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readSources } from "./read_tables.ts";
 *
 * const path = `${await Deno.makeTempDir()}/mine.csv`;
 * await Deno.writeTextFile(path, "copies,ma,se,secrets\n0,0.25,,8\n");
 * const { duplication, histories } = await readSources([path]);
 * assertEquals([duplication?.[0]?.ma, histories], [0.25, []]);
 * ```
 */
export async function readSources(
  paths: readonly string[],
  { twins }: { twins?: string | undefined } = {},
): Promise<ReportSources> {
  const folders: string[] = [];
  const ofBefore = new Set<string>(); // a sweep's own, which call the model before by its folder
  const files = new Map<string, Source>(twins === undefined ? [] : [[resolve(twins), "twins"]]);
  for (const path of new Set(paths.map((path) => resolve(path)))) {
    if (!await isFolder(path)) {
      if (!files.has(path)) files.set(path, recognizeTable((await readTable(path)).columns, path));
      continue;
    }
    folders.push(path);
    const { evaluation, scores } = (await readSweepRun(path))?.shared ?? {};
    for (const file of [evaluation, scores]) if (file) ofBefore.add(file);
    for (const [file, source] of await tablesIn(path)) {
      if (source !== "twins" || twins === undefined) files.set(file, source);
    }
  }
  const pathsOf = (source: Source) => [...files].flatMap(([path, own]) => own === source ? [path] : []);
  const single = async <K extends ReportTable>(
    kind: K,
    source: Source = kind,
  ): Promise<Rows<K> | undefined> => {
    const [path, other] = pathsOf(source);
    if (other !== undefined) throw twoOfAKind(path!, other, kind);
    return path === undefined ? undefined : await rowsOf(path, kind);
  };
  return {
    found: await single("found"),
    thresholds: await single("thresholds"),
    probe: await single("probe"),
    twins: await single("probe", "twins"),
    duplication: await single("duplication"),
    attacks: await single("attacks"),
    passes: await single("passes"),
    sweep: await single("sweep"),
    evaluation: await mergeRows(pathsOf("evaluation"), "evaluation", {
      keyOf: ({ set, model }) => `${model}\0${set}`,
      ofBefore,
    }),
    scores: await mergeRows(pathsOf("scores"), "scores", {
      keyOf: (row) => `${row.model}\0${placeKey(row)}`,
      ofBefore,
    }),
    utility: await mergeRows(pathsOf("utility"), "utility", {
      keyOf: (row) => [row.model, row.set, row.language, row.class, row.measure].join("\0"),
      ofBefore,
    }),
    reliability: await mergeRows(pathsOf("reliability"), "reliability", {
      keyOf: ({ model, set, bin }) => [model, set, bin].join("\0"),
      ofBefore,
    }),
    histories: await Promise.all(pathsOf("history").map((path) => readHistory(path))),
    foundPath: pathsOf("found")[0],
    attacksPath: pathsOf("attacks")[0],
    passesPath: pathsOf("passes")[0],
    paths: [...files.keys()],
    folders,
  };
}

/** What is not there is a folder, unless it is called like a table. */
async function isFolder(path: string): Promise<boolean> {
  const isTable = TABLE_FILE.test(path);
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => !isTable);
}

const TABLE_FILE = /\.(parquet|csv|jsonl|jsonl\.gz)$/;

async function rowsOf<K extends ReportTable>(path: string, kind: K): Promise<Rows<K>> {
  const { columns, optional = {} }: { columns: Columns; optional?: Columns } = REPORT_TABLES[kind];
  return await readRows(path, { ...columns, ...optional }, { optional: Object.keys(optional) }) as Rows<K>;
}

function twoOfAKind(path: string, other: string, kind: ReportTable): RangeError {
  const twins = kind === "probe" ? ", and the table of never-trained twins by --twins" : "";
  return new RangeError(
    `Cannot report on "${other}" beside "${path}": both hold ${
      REPORT_TABLES[kind].what
    }: give one of them${twins}`,
  );
}

/** The tables of a run's folder and of the checkpoints in it, by their names. */
async function tablesIn(folder: string): Promise<[path: string, source: Source][]> {
  const ofSweep = await readSweepRun(folder);
  const entries = ofSweep // which has the history of its model beside it
    ? []
    : await Array.fromAsync(Deno.readDir(folder)).catch(() => []); // no folder
  const checkpoints = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  const wanted: [string, Source][] = [
    ...Object.entries(FILES).map((
      [source, name],
    ): [string, Source] => [join(folder, name), source as Source]),
    ...["", ...checkpoints].map((name): [string, Source] => [join(folder, name, HISTORY_FILE), "history"]),
  ];
  // beside a history, what is called like detect's table is unlearn's
  const unlearned = await exists(join(folder, HISTORY_FILE)) ? join(folder, FILES.found) : undefined;
  const shared = Object.entries(ofSweep?.shared ?? {})
    .map(([source, path]): [string, Source] => [path, source as Source]);
  const all = [...shared, ...wanted.filter(([path]) => path !== unlearned)]; // the model before comes first
  const there = await Promise.all(all.map(([path]) => exists(path)));
  const found = all.filter((_, i) => there[i]);
  if (found.length > 0) return found;
  throw new Error(
    `Cannot report on "${folder}": it holds no table of a run: name the folder that demo or unlearn wrote, or ` +
      "tables by their paths",
  );
}

const HISTORY_FILE = "history.parquet";

/** The tables that call their models by name. */
type ModelTable = "evaluation" | "scores" | "utility" | "reliability";

interface MergeOptions<K extends ModelTable> {
  /** What two tables may have in common. */
  keyOf: (row: Rows<K>[number]) => string;
  /** Tables of the model before alone, whatever they call it. */
  ofBefore: ReadonlySet<string>;
}

/** The rows of several tables; a row that two of them have is one. */
async function mergeRows<K extends ModelTable>(
  paths: readonly string[],
  kind: K,
  { keyOf, ofBefore }: MergeOptions<K>,
): Promise<Rows<K> | undefined> {
  if (paths.length === 0) return undefined;
  const known = new Map<string, { row: Rows<K>[number]; path: string }>();
  for (const path of paths) {
    const rows: Rows<K> = await rowsOf(path, kind);
    for (const given of rows) {
      const row: Rows<K>[number] = ofBefore.has(path) ? { ...given, model: "before" } : given;
      const other = known.get(keyOf(row));
      if (other && other.path !== path && !isSame(other.row, row, Object.keys(REPORT_TABLES[kind].columns))) {
        throw new RangeError(
          `Cannot report on "${path}" beside "${other.path}": both hold ${
            REPORT_TABLES[kind].what
          } and score one ` +
            "model differently: give one of them, or evaluate the model under another name",
        );
      }
      const isKept = other && countKnown(other.row) > countKnown(row);
      if (!isKept) known.set(keyOf(row), { row, path });
    }
  }
  return [...known.values()].map(({ row }) => row) as Rows<K>;
}

/** Whether two rows measure the same; what else is known of them, such as a change, differs by what stood beside them. */
function isSame(a: object, b: object, columns: readonly string[]): boolean {
  return columns.every((name) => Reflect.get(a, name) === Reflect.get(b, name));
}

function countKnown(row: object): number {
  return Object.values(row).filter((value) => value !== null).length;
}

/** A history and the record beside it; a file that is not called `history` is its own name. */
async function readHistory(path: string): Promise<History> {
  const rows = await readRows(path, HISTORY_COLUMNS);
  const name = basename(path).replace(TABLE_FILE, "");
  const folder = name === "history" ? basename(dirname(path)) : name;
  const ofSweep = name === "history" ? await readSweepRun(dirname(path)) : undefined;
  if (ofSweep) return { folder: SWEEP_RUN_FILES.model, method: ofSweep.method, record: ofSweep.record, rows };
  const beside = await readJson(join(dirname(path), RUN_FILES.record)) ?? {};
  const record = name === "history" || beside.command === "unlearn" ? beside : {};
  const { method } = toRecord(record.settings);
  return { folder, method: typeof method === "string" ? method : folder, record, rows };
}
