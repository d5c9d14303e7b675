/**
 * Another model as the one that divergences are measured from: the reference's code takes CodeParrot of 1.5 billion for the
 * small one's. Of it the states of the texts are kept and its output layer, from when the steps are made on; the rest is freed.
 *
 * @module
 */
import type { Model } from "../models/model.ts";
import type { Objective } from "./objective.ts";

/** A model that is opened for the time in which steps are made. */
export interface ReferenceModel extends Disposable {
  /** The model; its weights stay as they are. */
  model: Model;
}

/**
 * Why a method takes no other model to compare with; undefined where it does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { objectiveOf } from "./objectives.ts";
 * import { refusesReference } from "./reference_model.ts";
 *
 * assertEquals(refusesReference(objectiveOf("codeeraser")), undefined);
 * assertEquals(refusesReference(objectiveOf("ga")), "it compares the model with none");
 * assertEquals(refusesReference(objectiveOf("graddiff", { retainLoss: "kl" })), undefined);
 * ```
 */
export function refusesReference({ forget, retain, terms = {} }: Objective): string | undefined {
  const further = [...terms.forget ?? [], ...terms.retain ?? []].filter(({ reference }) => reference);
  if (further.some(({ layers }) => layers?.length)) {
    return "it compares hidden states, which are a model's own";
  }
  const diverges = [forget, retain ?? {}].some((weights) =>
    weights.divergenceAll || weights.divergenceSecret || weights.divergenceNormal
  );
  return diverges || further.length > 0 ? undefined : "it compares the model with none";
}

/**
 * Refuses a model that another cannot be compared with.
 *
 * @throws {RangeError} when the method compares with none, the vocabularies differ, or a text has more tokens than the
 * reference has positions
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { objectiveOf } from "./objectives.ts";
 * import { checkReference } from "./reference_model.ts";
 *
 * const sized = (vocabularySize: number) => ({ config: { vocabularySize, maxPositions: 2 }, name: `v${vocabularySize}` });
 * const sets = { forget: [], retain: [Int32Array.of(1, 2)] };
 * const [model, objective] = [sized(8), objectiveOf("cu")];
 * checkReference(sized(8), { model, sets, objective });
 * const message = 'Cannot compare with "v9" as vocabularies must be equal: it has 9 tokens, the model 8';
 * assertThrows(() => checkReference(sized(9), { model, sets, objective }), RangeError, message);
 * ```
 */
export function checkReference(
  reference: SizedModel,
  { model, sets, objective }: { model: SizedModel; sets: ComparedTexts; objective: Objective },
): void {
  const refuse = (found: string): never => {
    throw new RangeError(`Cannot compare with "${reference.name}": ${found}`);
  };
  const reason = refusesReference(objective);
  if (reason !== undefined) refuse(reason);
  const { vocabularySize, maxPositions } = reference.config;
  const own = model.config.vocabularySize;
  if (vocabularySize !== own) throw otherVocabulary(reference.name, { vocabularySize, own });
  const rows = [...sets.forget.map(({ ids }) => ids), ...sets.retain];
  const longest = rows.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest > maxPositions) refuse(`a text has ${longest} tokens, and it has ${maxPositions} positions`);
}

/**
 * What to throw where a model has another vocabulary than the one in training.
 *
 * @param name of the other @param found the numbers of tokens of both, or which token differs
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { otherVocabulary } from "./reference_model.ts";
 *
 * const { message } = otherVocabulary("m", { token: 7 });
 * assertEquals(message, 'Cannot compare with "m" as vocabularies must be equal: token 7 is another');
 * ```
 */
export function otherVocabulary(
  name: string,
  found: { vocabularySize: number; own: number } | { token: number },
): RangeError {
  const what = "token" in found
    ? `token ${found.token} is another`
    : `it has ${found.vocabularySize} tokens, the model ${found.own}`;
  return new RangeError(`Cannot compare with "${name}" as vocabularies must be equal: ${what}`);
}

/** What of a model tells whether it can be compared with. */
interface SizedModel extends Pick<Model, "name"> {
  config: Pick<Model["config"], "vocabularySize" | "maxPositions">;
}

/** The tokens of what is compared. */
interface ComparedTexts {
  forget: readonly { ids: Int32Array }[];
  retain: readonly Int32Array[];
}
