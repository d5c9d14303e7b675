/**
 * `attack --plan`: which attacks on how many secrets, how many continuations run through the model for each, and about how
 * long that takes, from a few of random tokens. Nothing is written, and the corpus is not read.
 *
 * @module
 */
import { BEAMS } from "../attacks/extraction.ts";
import { CONTEXT_TOKENS } from "../attacks/prefix_variants.ts";
import { ROUNDINGS } from "../attacks/round_weights.ts";
import type { AttackName } from "../attacks/run_attack.ts";
import type { ForgetRow } from "../datasets/forget_set.ts";
import { readForgetSpans } from "../datasets/forget_spans.ts";
import { PythonRandom } from "../datasets/python_random.ts";
import { PREFIX_TOKENS, SECRET_TOKENS } from "../datasets/token_counts.ts";
import { BeamSearch } from "../decoding/beam_search.ts";
import { SuffixPass } from "../decoding/suffix_pass.ts";
import type { Products } from "../engine/compile.ts";
import type { Model } from "../models/model.ts";
import type { CommandResult, Context } from "./command.ts";
import { formatTable } from "./console.ts";
import { formatSeconds } from "./progress.ts";
import { openModel } from "./session.ts";

/** How much is attacked. */
export interface AttackAmounts {
  /** See `AttackInput`. */
  controls: number;
  /** See `AttackInput`. */
  attackedControls: number;
  /** See `AttackInput`. */
  draws: number;
}

/** What is planned. */
export interface PlannedAttacks extends AttackAmounts {
  model: string;
  before: string | undefined;
  dtype: Products;
  attacks: readonly AttackName[];
  /** The forget set's. */
  rows: readonly Pick<ForgetRow, "doc_id" | "spans">[];
}

/** Ways to ask that are not the context's length: the line, other quotes and names, another file, the question alone. */
const OTHER_WAYS = 5;
/** Texts and continuations of each that are timed; twice, as the first time captures steps. */
const [TEXTS, CONTINUATIONS, TRIES] = [8, 32, 2];

/**
 * How much of each kind of work an attack is, for a secret of a model.
 *
 * @returns continuations that run teacher-forced; those that are searched for or drawn, token by token, at most
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { workOf } from "./attack_plan.ts";
 *
 * const amounts = { controls: 100, attackedControls: 4, draws: 0 };
 * assertEquals(workOf("exposure", amounts), { passes: 101, decodes: 0 });
 * assertEquals(workOf("extract", amounts), { passes: 5, decodes: 80 });
 * ```
 */
export function workOf(
  attack: AttackName,
  { controls, attackedControls, draws }: AttackAmounts,
): { passes: number; decodes: number } {
  const all = 1 + attackedControls;
  const passes = {
    exposure: 1 + controls,
    membership: all,
    extract: all,
    prefix: all * (CONTEXT_TOKENS.length + OTHER_WAYS),
    quantize: all * Object.keys(ROUNDINGS).length,
  };
  return { passes: passes[attack], decodes: attack === "extract" ? all * (2 * BEAMS + draws) : 0 };
}

/**
 * Says what attacks would take.
 *
 * @throws {Error} as `openModel`; {SyntaxError} when a row's spans are no spans
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { attackPlan } from "./attack_plan.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const amounts = { controls: 9, attackedControls: 1, draws: 0 };
 * const work = { model: "embedded", before: undefined, dtype: "float32" as const, attacks: ["exposure"] as const };
 * const { summary } = await attackPlan({ ...work, ...amounts, rows: [{ doc_id: "a", spans: '[["KEY",0,9]]' }] }, context);
 * assertEquals([summary.secrets, summary.continuations], [1, 10]);
 * ```
 */
export async function attackPlan(
  { model, before, dtype, attacks, rows, ...amounts }: PlannedAttacks,
  context: Pick<Context, "cwd" | "progress" | "signal">,
): Promise<CommandResult> {
  const secrets = rows.flatMap(readForgetSpans).filter(({ tag }) => tag !== null).length;
  const models = before === undefined ? 1 : 2;
  using session = await openModel(model, context, { products: dtype });
  const seconds = await timeWork(session.loaded.model);
  const works = attacks.map((attack) => {
    const { passes, decodes } = workOf(attack, amounts);
    const [continuations, searched] = [passes, decodes].map((each) => each * secrets * models) as [
      number,
      number,
    ];
    return {
      attack,
      continuations,
      searched,
      seconds: continuations * seconds.pass + searched * seconds.decode,
    };
  });
  const total = works.reduce((sum, work) => sum + work.seconds, 0);
  const table = works.map((work) => [
    work.attack,
    work.continuations,
    work.searched,
    formatSeconds(1000 * work.seconds),
  ]);
  return {
    text: [
      `${secrets} secrets, ${models} model${models === 1 ? "" : "s"}`,
      formatTable(["attack", "continuations", "decoded", "about"], table),
      `Time: about ${formatSeconds(1000 * total)}, and that of reading the corpus`,
    ].join("\n"),
    summary: {
      plan: true,
      secrets,
      models,
      attacks: [...attacks],
      continuations: works.reduce((sum, work) => sum + work.continuations, 0),
      decoded: works.reduce((sum, work) => sum + work.searched, 0),
      seconds: Number(total.toPrecision(3)),
    },
  };
}

/** Seconds of a continuation, run and searched for. */
async function timeWork(model: Model): Promise<{ pass: number; decode: number }> {
  const { maxPositions, vocabularySize } = model.config;
  const random = new PythonRandom(1);
  const draw = (length: number) => Array.from({ length }, () => random.randbelow(vocabularySize));
  const tokens = Math.min(SECRET_TOKENS, Math.floor(maxPositions / 2));
  const texts = Array.from({ length: TEXTS }, () => ({
    prefix: draw(Math.min(PREFIX_TOKENS, maxPositions - tokens)),
    suffixes: Array.from({ length: CONTINUATIONS }, () => draw(tokens)),
  }));
  using pass = new SuffixPass(model);
  using search = new BeamSearch(model, { width: BEAMS });
  return {
    pass: await leastSeconds(() => pass.run(texts)) / (TEXTS * CONTINUATIONS),
    decode: await leastSeconds(() => search.run(texts.map(({ prefix }) => ({ prefix, tokens })))) /
      (TEXTS * BEAMS),
  };
}

async function leastSeconds(work: () => Promise<unknown>): Promise<number> {
  let seconds = Infinity;
  for (let i = 0; i < TRIES; i++) {
    const startedAt = performance.now();
    await work();
    seconds = Math.min(seconds, (performance.now() - startedAt) / 1000);
  }
  return seconds;
}
