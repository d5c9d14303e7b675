/**
 * The records of the runs that a certificate rests on: which model `unlearn` began with and what it wrote, and which model
 * `attack` attacked. What has changed since, or belongs to another run, certifies nothing.
 *
 * @module
 */
import { join } from "node:path";
import { METHODS } from "../unlearning/objectives.ts";
import type { Certificate } from "../report/certificate.ts";
import type { Json } from "./command.ts";
import { fileDigest } from "./model_digests.ts";
import { contentOf } from "./run_content.ts";
import { readRunRecord } from "./run_folder.ts";
import type { RunRecord } from "./run_record.ts";
import { MATCHED } from "./unlearn_thresholds.ts";

/** What is certified, by the paths of its parts. */
export interface CertifiedPaths {
  /** The folder that `unlearn` wrote. */
  model: string;
  /** The model before: a folder, or a GGUF file. */
  before: string;
  /** The forget set. */
  forget: string;
  /** The folder that `attack` wrote. */
  attacks: string;
}

/** Settings that are numbers or truth values are told; of words those of such a list. */
const WORDS: { readonly [setting: string]: readonly string[] } = {
  method: METHODS,
  scope: ["secret", "row"],
  retainLoss: ["nll", "kl", "hidden"],
  stop: ["secret", "group"],
  compat: ["sound", "paper", "reference"],
  dtype: ["float32", "tf32", "bfloat16"],
  saveDtype: ["float32", "float16", "bfloat16"],
};

/**
 * The records of both runs, when they are of these files as they are now.
 *
 * @throws {Error} when a folder is not of a finished run of its command, or something is not what the run read or wrote
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { certifiedRuns } from "./certified_run.ts";
 *
 * const model = await Deno.makeTempDir();
 * const paths = { model, before: model, forget: "forget.parquet", attacks: model };
 * await assertRejects(() => certifiedRuns(paths), Error, "it holds no finished run of unlearn");
 * ```
 */
export async function certifiedRuns(
  { model, before, forget, attacks }: CertifiedPaths,
): Promise<{ unlearn: RunRecord; attack: RunRecord }> {
  const unlearn = await finishedRun(model, "unlearn");
  const attack = await finishedRun(attacks, "attack");
  await checkOutputs(model, unlearn);
  await checkOutputs(attacks, attack);
  await checkInputs(unlearn, model, [["model", before], ["forget", forget]]);
  const ofAttack = [["model", model], ["forget", forget]] as [string, string][];
  if (attack.inputs["model before"] !== undefined) ofAttack.push(["model before", before]);
  await checkInputs(attack, attacks, ofAttack);
  return { unlearn, attack };
}

async function finishedRun(folder: string, command: string): Promise<RunRecord> {
  const record = await readRunRecord(folder);
  if (record?.command === command && record.status === "finished") return record;
  throw new Error(`Cannot certify "${folder}": it holds no finished run of ${command}: run ${command} first`);
}

async function checkOutputs(folder: string, { command, outputs }: RunRecord): Promise<void> {
  for (const [name, content] of Object.entries(outputs)) {
    const now = await contentOf(join(folder, name)).catch(() => null);
    if (content !== null && now !== content) {
      throw new Error(`Cannot certify "${folder}": "${name}" has changed since ${command} wrote it`);
    }
  }
}

/** The model of a run is a folder whose own files count. */
async function checkInputs(
  { command, inputs }: RunRecord,
  folder: string,
  paths: readonly [name: string, path: string][],
): Promise<void> {
  for (const [name, path] of paths) {
    if (inputs[name] === await contentOf(path, { isFlat: true })) continue;
    throw new Error(
      `Cannot certify "${folder}": its ${command} read another ${name} than "${path}": give the one that it read`,
    );
  }
}

/**
 * How the model was made, without the paths that its settings name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { certifiedMethod } from "./certified_run.ts";
 *
 * const settings = { method: "ga", lr: 1e-4, corpus: "/home", thresholds: "matched" };
 * const { name, thresholds, settings: told } = certifiedMethod({ settings });
 * assertEquals([name, thresholds, told], ["ga", "matched", { lr: 1e-4 }]);
 * ```
 */
export function certifiedMethod({ settings }: Pick<RunRecord, "settings">): Certificate["method"] {
  const told = Object.entries(settings).filter(([name, value]) =>
    name !== "method" && (["number", "boolean"].includes(typeof value) || isWord(name, value))
  );
  const { method, thresholds } = settings;
  return {
    name: method !== undefined && isWord("method", method) ? String(method) : "unknown",
    thresholds: thresholds === MATCHED ? "matched" : thresholds === undefined ? "given" : "table",
    settings: Object.fromEntries(told) as Certificate["method"]["settings"],
  };
}

function isWord(name: string, value: Json): boolean {
  return typeof value === "string" && (WORDS[name]?.includes(value) ?? false);
}

/**
 * SHA-256 of a table that a run read, where it still stands as the run read it; null otherwise.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { inputDigest } from "./certified_run.ts";
 *
 * assertEquals(await inputDigest({ settings: { retain: "/nowhere" }, inputs: {} }, "retain"), null);
 * ```
 */
export async function inputDigest(
  { settings, inputs }: Pick<RunRecord, "settings" | "inputs">,
  name: string,
): Promise<string | null> {
  const path = settings[name];
  if (typeof path !== "string" || inputs[name] === undefined) return null;
  const content = await contentOf(path).catch(() => null);
  return content === inputs[name] ? await fileDigest(path) : null;
}
