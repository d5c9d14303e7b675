/**
 * The parts of `attack`: each attack on each model, of `relearn` each training, of `quantize` each format.
 *
 * @module
 */
import type { RelearnTraining } from "../attacks/attack_input.ts";
import { relearnVariant } from "../attacks/relearn_variant.ts";
import { type RoundingName, ROUNDINGS } from "../attacks/round_weights.ts";
import { type AttackName, runAttack } from "../attacks/run_attack.ts";
import type { ATTACK_COLUMNS } from "../datasets/columns.ts";
import { NotFiniteError } from "../models/not_finite.ts";
import type { AttackedModels, ModelRole } from "./attack_models.ts";
import type { AttackCounts } from "./attack_report.ts";
import type { ForgetSecret } from "./attack_secrets.ts";
import type { Context, Json } from "./command.ts";
import type { WorkUnit } from "./part_files.ts";
import type { Stage } from "./progress.ts";
import type { ModelSession } from "./session.ts";

/** The attacks that are of no use, or of no meaning, on the model before. */
export const ON_AFTER_ONLY: readonly AttackName[] = ["depth", "relearn"];

const ROUNDING_NAMES = Object.keys(ROUNDINGS) as RoundingName[];

/** What is done. */
export interface AttackWork {
  /** See `AttackInput`. */
  values: {
    controls: number;
    attackedControls: number;
    draws: number;
    seed: number;
    host: string | undefined;
  };
  /** The attacks on each model. */
  chosen: Record<ModelRole, readonly AttackName[]>;
  /** The secrets. */
  secrets: readonly ForgetSecret[];
  /** The models. */
  models: AttackedModels;
  /** What `relearn` trains on; each number of steps at each rate is a part of its own. */
  trainings: readonly (RelearnTraining & Required<Pick<RelearnTraining, "steps" | "learningRates">>)[];
}

type AttackPart = AttackCounts & { [key: string]: Json };
type AttackUnit = WorkUnit<typeof ATTACK_COLUMNS, AttackPart>;

/**
 * Each attack on each model.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { AttackedModels } from "./attack_models.ts";
 * import { attackUnits } from "./attack_units.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal, breathe: async () => {} };
 * using models = new AttackedModels({ after: "embedded", before: undefined }, { dtype: "float32", context });
 * const values = { controls: 9, attackedControls: 2, draws: 0, seed: 1, host: undefined };
 * const trainings = [{ texts: [], steps: [5, 20], learningRates: [1e-4] }];
 * const chosen = { after: ["extract", "relearn"] as const, before: [] };
 * const units = [...attackUnits({ values, chosen, secrets: [], models, trainings }, context)];
 * assertEquals(units.map(({ key }) => key), ["extractafter", "relearnafter", "relearnafter"]);
 * ```
 */
export function* attackUnits(
  work: AttackWork,
  context: Pick<Context, "progress" | "breathe">,
): Generator<AttackUnit> {
  const units = work.models.roles.flatMap((role) =>
    work.chosen[role].flatMap((attack): Omit<AttackUnit, "index">[] => {
      const key = `${attack}${role}`;
      if (attack === "quantize") {
        return ROUNDING_NAMES.map((rounding) => ({
          key,
          make: () => makePart({ attack, role, rounding }, work, context),
        }));
      }
      if (attack !== "relearn") return [{ key, make: () => makePart({ attack, role }, work, context) }];
      const trainings = work.trainings.flatMap(({ steps, learningRates, ...others }) =>
        learningRates.flatMap((rate) =>
          steps.map((count) => ({ ...others, steps: [count], learningRates: [rate] }))
        )
      );
      return trainings.map((training) => ({
        key,
        make: () => makePart({ attack, role, training }, work, context),
      }));
    })
  );
  yield* units.map((unit, index) => ({ index, ...unit }));
}

interface Part {
  attack: AttackName;
  role: ModelRole;
  /** Of relearn. */
  training?: AttackWork["trainings"][number];
  /** Of quantize. */
  rounding?: RoundingName;
}

async function makePart(
  { attack, role, training, rounding }: Part,
  { values, secrets, models }: AttackWork,
  context: Pick<Context, "progress" | "breathe">,
) {
  const what = { model: role, attack };
  const { loaded, tokenizer, trainer } = training
    ? await models.openTrained()
    : { ...await models.open(role), trainer: undefined };
  const isOfBoth = role === "after" && (attack === "membership" || attack === "depth");
  const other = isOfBoth && models.has("before") ? await models.open("before") : null;
  const difference = other && differenceOf({ loaded, tokenizer }, other, { attack });
  const never = attack === "depth" && models.has("neverSeen") ? await models.open("neverSeen") : null;
  const neverDiffers = never && differenceOf({ loaded, tokenizer }, never, { attack });
  if (attack === "depth" && (difference ?? neverDiffers) !== null) {
    const which = difference === null ? "model of --never-seen" : "model before";
    return emptyPart(what, `depth: the ${which} has other ${difference ?? neverDiffers}`);
  }
  const name = rounding ? `${attack} to ${rounding}` : attack;
  const stage = startStage(name, role, { secrets: training?.measured?.length ?? secrets.length, context });
  try {
    const { scores, before = [], controlsFound, aucs } = await runAttack(attack, {
      ...values,
      ...trainer && { training: { ...training!, trainer } },
      ...rounding && { roundings: [rounding] },
      ...{ model: loaded.model, tokenizer },
      before: other && difference === null ? other.loaded.model : null,
      neverSeen: never && never.loaded.model,
      secrets: secrets.map(({ secret }) => secret),
      onProgress: async (done) => {
        stage.advance(done);
        await context.breathe();
      },
    });
    stage.done();
    const rowsOf = (model: ModelRole, rows: typeof scores) =>
      rows.map(({ secret, ...score }) => {
        const { place, secret: { fingerprint } } = secrets[secret]!;
        return { ...place, fingerprint, model, attack, ...score };
      });
    const leftOut = difference === null
      ? []
      : [`membership "before": the model before has other ${difference}`];
    return {
      rows: [...rowsOf(role, scores), ...rowsOf("before", before)],
      counts: { ...what, controlsFound, aucs, leftOut } as AttackCounts as AttackPart,
    };
  } catch (error) {
    if (!training || !(error instanceof NotFiniteError)) throw error;
    stage.done("diverged");
    const [steps, learning_rate] = [training.steps[0]!, training.learningRates[0]!];
    const isOwn = learning_rate === training.ownRate;
    const variant = relearnVariant({ steps, learning_rate, isOwn }, training.name);
    return emptyPart(what, `relearn, ${variant}: the training diverged, its numbers are not finite`);
  }
}

/** What an attack gives that can not be made. */
function emptyPart(what: Pick<AttackCounts, "model" | "attack">, why: string) {
  return {
    rows: [],
    counts: { ...what, controlsFound: [], aucs: [], leftOut: [why] } as AttackCounts as AttackPart,
  };
}

/** What keeps two models from being compared; null where they can be. */
function differenceOf(
  a: Pick<ModelSession, "loaded" | "tokenizer">,
  b: typeof a,
  { attack }: { attack: AttackName },
): "tokens" | "sizes" | null {
  const [own, other] = [a.loaded.model.config, b.loaded.model.config];
  if (other.vocabularySize !== own.vocabularySize) return "tokens";
  if (b.tokenizer.vocabularySize !== a.tokenizer.vocabularySize) return "tokens";
  for (let id = 0; id < a.tokenizer.vocabularySize; id++) {
    if (a.tokenizer.token(id) !== b.tokenizer.token(id)) return "tokens";
  }
  return attack === "depth" && (own.layers !== other.layers || own.width !== other.width) ? "sizes" : null;
}

/**
 * Begins to tell of an attack.
 *
 * @example
 * ```ts
 * import { createProgress } from "./progress.ts";
 * import { startStage } from "./attack_units.ts";
 *
 * startStage("exposure", "after", { secrets: 4, context: { progress: createProgress() } }).done();
 * ```
 */
export function startStage(
  attack: string,
  model: string,
  { secrets, context }: { secrets: number; context: Pick<Context, "progress"> },
): Stage {
  return context.progress.start(
    `${attack[0]!.toUpperCase()}${attack.slice(1)} (${model})`,
    secrets,
    "secrets",
  );
}
