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
import type { RunTables, Thresholds } from "./run_tables.ts";

/** Names of a run's files. */
export const RUN_FILES = {
  secrets: "secrets.parquet",
  thresholds: "thresholds.parquet",
  probe: "probe.parquet",
  twins: "twins.parquet",
  duplication: "duplication.parquet",
  retain: "retain.parquet",
  sets: "sets",
  evaluation: "evaluation.parquet",
  secretScores: "evaluation.secrets.parquet",
  summary: "summary.json",
  record: "run.json",
} as const;

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
  const nothing = new Error(
    `Cannot report on "${folder}": it holds no table of a run: name the folder that demo or unlearn wrote`,
  );
  if (!await isFolder(folder)) throw nothing;
  const table = <C extends Columns>(name: string, columns: C) => readIfThere(join(folder, name), columns);
  const thresholds = await table(RUN_FILES.thresholds, THRESHOLD_COLUMNS);
  const probe = await table(RUN_FILES.probe, PROBE_COLUMNS);
  const evaluation = await table(RUN_FILES.evaluation, EVALUATION_COLUMNS);
  const duplication = await table(RUN_FILES.duplication, DUPLICATION_COLUMNS);
  const history = await readHistories(folder);
  const record = await readJson(join(folder, RUN_FILES.record));
  const summary = await readJson(join(folder, RUN_FILES.summary));
  if (!thresholds && !probe && !evaluation && history.length === 0) throw nothing;
  return {
    title: "What the model had memorized, and what is left of it",
    version: `CodeScrub ${version}`,
    ...(thresholds && { thresholds: toThresholds(thresholds) }),
    ...(evaluation && { results: evaluation as RunTables["results"] }),
    ...(probe && { documents: documentMeans(probe) }),
    ...(duplication && { duplication }),
    ...(history.length > 0 && { history }),
    secrets: await readSecrets(folder, reveal),
    config: {
      ...record?.settings as Record<string, unknown>,
      ...record?.command ? { command: record.command } : {},
    },
    versions: { ...record?.versions as Record<string, string> },
    seconds: { ...summary?.stages as Record<string, number> },
  };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

async function readIfThere<C extends Columns>(path: string, columns: C): Promise<RowOf<C>[] | undefined> {
  return await exists(path) ? await readRows(path, columns) : undefined;
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  if (!await exists(path)) return undefined;
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${path}": ${(cause as Error).message}`, { cause });
  }
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

/** The histories of the checkpoints in the folder, or of the folder itself. */
async function readHistories(folder: string): Promise<NonNullable<RunTables["history"]>> {
  const folders: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) if (isDirectory) folders.push(name);
  const histories = await Promise.all([".", ...folders.sort()].map(async (name) => {
    const rows = await readIfThere(join(folder, name, "history.parquet"), HISTORY_COLUMNS);
    if (!rows) return [];
    const record = await readJson(join(folder, name, RUN_FILES.record));
    const method = (record?.settings as { method?: string } | undefined)?.method ?? name;
    return rows.map((row) => ({ ...row, method }));
  }));
  return histories.flat();
}

/** The values themselves, which only `detect --reveal` writes. */
async function readValues(path: string): Promise<Map<string, string>> {
  const rows = await readRows(path, { ...SECRET_COLUMNS, value: "text" });
  return new Map(rows.map((row) => [placeKey(row), row.value]));
}

/** The forget set's secrets, each with its score under every model. */
async function readSecrets(folder: string, reveal: boolean): Promise<NonNullable<RunTables["secrets"]>> {
  const scores = await readIfThere(join(folder, RUN_FILES.secretScores), SECRET_SCORE_COLUMNS) ?? [];
  const found = await readIfThere(join(folder, RUN_FILES.secrets), {
    ...SECRET_COLUMNS,
    detector: "text",
    fingerprint: "text",
  }) ?? [];
  const values = reveal ? await readValues(join(folder, RUN_FILES.secrets)) : undefined;
  const places = new Map(found.map((row) => [placeKey(row), row]));
  const copies = new Map<string, Set<string>>();
  for (const { fingerprint, doc_id } of found) {
    copies.set(fingerprint, (copies.get(fingerprint) ?? new Set()).add(doc_id));
  }
  const secrets = new Map<string, NonNullable<RunTables["secrets"]>[number]>();
  for (const row of scores) {
    const place = places.get(placeKey(row));
    const known = secrets.get(placeKey(row)) ?? {
      doc_id: row.doc_id,
      tag: row.tag,
      detector: place?.detector ?? "-",
      description: values?.get(placeKey(row)) ?? row.description,
      copies: place ? copies.get(place.fingerprint)!.size : null,
      ma_before: null,
      ma_after: {},
    };
    secrets.set(
      placeKey(row),
      row.model === "before"
        ? { ...known, ma_before: row.ma }
        : { ...known, ma_after: { ...known.ma_after, [row.model]: row.ma } },
    );
  }
  return [...secrets.values()];
}
