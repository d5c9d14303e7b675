/**
 * What all runs of a sweep share, made once by the commands that a user would run: secrets, thresholds, scores, forget sets,
 * the retain set, and what the model as it came scores on each of them.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FORGET_COLUMNS, PROBE_COLUMNS, PROOF_COLUMNS, PROOF_NAMES } from "../datasets/columns.ts";
import { type ForgetRow, qualifyingIds, qualifyingRows, takeGroup } from "../datasets/forget_set.ts";
import { PythonRandom } from "../datasets/python_random.ts";
import { resolveCorpus } from "../datasets/resolve_corpus.ts";
import { readRows, writeRows } from "../datasets/row_table.ts";
import { embeddedCorpusFiles, writeEmbeddedCorpus } from "../embedded/write_embedded_corpus.ts";
import { PLANTING_BIGRAMS_FILE } from "../embedded/planting_bigrams.ts";
import { makeFolder } from "../files/folders.ts";
import { RUN_FILES } from "../report/run_files.ts";
import type { Context } from "./command.ts";
import { command as detect } from "./commands/detect.ts";
import { setUpWithProgress } from "./commands/doctor.ts";
import { command as evaluate } from "./commands/evaluate.ts";
import { command as humaneval } from "./commands/humaneval.ts";
import { command as probe } from "./commands/probe.ts";
import { command as retain } from "./commands/retain.ts";
import { command as thresholds } from "./commands/thresholds.ts";
import { givenCorpus } from "./corpus_options.ts";
import { EMBEDDED_MODEL } from "./model_folder.ts";
import { resolvePath } from "./options.ts";
import { readDigests } from "./read_digests.ts";
import type { Stages } from "./stages.ts";
import { EMBEDDED, type SweepConfig } from "./sweep_config.ts";
import { attackBefore } from "./sweep_attacks.ts";
import { beforeFile, forgetFile, SWEEP_FILES, SWEEP_RUN_FILES } from "./sweep_files.ts";
import type { SweepRun } from "./sweep_runs.ts";

/** What a sweep reads. */
export interface SweepTexts {
  /** Where the secrets stand. */
  corpus: string;
  /** Texts that the model cannot have seen. */
  unseen: string | undefined;
  /** Texts without the secrets, to train on further once a run has ended. */
  benign?: string | undefined;
  /** Others, that runs with `lasting` are trained on beside those of the corpus. */
  lastingBenign?: string | undefined;
  /** Letter pairs that the corpus was made with. */
  bigrams?: string;
}

/**
 * Where a sweep's texts lie; those that come with the project need not be there yet.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sweepTexts } from "./sweep_stages.ts";
 *
 * const { corpus, unseen, benign } = sweepTexts({ corpus: "src", benign: "other" }, "/a");
 * assertEquals([corpus, unseen, benign], ["/a/src", undefined, "/a/other"]);
 * ```
 */
export function sweepTexts(
  { corpus, unseen, benign, lastingBenign: own }: Pick<
    SweepConfig,
    "corpus" | "unseen" | "benign" | "lastingBenign"
  >,
  cwd: string,
): SweepTexts {
  const given = (path: string | undefined) => path === undefined ? undefined : resolvePath(path, cwd);
  const lastingBenign = given(own);
  if (corpus !== EMBEDDED) {
    return { corpus: resolvePath(corpus, cwd), unseen: given(unseen), benign: given(benign), lastingBenign };
  }
  const files = embeddedCorpusFiles();
  return {
    ...{ corpus: files.train, unseen: given(unseen) ?? files.unseen, bigrams: PLANTING_BIGRAMS_FILE },
    benign: benign === EMBEDDED ? files.unseen : given(benign),
    lastingBenign,
  };
}

/**
 * Sets up what comes with the project, where the sweep takes its corpus.
 *
 * @throws {Error} as `setUp` and `writeEmbeddedCorpus`
 *
 * @example
 * ```ts
 * import { createProgress } from "./progress.ts";
 * import { setUpTexts } from "./sweep_stages.ts";
 *
 * await setUpTexts({ corpus: "src" }, { progress: createProgress() }); // a user's own: nothing to do
 * ```
 */
export async function setUpTexts(
  { corpus }: Pick<SweepConfig, "corpus">,
  context: Pick<Context, "progress">,
): Promise<void> {
  if (corpus !== EMBEDDED) return;
  await setUpWithProgress(context);
  await writeEmbeddedCorpus(undefined, {
    tokenizer: await Deno.readTextFile(join(EMBEDDED_MODEL, "tokenizer.json")),
  });
}

/** What `unlearn` is given of a machine. */
export interface SweepMachine {
  /** Memory that a run may take, such as 20GB. */
  memory?: string | undefined;
  /** GPUs that share a step's rows out. */
  devices: number;
  /** Other machines that do. */
  hosts?: string | undefined;
}

/** What the shared stages are given. */
export interface SharedWork {
  config: SweepConfig;
  texts: SweepTexts;
  /** What this process may use of its machine; another may use other. */
  machine?: SweepMachine;
  context: Context;
}

/**
 * Detects, measures thresholds, probes and chooses a retain set.
 *
 * @returns the rows that forget sets are made of, in their order
 * @throws {Error} as the commands; {RangeError} when no row qualifies
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { Stages } from "./stages.ts";
 * import { prepareRows, type SharedWork } from "./sweep_stages.ts";
 *
 * const signal = new AbortController().signal;
 * const own = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const context = { ...own, force: false, settings: {} };
 * const work = { config: { detect: {}, reading: {} }, texts: { corpus: "/nowhere" }, context } as unknown as SharedWork;
 * const stages = new Stages(context, await Deno.makeTempDir());
 * await assertRejects(() => prepareRows(stages, work), Error, "/nowhere");
 * ```
 */
export async function prepareRows(
  stages: Stages,
  { config, texts, context }: SharedWork,
): Promise<ForgetRow[]> {
  const { model, dtype, reading } = config;
  const { corpus, unseen, bigrams } = texts;
  const path = (name: keyof typeof RUN_FILES) => stages.path(RUN_FILES[name]);
  const secrets = path("secrets");
  await stages.run("detect", detect, { bigrams, ...reading, ...config.detect, corpus, out: secrets });
  if (unseen !== undefined) {
    const own = { ...config.thresholds, model, dtype, texts: unseen };
    await stages.run("thresholds", thresholds, { ...own, out: path("thresholds") });
  }
  await stages.run("probe", probe, { ...reading, model, dtype, corpus, secrets, out: path("probe") });
  const kept = { ...reading, ...config.retain, model, dtype, texts: corpus, secrets };
  await stages.run("retain", retain, { ...kept, out: path("retain") });
  const rows = stages.path(SWEEP_FILES.rows);
  if (!existsSync(rows)) {
    await writeRows(rows, await qualifying(path("probe"), { config, texts, context }), FORGET_COLUMNS);
  }
  return await readRows(rows, FORGET_COLUMNS);
}

/** All rows that qualify, shuffled as `select` does. */
async function qualifying(probed: string, { config, texts, context }: SharedWork): Promise<ForgetRow[]> {
  using given = await givenCorpus(texts.corpus, config.reading);
  const rows = await readRows(probed, { ...PROBE_COLUMNS, ...PROOF_COLUMNS }, { optional: PROOF_NAMES });
  const source = await resolveCorpus(given.path, given.options);
  const wanted = qualifyingIds(rows, config.select);
  const digests = await readDigests({ rows, wanted }, { source, options: given.options }, context);
  const found = qualifyingRows(rows, (id) => digests.get(id), config.select);
  if (found.length === 0) {
    throw new RangeError(
      'Cannot choose forget sets: no row qualifies: give "select" a smaller "minMa" or "minMaskTokens"',
    );
  }
  return new PythonRandom(context.seed).shuffle(found);
}

/**
 * Writes the forget sets of runs, and scores and attacks the model as it came on each: what later runs are compared with.
 *
 * @throws {Error} as `evaluate`, `attack` and `humaneval`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { prepareSets, type SharedWork } from "./sweep_stages.ts";
 * import type { Stages } from "./stages.ts";
 *
 * const work = { config: { reading: {} }, texts: { corpus: "/c" } } as unknown as SharedWork;
 * const stages = { out: await Deno.makeTempDir(), path: (name: string) => name } as Stages;
 * await prepareSets(stages, work, { rows: [], runs: [] });
 * assertEquals([...Deno.readDirSync(stages.out)].map(({ name }) => name).sort(), ["before", "sets"]);
 * ```
 */
export async function prepareSets(
  stages: Stages,
  { config, texts }: SharedWork,
  { rows, runs }: { rows: readonly ForgetRow[]; runs: readonly Pick<SweepRun, "k" | "set">[] },
): Promise<void> {
  for (const folder of [SWEEP_FILES.sets, SWEEP_FILES.before]) await makeFolder(join(stages.out, folder));
  const sets = new Map(runs.map(({ k, set }) => [forgetFile(stages.out, { k, set }), { k, set }]));
  for (const [forget, { k, set }] of sets) {
    if (!existsSync(forget)) await writeRows(forget, takeGroup(rows, { k, group: set }), FORGET_COLUMNS);
    await stages.run(`before, ${k} rows, set ${set}`, evaluate, {
      ...evaluationFlags({ config, texts }, stages.path(RUN_FILES.retain)),
      ...{ model: [config.model], forget, out: beforeFile(stages.out, { k, set }) },
    });
    await attackBefore(stages, { config, texts }, { k, set });
  }
  if (config.humaneval) {
    const out = join(stages.path(SWEEP_FILES.before), SWEEP_RUN_FILES.humaneval);
    await stages.run("humaneval before", humaneval, {
      ...config.humaneval,
      model: config.model,
      dtype: config.dtype,
      out,
    });
  }
}

/**
 * The flags by which models before and after are evaluated alike.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { evaluationFlags, type SharedWork } from "./sweep_stages.ts";
 *
 * const work = { config: { evaluate: { maxTexts: 8 }, reading: {} }, texts: { corpus: "/c" } } as unknown as SharedWork;
 * const { maxTexts, retain } = evaluationFlags(work, "/r.parquet");
 * assertEquals([maxTexts, retain], [8, "/r.parquet"]);
 * ```
 */
export function evaluationFlags(
  { config, texts }: Pick<SharedWork, "config" | "texts">,
  retain: string,
): { [flag: string]: unknown } {
  const { corpus, unseen } = texts;
  const skipUnseenEl = unseen !== undefined; // no table of a sweep has it
  return { ...config.reading, ...config.evaluate, dtype: config.dtype, corpus, retain, unseen, skipUnseenEl };
}
