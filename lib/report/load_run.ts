/**
 * A run's folder as the report's tables: whatever of its files is there, by the names that `demo` gives them.
 *
 * @module
 */
import { join } from "node:path";
import {
  DUPLICATION_COLUMNS,
  EVALUATION_COLUMNS,
  HISTORY_COLUMNS,
  PROBE_COLUMNS,
  SECRET_COLUMNS,
  SECRET_SCORE_COLUMNS,
  THRESHOLD_COLUMNS,
} from "../datasets/columns.ts";
import { placeKey } from "../datasets/place_key.ts";
import { type Columns, readRows, type RowOf } from "../datasets/row_table.ts";
import type { HistoryRow } from "../figures/forgetting_curves.ts";
import { FOUND_COLUMNS, joinSecrets } from "./join_secrets.ts";
import { RUN_FILES } from "./run_files.ts";
import type { RunTables, Thresholds } from "./run_tables.ts";
import { readRegularText } from "../read_file.ts";
import { reasonOf } from "../reason.ts";

/** Options of {@linkcode loadRun}. */
export interface LoadRunOptions {
  /** The program's, for the page's foot. */
  version: string;
  /** Show the secrets themselves. */
  reveal?: boolean;
}

/**
 * Reads a run.
 *
 * @throws {Error} when the folder holds none of the files, or one cannot be read; when values are to be revealed and
 * `detect --reveal` has not written them
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { loadRun } from "./load_run.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await assertRejects(() => loadRun(folder, { version: "0.1.0" }), Error, "it holds no table of a run");
 * ```
 */
export async function loadRun(
  folder: string,
  { version, reveal = false }: LoadRunOptions,
): Promise<RunTables> {
  const tables = await isFolder(folder) ? await readTables(folder) : undefined;
  const histories = tables ? await readHistories(folder) : [];
  if (!tables || Object.values(tables).every((table) => !table) && histories.length === 0) {
    throw new Error(
      `Cannot report on "${folder}": it holds no table of a run: name the folder that demo or unlearn wrote`,
    );
  }
  const { found, thresholds, probe, twins, evaluation, duplication } = tables;
  const nameOf = methodNames(histories, (evaluation ?? []).map(({ model }) => model));
  const history = histories.flatMap(({ folder, rows }) =>
    rows.map((row) => ({ ...row, method: nameOf(folder) }))
  );
  const scores = tables.scores?.map((row) => ({ ...row, model: nameOf(row.model) }));
  const values = reveal ? await readValues(join(folder, RUN_FILES.secrets)) : undefined;
  return {
    title: history.length > 0
      ? "What the model had memorized, and what is left of it"
      : "What the model has memorized",
    version: `CodeScrub ${version}`,
    ...(thresholds && { thresholds: toThresholds(thresholds) }),
    ...(evaluation && { results: nameResults(evaluation, nameOf) }),
    ...(probe && { documents: documentMeans(probe) }),
    ...(twins && { twins: twins.map(({ tag, ma }) => ({ tag, ma })) }),
    ...(duplication && { duplication }),
    ...(history.length > 0 && { history }),
    ...(found && { found: countFound(found) }),
    ...((probe || scores) && { secrets: joinSecrets({ found, probe, scores, values }) }),
    revealed: reveal,
    ...await readRecords(folder, histories),
  };
}

/** The tables of the run's own folder; undefined where there is no such file. */
async function readTables(folder: string) {
  const table = <C extends Columns>(name: string, columns: C) => readIfThere(join(folder, name), columns);
  return {
    found: await table(RUN_FILES.secrets, FOUND_COLUMNS),
    thresholds: await table(RUN_FILES.thresholds, THRESHOLD_COLUMNS),
    probe: await table(RUN_FILES.probe, PROBE_COLUMNS),
    twins: await table(RUN_FILES.twins, PROBE_COLUMNS),
    evaluation: await table(RUN_FILES.evaluation, EVALUATION_COLUMNS),
    scores: await table(RUN_FILES.secretScores, SECRET_SCORE_COLUMNS),
    duplication: await table(RUN_FILES.duplication, DUPLICATION_COLUMNS),
  };
}

/** What made the run: its own record, as `demo` writes it, else those of its checkpoints under their names. */
async function readRecords(
  folder: string,
  histories: readonly History[],
): Promise<Pick<RunTables, "config" | "versions" | "seconds">> {
  const own = await readJson(join(folder, RUN_FILES.record));
  const summary = await readJson(join(folder, RUN_FILES.summary));
  const settings = Object.fromEntries(histories.map((row) => [row.folder, toRecord(row.record.settings)]));
  return {
    config: own
      ? { ...isText(own.command) && { command: own.command }, ...toRecord(own.settings) }
      : settings,
    versions: entriesOf((own ?? histories[0]?.record)?.versions, isText),
    seconds: entriesOf(summary?.stages, isNumber),
  };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function readIfThere<C extends Columns>(path: string, columns: C): Promise<RowOf<C>[] | undefined> {
  return await exists(path) ? await readRows(path, columns) : undefined;
}

/** The values themselves, which only `detect --reveal` writes. */
async function readValues(path: string): Promise<Map<string, string>> {
  const rows = await readRows(path, { ...SECRET_COLUMNS, value: "text" });
  return new Map(rows.map((row) => [placeKey(row), row.value]));
}

const MAX_JSON_BYTES = 2 ** 26;

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

/** A file's JSON object; what is no object has none of the keys that are looked for. */
async function readJson(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!await exists(path)) return undefined;
  const text = await readRegularText(path, { what: "the run's", maxBytes: MAX_JSON_BYTES });
  try {
    return toRecord(JSON.parse(text));
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${path}": ${reasonOf(cause)}`, { cause });
  }
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? value as Record<string, unknown> : {};
}

/** The entries of an object whose values are of a type, as JSON may hold anything. */
function entriesOf<T>(value: unknown, isValid: (entry: unknown) => entry is T): Record<string, T> {
  return Object.fromEntries(
    Object.entries(toRecord(value)).filter((entry): entry is [string, T] => isValid(entry[1])),
  );
}

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";

function nameResults(rows: readonly RowOf<typeof EVALUATION_COLUMNS>[], nameOf: (model: string) => string) {
  return rows.map((row) => ({ ...row, model: nameOf(row.model) })) as NonNullable<RunTables["results"]>;
}

function countFound(rows: readonly RowOf<typeof FOUND_COLUMNS>[]): NonNullable<RunTables["found"]> {
  return {
    places: new Set(rows.map(placeKey)).size,
    values: new Set(rows.map(({ fingerprint }) => fingerprint)).size,
    documents: new Set(rows.map(({ doc_id }) => doc_id)).size,
  };
}

function toThresholds(rows: readonly { metric: string; mean: number | null }[]): Thresholds {
  const mean = (metric: string) => rows.find((row) => row.metric === metric)?.mean ?? null;
  return { ma: mean("ma"), el_3: mean("el_3"), el_5: mean("el_5"), el_10: mean("el_10") };
}

function documentMeans(
  probe: readonly { doc_id: string; ma: number | null }[],
): { doc_id: string; ma: number | null }[] {
  const scores = new Map<string, number[]>();
  for (const { doc_id, ma } of probe) {
    const known = scores.get(doc_id) ?? [];
    scores.set(doc_id, known);
    if (ma !== null) known.push(ma);
  }
  return [...scores].map(([doc_id, known]) => ({
    doc_id,
    ma: known.length > 0 ? known.reduce((sum, ma) => sum + ma, 0) / known.length : null,
  }));
}

interface History {
  /** Its folder's name, by which `evaluate` calls the model; "." for the run's own folder. */
  readonly folder: string;
  readonly method: string;
  /** Its run.json. */
  readonly record: Readonly<Record<string, unknown>>;
  readonly rows: readonly Omit<HistoryRow, "method">[];
}

/** The histories of the checkpoints in the folder, or of the folder itself. */
async function readHistories(folder: string): Promise<History[]> {
  const folders: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) if (isDirectory) folders.push(name);
  const histories = await Promise.all([".", ...folders.sort()].map(async (name): Promise<History[]> => {
    const rows = await readIfThere(join(folder, name, "history.parquet"), HISTORY_COLUMNS);
    if (!rows) return [];
    const record = await readJson(join(folder, name, RUN_FILES.record)) ?? {};
    const { method } = toRecord(record.settings);
    return [{ folder: name, method: isText(method) ? method : name, record, rows }];
  }));
  return histories.flat();
}

/** Names a model that `evaluate` called by its folder after its method, where no other model is called so. */
function methodNames(histories: readonly History[], models: readonly string[]): (model: string) => string {
  const methods = histories.map(({ method }) => method);
  const isTaken = ({ folder, method }: History) =>
    methods.indexOf(method) !== methods.lastIndexOf(method) || (folder !== method && models.includes(method));
  const names = new Map(histories.map((row) => [row.folder, isTaken(row) ? row.folder : row.method]));
  return (model) => names.get(model) ?? model;
}
