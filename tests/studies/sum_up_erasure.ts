/**
 * The table of `deno task study:erasure`: a row a method, over all forget sets that are done. Intervals are of secrets,
 * those of one value drawn together; areas are means over the sets, with the least and the largest.
 *
 * @module
 */
import { join } from "node:path";
import { summarizeAttacks } from "../../lib/attacks/summarize_attacks.ts";
import type { AttackReport } from "../../lib/cli/attack_report.ts";
import { ATTACK_COLUMNS, EVALUATION_COLUMNS, PROBE_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { mean } from "../../lib/metrics/mean.ts";
import { formatInterval } from "../../lib/report/format.ts";
import { RUN_FILES } from "../../lib/report/run_files.ts";

/** The columns of the table. */
export const ERASURE_HEADER = [
  "method",
  "sets",
  "above their threshold",
  "20 steps, above controls",
  "100 steps",
  "half, 20 steps",
  "extracted by any",
  "of controls",
  "exposure, bits",
  "area by loss",
  "twins' MA",
  "retain MA",
  "unseen loss",
];

/** A row a method, from a study's folder. */
export async function sumUpErasure(folder: string): Promise<string[][]> {
  const runs: { method: string; path: string }[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const [, method] = /^(.+)_(\d+)$/.exec(name) ?? [];
    const path = join(folder, name);
    const isDone = method !== undefined && await Deno.stat(join(path, RUN_FILES.twins)).catch(() => null);
    if (isDone) runs.push({ method: method.replaceAll("_", " "), path });
  }
  const methods = Map.groupBy(runs.sort((a, b) => a.path < b.path ? -1 : 1), ({ method }) => method);
  return await Promise.all([...methods].map(([method, own]) => row(method, own.map(({ path }) => path))));
}

async function row(method: string, paths: readonly string[]): Promise<string[]> {
  const read = async <T>(get: (path: string) => Promise<T>) => await Promise.all(paths.map(get));
  const attacks = (await read((path) => readRows(join(path, "attacks/attacks.parquet"), ATTACK_COLUMNS)))
    .flat()
    .filter(({ model }) => model === "after");
  const reports = await read(async (path) =>
    JSON.parse(await Deno.readTextFile(join(path, "attacks/attacks.json"))) as AttackReport
  );
  const sets = (await read((path) => readRows(join(path, RUN_FILES.evaluation), EVALUATION_COLUMNS))).flat();
  const twins = (await read((path) => readRows(join(path, RUN_FILES.twins), PROBE_COLUMNS))).flat();
  const summaries = summarizeAttacks(attacks);
  const of = (attack: string, variant: string) =>
    summaries.find((row) => row.attack === attack && row.variant === variant);
  const above = attacks.filter(({ attack, variant }) => attack === "exposure" && variant === "ma");
  const any = (who: "secrets" | "controls") =>
    mean(
      reports.map(({ extracted_by_any }) =>
        extracted_by_any.find(({ model }) => model === "after")?.[who]?.estimate ?? NaN
      ),
    );
  const areas = reports.flatMap(({ membership }) =>
    membership.filter(({ model, score }) => model === "after" && score === "loss").map(({ estimate }) =>
      estimate
    )
  );
  const meanOf = (set: string, metric: "ma" | "nll") =>
    mean(sets.filter((row) => row.set === set).map((row) => row[metric] ?? NaN));
  return [
    method,
    `${paths.length}`,
    `${above.filter(({ score, threshold }) => score! > threshold!).length} of ${above.length}`,
    formatInterval(of("relearn", "20 steps at 0.0003")?.difference),
    formatInterval(of("relearn", "100 steps at 0.0003")?.difference),
    formatInterval(of("relearn", "half, 20 steps at 0.0003")?.difference),
    percent(any("secrets")),
    percent(any("controls")),
    formatInterval(of("exposure", "rank")?.median, 1),
    areas.length === 0
      ? "-"
      : `${mean(areas).toFixed(2)} (${Math.min(...areas).toFixed(2)} to ${Math.max(...areas).toFixed(2)})`,
    mean(twins.flatMap(({ ma }) => ma === null ? [] : [ma])).toFixed(3),
    meanOf("retain", "ma").toFixed(3),
    meanOf("unseen", "nll").toFixed(3),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
