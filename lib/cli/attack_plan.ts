/**
 * `attack --plan`: which attacks on how many secrets, how many continuations run through the model for each, how many steps
 * it is trained, and about how long that takes, from a few of random tokens, and how much memory. Nothing is written, and the corpus is not read.
 *
 * @module
 */
import { BEAMS } from "../attacks/extraction.ts";
import { MEMBERSHIP_CONTROLS } from "../attacks/membership.ts";
import { CONTEXT_TOKENS } from "../attacks/prefix_variants.ts";
import { RELEARN_LENGTH } from "../attacks/relearn.ts";
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
import { timeStep } from "../training/time_step.ts";
import { attackBytes } from "./attack_memory.ts";
import type { CommandResult, Context } from "./command.ts";
import { formatTable } from "./console.ts";
import { describeNeed, memoryLeft, modelSizes } from "./memory.ts";
import { modelFolder } from "./model_folder.ts";
import { formatSeconds } from "./progress.ts";
import type { RelearnGrid } from "./relearn_texts.ts";
import { openEngine, openModel } from "./session.ts";

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
  /** The folder of an adapter for it. */
  adapter?: string | undefined;
  before: string | undefined;
  /** A model that never saw the secrets. */
  neverSeen?: string | undefined;
  dtype: Products;
  /** The attacks on each model. */
  chosen: { after: readonly AttackName[]; before: readonly AttackName[] };
  /** Texts without the secrets. */
  benign?: string | undefined;
  /** How long `relearn` trains. */
  grid: RelearnGrid;
  /** The forget set's. */
  rows: readonly Pick<ForgetRow, "doc_id" | "spans">[];
}

/** Ways to ask that are not the context's length: the line, other quotes and names, another file, the question alone. */
const OTHER_WAYS = 5;
/** Beam searches for a secret, in vain or not, which find its controls too: of all, of its format, weighed. */
const SEARCHES = 3;
/** Texts and continuations of each that are timed; twice, as the first time captures steps. */
const [TEXTS, CONTINUATIONS, TRIES] = [8, 32, 2];

/**
 * How much of each kind of work an attack is, for a secret of a model.
 *
 * @param amounts.layers of the model @param amounts.trainings of `relearn` @param amounts.compared whether the model before
 * is run beside it @param amounts.neverSeen whether one that never saw the secrets is
 * @returns continuations that run teacher-forced; those that are searched for or drawn, token by token, at most
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { workOf } from "./attack_plan.ts";
 *
 * const amounts = { controls: 100, attackedControls: 4, draws: 0, layers: 2, trainings: 3, compared: true, neverSeen: false };
 * assertEquals(workOf("exposure", amounts), { passes: 101, decodes: 0 });
 * assertEquals(workOf("extract", amounts), { passes: 5, decodes: 24 });
 * assertEquals(workOf("membership", amounts), { passes: 2 * 11, decodes: 0 });
 * assertEquals(workOf("depth", amounts), { passes: 3 + 2 * 4, decodes: 0 });
 * ```
 */
export function workOf(
  attack: AttackName,
  { controls, attackedControls, draws, layers, trainings, compared, neverSeen }: AttackAmounts & {
    layers: number;
    trainings: number;
    compared: boolean;
    neverSeen: boolean;
  },
): { passes: number; decodes: number } {
  const all = 1 + attackedControls;
  const passes = {
    exposure: 1 + controls,
    membership: (1 + MEMBERSHIP_CONTROLS) * (compared ? 2 : 1),
    extract: all,
    prefix: all * (CONTEXT_TOKENS.length + OTHER_WAYS),
    quantize: all * Object.keys(ROUNDINGS).length,
    depth: 1 + layers * (neverSeen ? 2 : 1) + 2 * attackedControls,
    relearn: trainings * all,
  };
  return { passes: passes[attack], decodes: attack === "extract" ? all * draws + SEARCHES * BEAMS : 0 };
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
 * const chosen = { after: ["exposure"] as const, before: [] };
 * const work = { model: "embedded", before: undefined, dtype: "float32" as const, chosen, grid: { steps: [5], learningRates: [1e-4], ownRate: null } };
 * const { summary } = await attackPlan({ ...work, ...amounts, rows: [{ doc_id: "a", spans: '[["KEY",0,9]]' }] }, context);
 * assertEquals([summary.secrets, summary.continuations], [1, 10]);
 * ```
 */
export async function attackPlan(
  { model, adapter, before, neverSeen, dtype, chosen, benign, grid, rows, ...amounts }: PlannedAttacks,
  context: Pick<Context, "cwd" | "progress" | "signal">,
): Promise<CommandResult> {
  const secrets = rows.flatMap(readForgetSpans).filter(({ tag }) => tag !== null).length;
  const models = [model, before, neverSeen].filter((name) => name !== undefined).length;
  const sizes = await modelSizes(await modelFolder(model, context));
  using _engine = await openEngine();
  const free = memoryLeft();
  const bytes = attackBytes(sizes, { attacks: chosen.after, models, dtype, length: grid.length });
  const doesTrain = chosen.after.includes("relearn");
  using session = await openModel(model, context, { products: dtype, trainable: doesTrain, adapter });
  const seconds = await timeWork(session.loaded.model);
  const secondsOfStep = doesTrain ? await timeStep(session.loaded.model, grid.length ?? RELEARN_LENGTH) : 0;
  const { layers } = session.loaded.model.config;
  const sets = benign === undefined ? 1 : 2; // half of the forget set is always there
  const trainings = sets * grid.steps.length * grid.learningRates.length;
  const works = chosen.after.map((attack) => {
    const compared = before !== undefined;
    const work = { ...amounts, layers, trainings, neverSeen: neverSeen !== undefined };
    const each = [
      workOf(attack, { ...work, compared }),
      ...compared && chosen.before.includes(attack) ? [workOf(attack, { ...work, compared: false })] : [],
    ];
    const continuations = secrets * each.reduce((sum, { passes }) => sum + passes, 0);
    const searched = secrets * each.reduce((sum, { decodes }) => sum + decodes, 0);
    const steps = attack !== "relearn"
      ? 0
      : sets * grid.learningRates.length * grid.steps.reduce((sum, count) => sum + count, 0);
    return {
      ...{ attack, continuations, searched, steps },
      seconds: continuations * seconds.pass + searched * seconds.decode + steps * secondsOfStep,
    };
  });
  const sum = (of: (work: typeof works[number]) => number) =>
    works.reduce((total, work) => total + of(work), 0);
  const total = sum(({ seconds }) => seconds);
  const table = works.map((work) => [
    work.attack,
    work.continuations,
    work.searched,
    work.steps,
    formatSeconds(1000 * work.seconds),
  ]);
  return {
    text: [
      `${secrets} secrets, ${models} model${models === 1 ? "" : "s"}`,
      formatTable(["attack", "continuations", "decoded", "steps", "about"], table),
      `Time: about ${formatSeconds(1000 * total)}, and that of reading the corpus`,
      describeNeed(bytes, sizes, free),
    ].join("\n"),
    summary: {
      plan: true,
      secrets,
      models,
      attacks: [...chosen.after],
      continuations: sum(({ continuations }) => continuations),
      decoded: sum(({ searched }) => searched),
      steps: sum(({ steps }) => steps),
      seconds: Number(total.toPrecision(3)),
      memory_bytes: Math.round(bytes),
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
