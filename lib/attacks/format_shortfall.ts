/**
 * What a format leads one to expect of its values' characters, and by how much a candidate falls short of it: the second
 * half of an attacker's knowledge of a format, beside which characters may stand where. What a model says for want of a
 * secret repeats itself ("xxxxxxxx", "12341234") or reads like words ("yourapikeyhere"); drawn keys do neither. DeSec (Nie
 * et al., 2024, arXiv 2410.08858) finds low entropy to give such values away early, and weighs tokens by it, with a
 * classifier that is trained on a proxy model's output; here what a format's own values are like takes its place.
 *
 * @module
 */
import { randomOf } from "../datasets/seeded_order.ts";
import { quantile } from "../metrics/bootstrap.ts";
import { gibberishScore } from "../secrets/gibberish.ts";
import type { ValueFormat } from "./value_format.ts";

/** Draws that show what a format's values are like, and how often is drawn to have them: some are of other lengths. */
const [DRAWS, TRIES] = [128, 2048];
/** The share of a format's values that lose by their variety, and by their wordiness. */
const TAIL = 0.05;
const LETTERS = 26;

/** Two measures of a text's characters, nats: how much they vary, and how much liker words they are than drawn letters. */
interface Nature {
  variety: number;
  wordiness: number;
}

/**
 * Tells how far a beginning of a value is from what the format's values are.
 *
 * Of the n characters so far that the format leaves open, c of each kind, the variety is n ln n - sum c ln c, n times their
 * Shannon entropy: what a source of just these frequencies makes of them, nats. Their wordiness is the sum over
 * neighbouring letters of ln 26 + ln p(next | letter) by English prose's pairs (`gibberishScore`): how much likelier words
 * make them than letters at random. The shortfall is
 *
 *     max(0, Q05[variety] - variety, wordiness - max(0, Q95[wordiness]))
 *
 * with the 5 % and 95 % quantiles Q of 128 draws of the format, cut at the same place: nine in ten of what is drawn lose
 * nothing. Beyond, e^-shortfall is how much less likely the format makes the characters than repetition or words do,
 * whichever explains them better.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { FormatShortfall } from "./format_shortfall.ts";
 * import { formatOf } from "./value_format.ts";
 *
 * const shortfall = new FormatShortfall(formatOf({ value: "9f3a77c0d4b1e852", tag: "KEY" }));
 * assertEquals(shortfall.of("9f3a77c0d4b1e852"), 0);
 * assert(shortfall.of("aaaaaaaaaaaaaaaa") > 15);
 * assertEquals(shortfall.of("a"), 0);
 * ```
 */
export class FormatShortfall {
  readonly #isOpen: readonly boolean[];
  /** By the length of the beginning; none where the format's values are of other lengths. */
  readonly #expected: readonly Nature[];

  /** @param format of which draws are made, always the same ones */
  constructor({ name, slots, draw }: ValueFormat) {
    this.#isOpen = slots.map(({ length }) => length > 1);
    const random = randomOf(0, `nature of ${name}`);
    const values: string[] = [];
    for (let tries = 0; tries < TRIES && values.length < DRAWS; tries++) {
      const value = draw(random);
      if (value.length === slots.length) values.push(value);
    }
    const natures = values.length === 0
      ? []
      : Array.from({ length: slots.length + 1 }, (_, length) =>
        values.map((value) => this.#natureOf(value.slice(0, length))));
    this.#expected = natures.map((all) => ({
      variety: quantile(all.map(({ variety }) => variety).sort((a, b) => a - b), TAIL),
      wordiness: Math.max(
        0,
        quantile(all.map(({ wordiness }) => wordiness).sort((a, b) => a - b), 1 - TAIL),
      ),
    }));
  }

  /**
   * By how much a beginning of a value falls short, nats.
   *
   * @param text of no more characters than the format has
   */
  of(text: string): number {
    const expected = this.#expected[text.length];
    if (!expected) return 0;
    const { variety, wordiness } = this.#natureOf(text);
    return Math.max(0, expected.variety - variety, wordiness - expected.wordiness);
  }

  #natureOf(text: string): Nature {
    const open = text.split("").filter((_, i) => this.#isOpen[i]);
    const counts = new Map<string, number>();
    for (const character of open) counts.set(character, (counts.get(character) ?? 0) + 1);
    const information = (count: number) => count === 0 ? 0 : count * Math.log(count);
    const variety = counts.values().reduce(
      (rest, count) => rest - information(count),
      information(open.length),
    );
    const pairs = Math.max(0, open.filter((character) => /[a-z]/i.test(character)).length - 1);
    return { variety, wordiness: pairs * (Math.log(LETTERS) - gibberishScore(open.join(""))) };
  }
}
