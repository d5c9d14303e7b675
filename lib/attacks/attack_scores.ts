/**
 * What all attacks have in common: a row for each secret and each way in which an attack goes about, beside what the same
 * finds of the secret's controls.
 *
 * @module
 */

/** What an attack finds of a secret or a control. */
export interface Finding {
  /** How much, by the attack's own measure; null where that is not defined. */
  score: number | null;
  /** Whether it gives all of it; null where an attack only measures. */
  extracted: boolean | null;
}

/**
 * What MA finds: greedy decoding gives all of what it is one of.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findingOfMa } from "./attack_scores.ts";
 *
 * assertEquals([1, 0.5, null].map((ma) => findingOfMa(ma).extracted), [true, false, null]);
 * ```
 */
export function findingOfMa(ma: number | null): Finding {
  return { score: ma, extracted: ma === null ? null : ma === 1 };
}

/** A secret under one variant of an attack, beside its controls. */
export interface AttackScore extends Finding {
  /** The secret's number among those attacked. */
  secret: number;
  /** What was done: a rounding's name, a way to ask, a number of draws. */
  variant: string;
  /** The share of controls and itself that score at least as high; null where the attack ranks none. */
  p_value: number | null;
  /** The score above which 5 % of the controls lie (below, for losses); null where there is none. */
  threshold: number | null;
  /** How many controls it was compared with. */
  controls: number;
  /** Mean score of the controls. */
  controls_score: number | null;
  /** The share of the controls that were extracted. */
  controls_extracted: number | null;
}

/** All rows of an attack on one model. */
export interface AttackOutcome {
  /** A row a secret and variant. */
  scores: AttackScore[];
  /** Which controls were extracted by some variant: numbers of secret and control. */
  controlsFound: [secret: number, control: number][];
}

/**
 * Gathers rows, and which controls were extracted.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { AttackScores } from "./attack_scores.ts";
 *
 * const scores = new AttackScores();
 * const [found, not] = [{ score: 1, extracted: true }, { score: 0, extracted: false }];
 * scores.add({ secret: 0, variant: "greedy", ...found }, [not, found]);
 * const { scores: [row], controlsFound } = scores.outcome();
 * assertEquals([row!.controls_score, row!.controls_extracted, controlsFound], [0.5, 0.5, [[0, 1]]]);
 * ```
 */
export class AttackScores {
  readonly #scores: AttackScore[] = [];
  readonly #found = new Map<string, [number, number]>();

  /** Adds a secret's row; `controls` of it says among how many it was ranked, where only some of them are given. */
  add(
    own:
      & Pick<AttackScore, "secret" | "variant" | "score" | "extracted">
      & Partial<Pick<AttackScore, "p_value" | "threshold" | "controls">>,
    controls: readonly Finding[],
  ): void {
    this.#scores.push({
      p_value: null,
      threshold: null,
      controls: controls.length,
      ...own,
      controls_score: meanOf(controls.map(({ score }) => score)),
      controls_extracted: meanOf(
        controls.map(({ extracted }) => extracted === null ? null : extracted ? 1 : 0),
      ),
    });
    controls.forEach(({ extracted }, k) => {
      if (extracted) this.#found.set(`${own.secret} ${k}`, [own.secret, k]);
    });
  }

  /** All of them. */
  outcome(): AttackOutcome {
    return { scores: this.#scores, controlsFound: [...this.#found.values()] };
  }
}

function meanOf(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
