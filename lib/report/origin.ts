/**
 * Where a run comes from: when and on what it was made, of which model and texts, by content. It stands in the records that
 * commands write beside what they write; those of earlier versions lack some of it.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { formatBytes, formatCount } from "./format.ts";
import { readJson, toRecord } from "./read_json.ts";

type Json = Readonly<Record<string, unknown>>;

/** What is read of a run, by the names that records give it. */
const INPUTS = [
  ["model", "Model"],
  ["corpus", "Corpus"],
  ["forget", "Forget set"],
  ["retain", "Retain set"],
  ["thresholds", "Thresholds"],
] as const;

/** The folder of the records of single files, beside them. */
const RECORDS = ".codescrub";

/**
 * The records of tables, as far as they have any.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tableRecords } from "./origin.ts";
 *
 * assertEquals(await tableRecords([`${await Deno.makeTempDir()}/probe.parquet`]), []);
 * ```
 */
export async function tableRecords(paths: readonly string[]): Promise<Json[]> {
  const records = await Promise.all(
    paths.map((path) => readJson(join(dirname(path), RECORDS, `${basename(path)}.json`))),
  );
  return records.filter((record) => record !== undefined);
}

/**
 * What records say of a run's origin, by its label.
 *
 * @param records the most telling first
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { originOf } from "./origin.ts";
 *
 * const machine = { system: "linux", processor: "x86_64", cores: 2, memory_bytes: 2 ** 34 };
 * assertEquals(originOf([{ finished_at: "2026-11-29T01:30:00.000Z", machine, inputs: { model: "sha256:00" } }]), {
 *   Finished: "2026-11-29 01:30 UTC",
 *   Machine: "x86_64, 2 cores, 16.0 GiB, linux",
 *   Model: "sha256:00",
 * });
 * assertEquals(originOf([{}]), {});
 * ```
 */
export function originOf(records: readonly Json[]): Record<string, string> {
  const dates = records.map(({ finished_at }) => textOf(finished_at)).filter((date) => DATE.test(date))
    .sort();
  const machines = records.map(({ machine }) => describeMachine(toRecord(machine))).filter(Boolean);
  const commit = records.map(({ commit }) => textOf(commit)).find(Boolean);
  const rows: [label: string, text: string | undefined][] = [
    ["Finished", dates.at(-1)?.replace(DATE, "$1 $2 UTC")],
    ["Machine", [...new Set(machines)].join("; ")],
    ["Commit of CodeScrub", commit],
    ...INPUTS.map(([name, label]): [string, string] => [label, describeInput(records, name)]),
  ];
  return Object.fromEntries(rows.filter((row): row is [string, string] => Boolean(row[1])));
}

const DATE = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)\S*$/;

function describeMachine({ system, processor, cores, memory_bytes }: Json): string {
  return [
    textOf(processor),
    ...typeof cores === "number" ? [`${formatCount(cores)} core${cores === 1 ? "" : "s"}`] : [],
    ...typeof memory_bytes === "number" ? [formatBytes(memory_bytes)] : [],
    textOf(system),
  ].filter(Boolean).join(", ");
}

/** The last part of its path, which names no place on a machine, and the hash of its content. */
function describeInput(records: readonly Json[], name: string): string {
  const record = records.find(({ inputs }) => textOf(toRecord(inputs)[name]) !== "");
  if (!record) return "";
  const path = textOf(toRecord(record.settings)[name]);
  const last = path.split(/[\\/]/).filter(Boolean).at(-1);
  return [...last === undefined ? [] : [last], textOf(toRecord(record.inputs)[name])].join(", ");
}

const textOf = (value: unknown) => typeof value === "string" ? value : "";
