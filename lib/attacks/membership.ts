/**
 * Membership inference: scores by which an attacker tells secrets that a model was trained on from others, and how well they
 * do. Every score is high for a member. Others are made-up secrets in the same places, so that nothing but the training
 * tells them apart; an area below one half says that the secrets were pushed below what was never seen.
 *
 * Sources: loss (Yeom et al., 2018), its ratio to what zlib makes of the text (Carlini et al., 2021), Min-K% (Shi et al.,
 * 2024), Min-K%++ (Zhang et al., 2025), and the likelihood ratio to a model before.
 *
 * @module
 */
import { mean } from "../metrics/mean.ts";
import { deflateSync } from "node:zlib";
import { SuffixPass, type SuffixTokens } from "../decoding/suffix_pass.ts";
import { type AucInterval, aucInterval } from "../metrics/auc.ts";
import type { BootstrapOptions } from "../metrics/bootstrap.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { controlTokens } from "./control_tokens.ts";
import type { PlacedSecret } from "./placed_secret.ts";

/** The scores by name. */
export const MEMBERSHIP_SCORES = ["loss", "zlib", "min_k", "min_k_plus", "before"] as const;

/** A score's name. */
export type MembershipScore = typeof MEMBERSHIP_SCORES[number];

/** The scores of a secret or control; null where it has no tokens, `before` also where no model before was given. */
export interface MembershipRow extends Record<MembershipScore, number | null> {
  /** The secret's, of its controls too. */
  id: string;
}

/** The share of tokens, the least likely ones, that Min-K% looks at. */
const MIN_K = 0.2;
/** Controls of each secret, where no other number is asked for. */
export const MEMBERSHIP_CONTROLS = 10;

/** How to score. */
export interface MembershipOptions {
  /** The model before unlearning: what changed is an attack of its own. */
  before?: Model | null;
  /** Controls of each secret. Default 10. */
  controls?: number;
  /** The seed of the draws. Default 42. */
  seed?: number;
  /** Called with how many more secrets are done. */
  onProgress?: (done: number) => void | Promise<void>;
}

/**
 * Scores secrets and controls in their places.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { membershipScores } from "./membership.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const tokenizer = await openTokenizer("data/model");
 * const secret = { id: "a", text: 'mail = "ada@mail.invalid"', tag: "EMAIL", start: 8, end: 24 };
 * const given = { model: loaded.model, tokenizer };
 * const { secrets, controls } = await membershipScores(given, [secret], { controls: 3, before: loaded.model });
 * assertEquals([secrets.length, controls.length, secrets[0]!.before], [1, 3, 0]); // nothing changed
 * ```
 */
export async function membershipScores(
  { model, tokenizer }: { model: Model; tokenizer: Tokenizer },
  placed: readonly PlacedSecret[],
  { before = null, controls = MEMBERSHIP_CONTROLS, seed = 42, onProgress }: MembershipOptions = {},
): Promise<{ secrets: MembershipRow[]; controls: MembershipRow[] }> {
  using pass = new SuffixPass(model);
  using passBefore = before && new SuffixPass(before);
  const rows: { secrets: MembershipRow[]; controls: MembershipRow[] } = { secrets: [], controls: [] };
  const tokens = await controlTokens(tokenizer, placed, { controls, seed });
  for (const [i, { id }] of placed.entries()) {
    const { prefix, suffixes } = tokens[i]!;
    const nameOf = () => `secret "${id}"`;
    const [found] = await pass.run([{ prefix, suffixes }], { details: true, nameOf });
    const [known] = await passBefore?.run([{ prefix, suffixes }], { nameOf }) ?? [];
    const texts = await Promise.all(suffixes.map((suffix) => tokenizer.decode(suffix)));
    suffixes.forEach((_, k) => {
      const row = { id, ...scoresOf(found![k]!, { text: texts[k]!, before: known?.[k] }) };
      (k === 0 ? rows.secrets : rows.controls).push(row);
    });
    await onProgress?.(1);
  }
  return rows;
}

/**
 * The scores of one secret from what a model makes of its tokens.
 *
 * @param tokens with means and deviations
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { scoresOf } from "./membership.ts";
 *
 * const numbers = (...values: number[]) => Float32Array.from(values);
 * const tokens = { predictions: new Int32Array(2), logProbabilities: numbers(-1, -5), means: numbers(-1, -3), deviations: numbers(1, 2) };
 * const { loss, min_k, min_k_plus, before } = scoresOf(tokens, { text: "ab" });
 * assertAlmostEquals(loss!, -3, 1e-6);
 * assertAlmostEquals(min_k!, -5, 1e-6); // of two tokens the least likely
 * assertAlmostEquals(min_k_plus!, -1, 1e-6); // two below the mean of -3, which are one deviation
 * ```
 */
export function scoresOf(
  { logProbabilities, means, deviations }: SuffixTokens,
  { text, before }: { text: string; before?: SuffixTokens | undefined },
): Record<MembershipScore, number | null> {
  const logs = Array.from(logProbabilities);
  if (logs.length === 0) return { loss: null, zlib: null, min_k: null, min_k_plus: null, before: null };
  const standard = logs.map((log, t) => {
    const deviation = deviations![t]!;
    return deviation > 0 ? (log - means![t]!) / deviation : 0; // one token had all the mass, and it was this one
  });
  return {
    loss: mean(logs),
    zlib: logs.reduce((sum, log) => sum + log, 0) / deflateSync(text).length,
    min_k: leastMean(logs),
    min_k_plus: leastMean(standard),
    before: before ? mean(logs) - mean(Array.from(before.logProbabilities)) : null,
  };
}

/** How well a score tells secrets from controls. */
export interface MembershipAuc extends AucInterval {
  /** Which. */
  score: MembershipScore;
}

/**
 * The area under the ROC curve of each score, with its interval over secrets: a secret is drawn with its controls.
 *
 * @returns scores that are defined for all rows
 * @throws {RangeError} when there are no secrets or no controls
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { membershipAucs } from "./membership.ts";
 *
 * const row = (id: string, loss: number) => ({ id, loss, zlib: loss, min_k: loss, min_k_plus: loss, before: null });
 * const rows = { secrets: [row("a", 1), row("b", 2)], controls: [row("a", 4), row("b", 3)] };
 * const aucs = membershipAucs(rows);
 * assertEquals(aucs.map(({ score }) => score), ["loss", "zlib", "min_k", "min_k_plus"]);
 * assertEquals([aucs[0]!.estimate, aucs[0]!.two_sided], [0, 1]); // over-forgotten
 * ```
 */
export function membershipAucs(
  { secrets, controls }: { secrets: readonly MembershipRow[]; controls: readonly MembershipRow[] },
  options: BootstrapOptions = {},
): MembershipAuc[] {
  const usable = MEMBERSHIP_SCORES.filter((score) =>
    [...secrets, ...controls].every((row) => row[score] !== null)
  );
  return usable.map((score) => {
    const [members, others] = [secrets, controls].map((rows) => ({
      values: rows.map((row) => row[score]!),
      clusters: rows.map(({ id }) => id),
    })) as [{ values: number[]; clusters: string[] }, { values: number[]; clusters: string[] }];
    return { score, ...aucInterval(members, others, options) };
  });
}

/** The mean of the least fifth, at least one. */
function leastMean(values: readonly number[]): number {
  const count = Math.max(1, Math.floor(MIN_K * values.length));
  return mean([...values].sort((a, b) => a - b).slice(0, count));
}
