/**
 * Which texts an attacker trains on, and an owner while a model forgets: they must not hold what is forgotten, or it is
 * taught again. What `attack`, `evaluate`, `unlearn --lasting` and `scrub` look through by one rule.
 *
 * A value counts wherever it stands. One of fewer than six characters is also part of ordinary words and numbers: it counts
 * where it is a whole string literal, and from four characters on, a letter or digit among them, also where no letter, digit
 * or underscore is next to it, as what a detector would take for a value and fingerprint.
 *
 * @module
 */
import { SHORTEST } from "../datasets/without_secrets.ts";
import { occurrences } from "../secrets/occurrences.ts";

/** Stands between texts that are looked through together; it is no character. */
const BORDER = "\uffff";

/** Values of fewer characters count as whole literals alone: words of that length are everywhere. */
const SHORTEST_WORD = 4;

/**
 * Refuses texts in which a forgotten value stands.
 *
 * @param texts to train on
 * @param values of the secrets; none is named
 * @param options.use what the texts are for, in the message; default "relearn on"
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
 * assertThrows(() => checkBenign(["x = 1", "pin = 4711"], ["4711"]), RangeError, message);
 * ```
 */
export function checkBenign(
  texts: readonly string[],
  values: readonly string[],
  { use = "relearn on" }: { use?: string } = {},
): void {
  const all = [...new Set(values)];
  const held = heldValues(texts, all);
  const holding = held.filter((own) => own.length > 0).length;
  if (holding === 0) return;
  throw new RangeError(
    `Cannot ${use} texts that hold what was forgotten: ${holding} of ${texts.length} texts, ${
      new Set(held.flat()).size
    } of ${all.length} values: leave these texts out`,
  );
}

/**
 * The values that stand in each text.
 *
 * @param values each once
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { heldValues } from "./benign_texts.ts";
 *
 * assertEquals(heldValues(["a = hunter22", "b"], ["hunter22", "b", "letters"]), [["hunter22"], []]);
 * assertEquals(heldValues(["a = 'b'", "4711", "14711"], ["b", "4711"]), [["b"], ["4711"], []]);
 * ```
 */
export function heldValues(texts: readonly string[], values: readonly string[]): string[][] {
  const sought = values.filter((value) => value !== "" && !value.includes(BORDER));
  const joined = texts.map((text) => text.replaceAll(BORDER, "\ufffd")).join(BORDER);
  const places = occurrences(joined, sought);
  const ends: number[] = [];
  for (const { length } of texts) ends.push((ends.at(-1) ?? -1) + length + 1);
  const held = texts.map((): string[] => []);
  places.forEach((starts, i) => {
    const value = sought[i]!;
    let [text, last] = [0, -1];
    for (const start of starts) {
      if (value.length < SHORTEST && !isWhole(joined, start, value)) continue;
      while (ends[text]! <= start) text++;
      if (text !== last) held[text]!.push(value);
      last = text;
    }
  });
  return held;
}

/** Whether a short value stands for itself: between quotation marks, or as a word. */
function isWhole(text: string, start: number, value: string): boolean {
  const [before, after] = [text[start - 1] ?? "", text[start + value.length] ?? ""];
  if (/["'`]/.test(before) && before === after) return true;
  const isWord = value.length >= SHORTEST_WORD && /[\p{L}\p{N}]/u.test(value);
  return isWord && ![before, after].some((character) => /[\p{L}\p{N}_]/u.test(character));
}
