/**
 * `--plan`: what a command that scores row by row would take, of rows, time and memory, said without writing anything. Time
 * is that of a few rows of random tokens, of which a model knows nothing: it has all of them to decode, so it is the most.
 *
 * @module
 */
import { memoryBudget } from "../engine/memory_budget.ts";
import type { Products } from "../engine/compile.ts";
import { countDocuments } from "../datasets/corpus_pieces.ts";
import { PythonRandom } from "../datasets/python_random.ts";
import { resolveCorpus } from "../datasets/resolve_corpus.ts";
import { scoringBytes } from "../evaluation/scoring_memory.ts";
import type { CommandResult, Context, OptionSpec } from "./command.ts";
import type { GivenCorpus } from "./corpus_options.ts";
import { describeNeed, memoryLeft, modelSizes } from "./memory.ts";
import { modelFolder } from "./model_folder.ts";
import { formatSeconds } from "./progress.ts";
import { type ModelSession, openEngine, openModel } from "./session.ts";
import { resolveShard } from "./shard.ts";

/** The option that asks for it. */
export const PLAN_OPTION = {
  kind: "flag",
  describe: "say how many rows, how long and how much memory, and write nothing",
} as const satisfies OptionSpec;

/** What would be done. */
export interface PlannedWork {
  model: string;
  /** The folder of an adapter for it. */
  adapter?: string | undefined;
  dtype: Products;
  unit: "secrets" | "texts";
  /** Rows of all shards; null where only reading the corpus would tell. */
  rows: number | null;
  /** `--shard` as it was given. */
  shard: string | undefined;
  /** Tokens of a row, at most. */
  tokens: number;
  /** Scores rows of so many tokens. */
  score: (session: ModelSession, rows: readonly Int32Array[]) => Promise<unknown>;
}

/** Rows that are tried, fewer than are scored at once, as it is to take seconds; twice, as the first time captures steps. */
const [ROWS, TRIES] = [8, 2];

/**
 * Says what work would take.
 *
 * @throws {Error} as `openModel`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { planScores } from "./plan.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const work = { model: "embedded", dtype: "float32" as const, unit: "texts" as const, rows: 128, shard: "0/2", tokens: 8 };
 * const { summary } = await planScores({ ...work, score: () => Promise.resolve() }, context);
 * assertEquals([summary.plan, summary.texts], [true, 64]);
 * ```
 */
export async function planScores(
  { model, adapter, dtype, unit, rows, shard: given, tokens, score }: PlannedWork,
  context: Pick<Context, "cwd" | "progress" | "signal">,
): Promise<CommandResult> {
  const shard = resolveShard(given, Deno.env.toObject());
  const own = rows === null ? null : Math.ceil(rows / (shard?.count ?? 1));
  const sizes = await modelSizes(await modelFolder(model, context));
  using _engine = await openEngine();
  const free = memoryLeft();
  using session = await openModel(model, context, { products: dtype, adapter });
  const { config } = session.loaded.model;
  const length = Math.min(tokens, config.maxPositions);
  const random = new PythonRandom(1);
  const sample = Array.from(
    { length: ROWS },
    () => Int32Array.from({ length }, () => random.randbelow(config.vocabularySize)),
  );
  let seconds = Infinity;
  for (let i = 0; i < TRIES; i++) {
    const startedAt = performance.now();
    await score(session, sample);
    seconds = Math.min(seconds, (performance.now() - startedAt) / 1000 / sample.length);
  }
  const counted = own ?? 1000;
  const bytes = scoringBytes(sizes, { tokens: length, dtype, budget: memoryBudget() });
  const lines = [
    own === null ? `Rows: only reading the corpus would tell how many ${unit}` : `Rows: ${own} ${unit}`,
    `Time: at most about ${formatSeconds(1000 * seconds * counted)}${
      own === null ? ` for 1000 ${unit}` : ""
    }, and that of reading the corpus`,
    describeNeed(bytes, sizes, free),
  ];
  return {
    text: lines.join("\n"),
    summary: {
      plan: true,
      [unit]: own,
      [own === null ? "seconds_of_1000" : "seconds"]: Number((seconds * counted).toPrecision(3)),
      memory_bytes: Math.round(bytes),
    },
  };
}

/** Texts that would be scored. */
export interface PlannedTexts extends Omit<PlannedWork, "unit" | "rows"> {
  /** Texts that are taken, at most. */
  maxTexts?: number | undefined;
}

/**
 * Says what scoring the texts of a corpus would take.
 *
 * @throws {Error} as `resolveCorpus` and `openModel`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { givenCorpus } from "./corpus_options.ts";
 * import { createProgress } from "./progress.ts";
 * import { planTexts } from "./plan.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.py", "b.py"]) await Deno.writeTextFile(`${folder}/${name}`, "x = 1\n");
 * const columns = { textColumn: undefined, idColumn: [], pathColumn: undefined };
 * using texts = await givenCorpus(folder, { ...columns, format: undefined });
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const work = { model: "embedded", dtype: "float32" as const, shard: "0/1", tokens: 8, maxTexts: 1 };
 * const { summary } = await planTexts(texts, { ...work, score: () => Promise.resolve() }, context);
 * assertEquals(summary.texts, 1);
 * ```
 */
export async function planTexts(
  { path, options }: Pick<GivenCorpus, "path" | "options">,
  { maxTexts, ...work }: PlannedTexts,
  context: Pick<Context, "cwd" | "progress" | "signal">,
): Promise<CommandResult> {
  const count = await countDocuments(await resolveCorpus(path, options), options);
  const rows = maxTexts === undefined ? count : Math.min(maxTexts, count ?? maxTexts);
  return await planScores({ ...work, unit: "texts", rows }, context);
}
