/**
 * A run's tables as the report's: whatever is there, in a folder by the names that `demo` gives them, or named one by
 * one.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { type EVALUATION_COLUMNS, type FOUND_COLUMNS, SECRET_COLUMNS } from "../datasets/columns.ts";
import { perMetric, THRESHOLD_METRICS } from "../datasets/metrics.ts";
import { placeKey } from "../datasets/place.ts";
import { readRows, type RowOf } from "../datasets/row_table.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import { reportedAttacks } from "./attacks.ts";
import { joinSecrets } from "./join_secrets.ts";
import { originOf, tableRecords } from "./origin.ts";
import { reportedPasses } from "./passes.ts";
import { readJson, toRecord } from "./read_json.ts";
import { type History, readSources, type ReportSources } from "./read_tables.ts";
import { RUN_FILES } from "./run_files.ts";
import { reachOf } from "./run_reach.ts";
import type { PassesOrigin } from "./reported_passes.ts";
import type { ReportedAttacks, RunTables, Thresholds } from "./run_tables.ts";
import { readUnlearned } from "./unlearned.ts";

/** Options of {@linkcode loadRun}. */
export interface LoadRunOptions {
  /** The program's, for the page's foot. */
  version: string;
  /** Show the secrets themselves. */
  reveal?: boolean;
  /** The probe of secrets that the model never trained on. */
  twins?: string | undefined;
  /** What `evaluate` calls the model before, where that is not "before". */
  before?: string | undefined;
}

/**
 * Reads a run.
 *
 * @param sources its folder, or folders and tables
 * @throws {Error} as `readSources`; when values are to be revealed and `detect --reveal` has not written them
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
  sources: string | readonly string[],
  { version, reveal = false, twins: twinsPath, before }: LoadRunOptions,
): Promise<RunTables> {
  const paths = typeof sources === "string" ? [sources] : sources;
  const tables = await readSources(paths, { twins: twinsPath });
  const {
    found,
    thresholds,
    probe,
    twins,
    evaluation,
    duplication,
    attacks,
    utility,
    reliability,
    passes,
    histories,
    sweep,
  } = tables;
  if (before !== undefined && !evaluation?.some(({ model }) => model === before)) {
    throw new RangeError(`Unknown model "${before}": no table that evaluate wrote has it`);
  }
  const methodOf = methodNames(histories, (evaluation ?? []).map(({ model }) => model));
  const nameOf = (model: string) => model === before ? "before" : methodOf(model);
  const history = histories.flatMap(({ folder, rows }) =>
    rows.map((row) => ({ ...row, method: nameOf(folder) }))
  );
  const models = {
    nameOf,
    names: new Set([
      ...(evaluation ?? []).map(({ model }) => nameOf(model)),
      ...history.map(({ method }) => method),
    ]),
  };
  const scores = tables.scores?.map((row) => ({ ...row, model: nameOf(row.model) }));
  const values = reveal ? await readValues(tables.foundPath) : undefined;
  const run: RunTables = {
    title: "",
    version: `CodeScrub ${version}`,
    ...(thresholds && { thresholds: toThresholds(thresholds) }),
    ...(evaluation && { results: nameResults(evaluation, nameOf) }),
    ...(probe && { documents: documentMeans(probe) }),
    ...(twins && { twins: twins.map(({ tag, ma }) => ({ tag, ma })) }),
    ...(duplication && { duplication }),
    ...(sweep && { sweep }),
    ...(utility && { utility: utility.map((row) => ({ ...row, model: nameOf(row.model) })) }),
    ...(reliability && { reliability: reliability.map((row) => ({ ...row, model: nameOf(row.model) })) }),
    ...(attacks && {
      attacks: {
        ...reportedAttacks(attacks),
        ...await readBeside(tables.attacksPath),
        ...await readTested(tables.attacksPath, models),
      },
    }),
    ...(passes && {
      passes: {
        ...reportedPasses(passes, await readPassesOrigin(tables.passesPath)),
        ...await readTested(tables.passesPath, models),
      },
    }),
    ...(history.length > 0 && {
      history,
      unlearned: histories.map(({ folder, record }) => readUnlearned(nameOf(folder), record)),
    }),
    ...(found && { found: countFound(found) }),
    ...((probe || scores || found) && { secrets: joinSecrets({ found, probe, scores, values }) }),
    revealed: reveal,
    ...await readRecords(tables),
  };
  return { ...run, title: titleOf(run) };
}

function titleOf(run: RunTables): string {
  if (run.sweep) return "What methods of unlearning forget and keep";
  if (run.history) return "What the model had memorized, and what is left of it";
  return reachOf(run) === "found" ? "What detection found" : "What the model has memorized";
}

/** What made the run: its own record, as `demo` writes it, else those of its checkpoints under their names. */
async function readRecords(
  { folders, histories, paths }: Pick<ReportSources, "folders" | "histories" | "paths">,
): Promise<Pick<RunTables, "origin" | "config" | "versions" | "seconds" | "relearningSteps">> {
  const [folder, other] = folders;
  const isOne = folder !== undefined && other === undefined;
  const own = isOne ? await readJson(join(folder, RUN_FILES.record)) : undefined;
  const summary = isOne ? await readJson(join(folder, RUN_FILES.summary)) : undefined;
  const settings = Object.fromEntries(histories.map((row) => [row.folder, toRecord(row.record.settings)]));
  const records = [
    ...own ? [own] : [],
    ...histories.map(({ record }) => record),
    ...await tableRecords(paths),
  ];
  const trainings = records.filter(({ command }) => command === "evaluate")
    .map(({ settings }) => toRecord(settings)).filter(({ benign }) => benign !== undefined);
  const steps = new Set(trainings.map(({ benignSteps }) => benignSteps));
  const [relearningSteps] = steps;
  return {
    ...steps.size === 1 && isNumber(relearningSteps) && { relearningSteps },
    origin: originOf(records),
    config: own
      ? { ...isText(own.command) && { command: own.command }, ...toRecord(own.settings) }
      : settings,
    versions: entriesOf(records.find(({ versions }) => versions !== undefined)?.versions, isText),
    seconds: entriesOf((summary ?? toRecord(own?.summary)).stages, isNumber),
  };
}

/** What stands beside the table of attacks: areas of membership, and what any attack extracted. */
async function readBeside(
  path: string | undefined,
): Promise<Pick<ReportedAttacks, "membership" | "extracted">> {
  const report = path === undefined ? undefined : await readJson(path.replace(/\.[^./]+$/, ".json"));
  const listOf = (name: string) => Array.isArray(report?.[name]) ? report[name].map(toRecord) : [];
  const membership = listOf("membership").flatMap(({ model, score, ...area }) => {
    const interval = toInterval(area);
    return isText(model) && isText(score) && interval ? [{ model, score, ...interval }] : [];
  });
  const extracted = listOf("extracted_by_any").flatMap(({ model, secrets, controls }) =>
    isText(model) ? [{ model, secrets: toInterval(secrets), controls: toInterval(controls) }] : []
  );
  return { ...membership.length > 0 && { membership }, ...extracted.length > 0 && { extracted } };
}

function toInterval(value: unknown): Interval | null {
  const { estimate, low, high } = toRecord(value);
  return isNumber(estimate) && isNumber(low) && isNumber(high) ? { estimate, low, high } : null;
}

/** Which model a table of a folder is of, as the folder's record tells. */
async function readTested(
  path: string | undefined,
  models: { readonly nameOf: (model: string) => string; readonly names: ReadonlySet<string> },
): Promise<{ method?: string }> {
  const record = path === undefined ? undefined : await readJson(join(dirname(path), RUN_FILES.record));
  const { model } = toRecord(record?.settings);
  const method = isText(model) ? models.nameOf(basename(model)) : undefined;
  return method !== undefined && models.names.has(method) ? { method } : {};
}

/** How the samples of a table of problems were drawn and judged, as the record beside it tells. */
async function readPassesOrigin(path: string | undefined): Promise<PassesOrigin> {
  const record = path === undefined ? undefined : await readJson(join(dirname(path), RUN_FILES.record));
  const { sandbox, temperature } = toRecord(record?.settings);
  return { ...isText(sandbox) && { sandbox }, ...isNumber(temperature) && { temperature } };
}

/** The values themselves, which only `detect --reveal` writes. */
async function readValues(path: string | undefined): Promise<Map<string, string>> {
  if (path === undefined) {
    throw new Error("Cannot show the secrets: none of the tables is detect's: give that of detect --reveal");
  }
  const rows = await readRows(path, { ...SECRET_COLUMNS, value: "text" });
  return new Map(rows.map((row) => [placeKey(row), row.value]));
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
  return perMetric(THRESHOLD_METRICS, mean);
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

/** Names a model that `evaluate` called by its folder after its method, where no other model is called so. */
function methodNames(histories: readonly History[], models: readonly string[]): (model: string) => string {
  const methods = histories.map(({ method }) => method);
  const isTaken = ({ folder, method }: History) =>
    methods.indexOf(method) !== methods.lastIndexOf(method) || (folder !== method && models.includes(method));
  const names = new Map(histories.map((row) => [row.folder, isTaken(row) ? row.folder : row.method]));
  return (model) => names.get(model) ?? model;
}
