/**
 * The attacks of a sweep, where its file asks for them: on each run's model, and once on the model as it came with each
 * forget set, so that a row says what is left and what there was.
 *
 * @module
 */
import { join } from "node:path";
import { RELEARN_RATES } from "../attacks/relearn.ts";
import { readRelearnVariant } from "../attacks/relearn_variant.ts";
import type { RowOf } from "../datasets/row_table.ts";
import type { SWEEP_LATER_COLUMNS } from "../datasets/sweep_columns.ts";
import { readRegularText } from "../files/read_file.ts";
import type { AttackReport } from "./attack_report.ts";
import { command as attack } from "./commands/attack.ts";
import type { Stages } from "./stages.ts";
import type { SweepConfig } from "./sweep_config.ts";
import { attacksBefore, forgetFile } from "./sweep_files.ts";
import type { SweepRun } from "./sweep_runs.ts";

/** What attacks say of a run. */
export type AttackMeasures = Partial<RowOf<typeof SWEEP_LATER_COLUMNS>>;

/** Of a sweep, what attacks need. */
export interface AttackedSweep {
  /** The file. */
  config: Pick<SweepConfig, "model" | "dtype" | "reading" | "attack">;
  /** Where the secrets stand, and texts without them. */
  texts: { corpus: string; benign?: string | undefined };
}

const MAX_REPORT_BYTES = 2 ** 24;

/**
 * The flags by which models before and after are attacked alike.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { attackFlags } from "./sweep_attacks.ts";
 *
 * const config = { model: "m", attack: { attacks: ["exposure" as const], controls: 9 }, reading: {} };
 * const { attacks, controls, forget } = attackFlags({ config, texts: { corpus: "/c" } }, "/f.parquet");
 * assertEquals([attacks, controls, forget], [["exposure"], 9, "/f.parquet"]);
 * ```
 */
export function attackFlags(
  { config, texts }: AttackedSweep,
  forget: string,
): { [flag: string]: unknown } {
  const { corpus, benign } = texts;
  const { relearnSteps, relearnRates = RELEARN_RATES, ...options } = config.attack ?? {};
  const training = { relearnSteps: relearnSteps?.map(String), relearnRates: relearnRates.map(String) };
  return { ...config.reading, ...options, ...training, dtype: config.dtype, corpus, forget, benign };
}

/**
 * Attacks the model as it came with a forget set's secrets; what is trained further brings back was never gone there, so
 * `relearn` is left out. Does nothing where the file asks for no other attack.
 *
 * @throws {Error} as `attack`
 *
 * @example
 * ```ts
 * import { attackBefore } from "./sweep_attacks.ts";
 * import type { Stages } from "./stages.ts";
 *
 * const config = { model: "m", attack: { attacks: ["relearn" as const] }, reading: {} };
 * await attackBefore({} as Stages, { config, texts: { corpus: "/c" } }, { k: 8, set: 0 }); // asks for nothing
 * ```
 */
export async function attackBefore(
  stages: Stages,
  { config, texts }: AttackedSweep,
  { k, set }: Pick<SweepRun, "k" | "set">,
): Promise<void> {
  const attacks = config.attack?.attacks.filter((name) => name !== "relearn") ?? [];
  if (attacks.length === 0) return;
  await stages.run(`attacks before, ${k} rows, set ${set}`, attack, {
    ...attackFlags({ config, texts }, forgetFile(stages.out, { k, set })),
    ...{ attacks, benign: undefined, model: config.model, out: attacksBefore(stages.out, { k, set }) },
  });
}

/**
 * Reads what `attack` found; undefined where there is nothing.
 *
 * @param folder that it wrote
 * @throws {Error} when it cannot be read; {SyntaxError} when it is no JSON
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readAttacks } from "./sweep_attacks.ts";
 *
 * const folder = await Deno.makeTempDir();
 * assertEquals(await readAttacks(folder), undefined);
 * await Deno.writeTextFile(`${folder}/attacks.json`, '{ "secrets": 2 }');
 * assertEquals((await readAttacks(folder))?.secrets, 2);
 * ```
 */
export async function readAttacks(folder: string): Promise<AttackReport | undefined> {
  const path = join(folder, "attacks.json");
  if (!await Deno.stat(path).catch(() => null)) return undefined; // none were asked for
  const text = await readRegularText(path, { what: "the attacks", maxBytes: MAX_REPORT_BYTES });
  return JSON.parse(text);
}

/**
 * What attacks found, as a run's row has it; null where one was not tried.
 *
 * @param before on the model as it came
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { attackMeasures } from "./sweep_attacks.ts";
 *
 * const half = { estimate: 0.5, low: 0, high: 1 };
 * const extracted_by_any = [{ model: "after", secrets: half, controls: null }];
 * const area = { ...half, score: "loss" as const, two_sided: 0.5, reading: "neither" as const, model: "after" };
 * const found = { secrets: 2, values: 2, extracted_by_any, membership: [area], attacks: [], left_out: [] };
 * const { extracted, extracted_controls, membership_before, recovered } = attackMeasures(found, found);
 * assertEquals([extracted, extracted_controls, membership_before, recovered], [0.5, null, 0.5, null]);
 * ```
 */
export function attackMeasures(
  after: AttackReport | undefined,
  before: AttackReport | undefined,
): AttackMeasures {
  return {
    recovered: recoveredIn(after),
    extracted_before: before?.extracted_by_any[0]?.secrets?.estimate ?? null,
    extracted: after?.extracted_by_any[0]?.secrets?.estimate ?? null,
    extracted_controls: after?.extracted_by_any[0]?.controls?.estimate ?? null,
    exposure_before: exposureIn(before),
    exposure: exposureIn(after),
    membership_before: membershipIn(before),
    membership: membershipIn(after),
  };
}

/** Of the trainings on benign texts, the one that brings back most beside the controls. */
function recoveredIn(report: AttackReport | undefined): number | null {
  const found = (report?.attacks ?? []).flatMap(({ attack, variant, difference }) =>
    attack === "relearn" && difference && readRelearnVariant(variant)?.isHalf === false
      ? [difference.estimate]
      : []
  );
  return found.length > 0 ? Math.max(...found) : null;
}

function exposureIn(report: AttackReport | undefined): number | null {
  const ranks = report?.attacks.find(({ attack, variant }) => attack === "exposure" && variant === "rank");
  return ranks?.median?.estimate ?? null;
}

function membershipIn(report: AttackReport | undefined): number | null {
  return report?.membership.find(({ score }) => score === "loss")?.estimate ?? null;
}
