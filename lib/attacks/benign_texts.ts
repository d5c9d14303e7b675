/**
 * Which texts an attacker trains on: those of the relearning attack must not hold what was forgotten, or the attack teaches
 * it again.
 *
 * @module
 */
import { SHORTEST } from "../datasets/without_secrets.ts";
import { occurrences } from "../secrets/occurrences.ts";

/** Stands between texts that are looked through together; it is no character. */
const BORDER = "\uffff";

/**
 * Refuses texts in which a forgotten value stands, wherever that is. Values of fewer than six characters are not looked
 * for: they are parts of ordinary words.
 *
 * @param texts to train on
 * @param values of the secrets; none is named
 * @throws {RangeError} when one stands in a text
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkBenign } from "./benign_texts.ts";
 *
 * checkBenign(["x = 1", "y = 2"], ["ada@mail.invalid"]);
 * const message = "Cannot relearn on texts that hold what was forgotten: 1 of 2 texts, 1 of 1 values: leave these texts out";
 * assertThrows(() => checkBenign(["x = 1", "to ada@mail.invalid"], ["ada@mail.invalid"]), RangeError, message);
 * ```
 */
export function checkBenign(texts: readonly string[], values: readonly string[]): void {
  const all = [...new Set(values)];
  const held = heldValues(texts, all);
  const holding = held.filter((own) => own.length > 0).length;
  if (holding === 0) return;
  throw new RangeError(
    `Cannot relearn on texts that hold what was forgotten: ${holding} of ${texts.length} texts, ${
      new Set(held.flat()).size
    } of ${all.length} values: leave these texts out`,
  );
}

/**
 * The values that stand in each text, of those that have at least six characters.
 *
 * @param values each once
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { heldValues } from "./benign_texts.ts";
 *
 * assertEquals(heldValues(["a = hunter22", "b"], ["hunter22", "b", "letters"]), [["hunter22"], []]);
 * ```
 */
export function heldValues(texts: readonly string[], values: readonly string[]): string[][] {
  const long = values.filter((value) => value.length >= SHORTEST && !value.includes(BORDER));
  const places = occurrences(texts.map((text) => text.replaceAll(BORDER, "\ufffd")).join(BORDER), long);
  const ends: number[] = [];
  for (const { length } of texts) ends.push((ends.at(-1) ?? -1) + length + 1);
  const held = texts.map((): string[] => []);
  places.forEach((starts, i) => {
    let [text, last] = [0, -1];
    for (const start of starts) {
      while (ends[text]! <= start) text++;
      if (text !== last) held[text]!.push(long[i]!);
      last = text;
    }
  });
  return held;
}
